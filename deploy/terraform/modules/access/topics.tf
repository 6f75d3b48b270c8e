locals {
  # Publishing is the only grant on topics: Pub/Sub itself pushes.
  announcements = concat(
    [
      for each in [
        { who = "ingest", topic = "file-accepted" },
        { who = "ingest", topic = "file-refused" },
        # Only ingest, because it checks who gave the command, and the replay of its dead letters.
        { who = "ingest", topic = "command-accepted" },
        { who = "indexer", topic = "project-indexed" },
        { who = "indexer", topic = "file-refused" },
        { who = "publisher", topic = "project-published" },
        { who = "repair", topic = "file-accepted" },
        { who = "repair", topic = "project-indexed" },
      ] : merge(each, { member = var.services[each.who] })
    ],
    # Dead letters, and uploads without a verdict. No uploader has a name with a colon.
    [
      for each in [
        { who = "repair", topic = "file-uploaded" },
        { who = "repair", topic = "project-command" },
        { who = "repair", topic = "command-accepted" },
      ] : { who = "replay: repair", topic = each.topic, member = var.services[each.who] }
    ],
    # Without this right the bucket still announces each upload.
    [for name, each in var.uploaders : { who = name, topic = "file-uploaded", member = each.member } if each.announce],
    # Operators may publish and repeat messages of uploaders and operators. The repair jobs repeat
    # messages of services.
    [for who in var.command_messages ? values(var.operators) : [] : { who = who, topic = "project-command", member = who }],
    [for who in values(var.operators) : { who = who, topic = "file-uploaded", member = who }],
  )
}

resource "google_pubsub_topic_iam_member" "this" {
  for_each = { for each in local.announcements : "${each.who} ${each.topic}" => each }

  topic  = var.topics[each.value.topic]
  role   = "roles/pubsub.publisher"
  member = each.value.member
}

# Grants without a narrower resource: read logs, metrics and alerts, see the state of jobs, and use the
# quota of the Google Cloud project for requests to Secret Manager.
resource "google_project_iam_member" "operators" {
  for_each = {
    for pair in setproduct(values(var.operators), ["logging.viewer", "monitoring.viewer", "run.viewer", "serviceusage.serviceUsageConsumer"]) :
    "${pair[0]}: ${pair[1]}" => { member = pair[0], role = "roles/${pair[1]}" }
  }

  project = var.project
  role    = each.value.role
  member  = each.value.member
}

# Operators read dead letters, and acknowledge them after a replay.
resource "google_pubsub_subscription_iam_member" "operators" {
  for_each = {
    for pair in setproduct(values(var.operators), keys(var.dead_letters)) :
    "${pair[0]} ${pair[1]}" => { member = pair[0], subscription = pair[1] }
  }

  subscription = var.dead_letters[each.value.subscription]
  role         = "roles/pubsub.subscriber"
  member       = each.value.member
}

# The job gcpypi-replay does the same.
resource "google_pubsub_subscription_iam_member" "repair" {
  for_each = var.dead_letters

  subscription = each.value
  role         = "roles/pubsub.subscriber"
  member       = var.services["repair"]
}
