output "topics" {
  description = "IDs of the topics, by name."
  value       = { for name, topic in google_pubsub_topic.this : name => topic.id }

  # The rights to publish come after the subscriptions: a message without a subscription is lost.
  depends_on = [google_pubsub_subscription.this]
}

output "topic_names" {
  description = "Names of the topics, by message. They do not depend on the topics, which depend on the services."
  value       = { for name in local.topics : name => name }
}

output "dead_letters" {
  description = "IDs of the dead-letter subscriptions, by name."
  value       = { for each in google_pubsub_subscription.dead_letter : each.name => each.id }
}
