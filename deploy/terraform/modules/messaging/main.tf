# Topics, push subscriptions of the services, and dead-letter topics.

locals {
  topics = toset([
    "file-uploaded",
    "file-accepted",
    "file-refused",
    "project-command",
    "command-accepted",
    "project-indexed",
    "project-published",
  ])

  # Topics of commands.
  kept_topics = ["project-command", "command-accepted"]

  all_subscriptions = {
    ingest-file-uploaded     = { topic = "file-uploaded", service = "ingest" }
    indexer-file-accepted    = { topic = "file-accepted", service = "indexer" }
    indexer-project-command  = { topic = "project-command", service = "indexer" }
    indexer-command-accepted = { topic = "command-accepted", service = "indexer" }
    publisher-project        = { topic = "project-indexed", service = "publisher" }
    publisher-catalog        = { topic = "project-indexed", service = "catalog" }
    web-project              = { topic = "project-indexed", service = "web" }
  }
  # Without the subscription of a service that does not exist: its messages would become dead letters.
  subscriptions = { for name, each in local.all_subscriptions : name => each if contains(keys(var.endpoints), each.service) }

  # Service agent of Pub/Sub: it moves dead letters and signs in as var.pusher.
  agent = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "this" {
  for_each = local.topics

  name = each.key

  # Commands exist only in the records and here: after a restoration of older records, an owner replays
  # them (docs/operate.md). The answers in the verdicts bucket are kept longer, so no refusal is repeated.
  message_retention_duration = contains(local.kept_topics, each.key) ? "2678400s" : null # 31 days, the maximum

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "this" {
  for_each = local.subscriptions

  name  = each.key
  topic = google_pubsub_topic.this[each.value.topic].id

  # The maximum: a large file, or a queue of commits, takes minutes.
  ack_deadline_seconds = 600

  push_config {
    push_endpoint = "${var.endpoints[each.value.service]}/push/${each.key}"
    oidc_token {
      service_account_email = var.pusher.email
      audience              = var.endpoints[each.value.service]
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letter[each.key].id
    max_delivery_attempts = 30
  }

  # No expiry: the index still works after a month without a publish.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic" "dead_letter" {
  for_each = local.subscriptions

  name = "${each.key}-dead-letter"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# A topic stores no messages: without a subscription a dead letter would be lost.
resource "google_pubsub_subscription" "dead_letter" {
  for_each = local.subscriptions

  name  = "${each.key}-dead-letter"
  topic = google_pubsub_topic.dead_letter[each.key].id

  ack_deadline_seconds       = 600
  message_retention_duration = "2678400s" # 31 days, the maximum

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "agent_writes_dead_letters" {
  for_each = google_pubsub_topic.dead_letter

  topic  = each.value.id
  role   = "roles/pubsub.publisher"
  member = local.agent
}

# To move a message to the dead-letter topic, Pub/Sub acknowledges it on the original subscription.
resource "google_pubsub_subscription_iam_member" "agent_takes_dead_letters" {
  for_each = google_pubsub_subscription.this

  subscription = each.value.id
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}

resource "google_service_account_iam_member" "agent_signs_in_as_pusher" {
  service_account_id = var.pusher.id
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agent
}
