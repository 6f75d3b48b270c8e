locals {
  # Publishing is all that anybody does with a topic: Pub/Sub itself pushes.
  announcements = concat(
    [
      { who = "ingest", topic = "file-accepted" },
      { who = "ingest", topic = "file-refused" },
      { who = "indexer", topic = "project-indexed" },
      { who = "indexer", topic = "file-refused" },
      { who = "publisher", topic = "project-published" },
      { who = "repair", topic = "file-accepted" },
      { who = "repair", topic = "project-indexed" },
    ],
    [for name in keys(var.publishers) : { who = name, topic = "file-uploaded" }],
    # What people say, an operator may say, and say again. What services say is said again by repair.
    [for who in var.operators : { who = who, topic = "project-command" }],
    [for who in var.operators : { who = who, topic = "file-uploaded" }],
  )
}

resource "google_pubsub_topic_iam_member" "this" {
  for_each = { for each in local.announcements : "${each.who} ${each.topic}" => each }

  topic  = var.topics[each.value.topic]
  role   = "roles/pubsub.publisher"
  member = local.members[each.value.who]
}

# What cannot be granted in a narrower place: to read logs, to see what the jobs are doing, and to have
# the project pay for one's questions to Secret Manager.
resource "google_project_iam_member" "operators" {
  for_each = {
    for pair in setproduct(var.operators, ["logging.viewer", "run.viewer", "serviceusage.serviceUsageConsumer"]) :
    "${pair[0]}: ${pair[1]}" => { member = pair[0], role = "roles/${pair[1]}" }
  }

  project = var.project
  role    = each.value.role
  member  = each.value.member
}

# An operator looks at dead letters, and takes one away after it was replayed.
resource "google_pubsub_subscription_iam_member" "operators" {
  for_each = {
    for pair in setproduct(var.operators, keys(var.dead_letters)) :
    "${pair[0]} ${pair[1]}" => { member = pair[0], subscription = pair[1] }
  }

  subscription = var.dead_letters[each.value.subscription]
  role         = "roles/pubsub.subscriber"
  member       = each.value.member
}
