output "topics" {
  description = "The topics' ids, by name."
  value       = { for name, topic in google_pubsub_topic.this : name => topic.id }
}

output "dead_letters" {
  description = "The ids of the dead letters' subscriptions, by name."
  value       = { for each in google_pubsub_subscription.dead_letter : each.name => each.id }
}
