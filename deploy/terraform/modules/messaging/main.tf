# The topics, the subscriptions that push to the services, and where a message goes that cannot be
# dealt with.

locals {
  topics = toset([
    "file-uploaded",
    "file-accepted",
    "file-refused",
    "project-command",
    "project-indexed",
    "project-published",
  ])

  subscriptions = {
    ingest-file-uploaded    = { topic = "file-uploaded", service = "ingest" }
    indexer-file-accepted   = { topic = "file-accepted", service = "indexer" }
    indexer-project-command = { topic = "project-command", service = "indexer" }
    publisher-project       = { topic = "project-indexed", service = "publisher" }
    publisher-catalog       = { topic = "project-indexed", service = "catalog" }
  }

  # Pub/Sub itself, as an identity: it moves dead letters and signs in as var.pusher.
  agent = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "this" {
  for_each = local.topics

  name = each.key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "this" {
  for_each = local.subscriptions

  name  = each.key
  topic = google_pubsub_topic.this[each.value.topic].id

  # The longest there is: a large file, or a queue of commits, takes minutes.
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

  # Never: an index that nobody published to for a month still works.
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

# A topic keeps nothing: without a subscription a dead letter would be lost.
resource "google_pubsub_subscription" "dead_letter" {
  for_each = local.subscriptions

  name  = "${each.key}-dead-letter"
  topic = google_pubsub_topic.dead_letter[each.key].id

  ack_deadline_seconds       = 600
  message_retention_duration = "2678400s" # 31 days, the most there is

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

# To move a message to its dead letters is to acknowledge it where it came from.
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
