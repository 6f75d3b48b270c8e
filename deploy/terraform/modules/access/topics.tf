locals {
  # Publishing is all that anybody does with a topic: Pub/Sub itself pushes.
  announcements = concat(
    [
      { who = "ingest", topic = "file-accepted" },
      { who = "ingest", topic = "file-refused" },
      { who = "indexer", topic = "project-indexed" },
      { who = "indexer", topic = "file-refused" },
      { who = "publisher", topic = "project-published" },
    ],
    [for name in keys(var.publishers) : { who = name, topic = "file-uploaded" }],
    [for who in var.operators : { who = who, topic = "project-command" }],
  )
}

resource "google_pubsub_topic_iam_member" "this" {
  for_each = { for each in local.announcements : "${each.who} ${each.topic}" => each }

  topic  = var.topics[each.value.topic]
  role   = "roles/pubsub.publisher"
  member = local.members[each.value.who]
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
