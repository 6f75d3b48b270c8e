# Topics, push subscriptions and dead letters.

mock_provider "google" {
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:storage-agent@example.com" }
  }
}

variables {
  project_number = "42"
  region         = "europe-west1"
  incoming       = "acme-gcpypi-incoming"
  pusher         = { id = "projects/acme/serviceAccounts/pusher", email = "pusher@example.com" }
  endpoints = {
    ingest    = "https://ingest.example.com"
    indexer   = "https://indexer.example.com"
    publisher = "https://publisher.example.com"
    catalog   = "https://catalog.example.com"
    web       = "https://web.example.com"
    proxy     = "https://proxy.example.com"
  }
}

run "messages" {
  module {
    source = "./modules/messaging"
  }

  assert {
    condition = { for name, each in google_pubsub_subscription.this : name => each.push_config[0].push_endpoint } == {
      ingest-file-uploaded     = "https://ingest.example.com/push/ingest-file-uploaded"
      indexer-file-accepted    = "https://indexer.example.com/push/indexer-file-accepted"
      indexer-project-command  = "https://indexer.example.com/push/indexer-project-command"
      indexer-command-accepted = "https://indexer.example.com/push/indexer-command-accepted"
      publisher-project        = "https://publisher.example.com/push/publisher-project"
      publisher-catalog        = "https://catalog.example.com/push/publisher-catalog"
      web-project              = "https://web.example.com/push/web-project"
    }
    error_message = "Each subscription pushes to its own path of its service."
  }
  assert {
    condition = { for name, each in google_pubsub_subscription.this : name => each.topic } == {
      ingest-file-uploaded     = google_pubsub_topic.this["file-uploaded"].id
      indexer-file-accepted    = google_pubsub_topic.this["file-accepted"].id
      indexer-project-command  = google_pubsub_topic.this["project-command"].id
      indexer-command-accepted = google_pubsub_topic.this["command-accepted"].id
      publisher-project        = google_pubsub_topic.this["project-indexed"].id
      publisher-catalog        = google_pubsub_topic.this["project-indexed"].id
      web-project              = google_pubsub_topic.this["project-indexed"].id
    }
    error_message = "Each subscription belongs to the right topic."
  }
  assert {
    condition     = alltrue([for each in google_pubsub_subscription.this : each.push_config[0].oidc_token[0].service_account_email == "pusher@example.com" && startswith(each.push_config[0].push_endpoint, each.push_config[0].oidc_token[0].audience)])
    error_message = "Each push has an ID token whose audience is its service."
  }
  assert {
    condition     = output.topic_names == { for name, each in google_pubsub_topic.this : name => each.name }
    error_message = "The output has the names of the topics."
  }
  assert {
    condition     = alltrue([for each in google_pubsub_subscription.this : each.ack_deadline_seconds == 600])
    error_message = "The ack deadline is 600 s."
  }
  assert {
    condition     = alltrue([for each in google_pubsub_subscription.this : each.retry_policy[0].minimum_backoff == "10s" && each.retry_policy[0].maximum_backoff == "600s"])
    error_message = "Redelivery backs off from 10 s to 600 s."
  }
  assert {
    condition     = alltrue([for each in concat(values(google_pubsub_subscription.this), values(google_pubsub_subscription.dead_letter)) : each.expiration_policy[0].ttl == ""])
    error_message = "No subscription expires."
  }
  assert {
    condition     = alltrue([for each in concat(values(google_pubsub_topic.this), values(google_pubsub_topic.dead_letter)) : toset(one(each.message_storage_policy).allowed_persistence_regions) == toset(["europe-west1"])])
    error_message = "Messages stay in one region."
  }
}

run "without_pages_for_people" {
  command = plan
  module {
    source = "./modules/messaging"
  }
  variables {
    endpoints = { for name in ["ingest", "indexer", "publisher", "catalog", "proxy"] : name => "https://${name}.example.com" }
  }

  assert {
    condition     = keys(google_pubsub_subscription.this) == ["indexer-command-accepted", "indexer-file-accepted", "indexer-project-command", "ingest-file-uploaded", "publisher-catalog", "publisher-project"] && keys(google_pubsub_subscription.dead_letter) == keys(google_pubsub_subscription.this)
    error_message = "Without the service web there is no subscription of it."
  }
}

run "dead_letters" {
  module {
    source = "./modules/messaging"
  }

  assert {
    condition     = alltrue([for name, each in google_pubsub_subscription.this : each.dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead_letter[name].id && each.dead_letter_policy[0].max_delivery_attempts == 30])
    error_message = "After 30 attempts a message goes to the dead-letter topic of its subscription."
  }
  assert {
    condition     = alltrue([for name, each in google_pubsub_subscription.this : google_pubsub_topic.dead_letter[name].name == "${name}-dead-letter" && google_pubsub_subscription.dead_letter[name].name == "${name}-dead-letter"])
    error_message = "The dead-letter topic and its subscription have the same name."
  }
  assert {
    condition     = alltrue([for name, each in google_pubsub_subscription.dead_letter : each.topic == google_pubsub_topic.dead_letter[name].id && length(each.push_config) == 0])
    error_message = "Each dead-letter topic has a pull subscription that stores the messages."
  }
  assert {
    condition = alltrue([for name, each in google_pubsub_subscription.this :
      google_pubsub_topic_iam_member.agent_writes_dead_letters[name].topic == google_pubsub_topic.dead_letter[name].id
      && google_pubsub_topic_iam_member.agent_writes_dead_letters[name].role == "roles/pubsub.publisher"
      && google_pubsub_topic_iam_member.agent_writes_dead_letters[name].member == "serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com"
    ])
    error_message = "Pub/Sub may publish to each dead-letter topic."
  }
  assert {
    condition = alltrue([for name, each in google_pubsub_subscription.this :
      google_pubsub_subscription_iam_member.agent_takes_dead_letters[name].subscription == each.id
      && google_pubsub_subscription_iam_member.agent_takes_dead_letters[name].role == "roles/pubsub.subscriber"
      && google_pubsub_subscription_iam_member.agent_takes_dead_letters[name].member == "serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com"
    ])
    error_message = "Pub/Sub may acknowledge dead letters on each subscription."
  }
  assert {
    condition     = google_service_account_iam_member.agent_signs_in_as_pusher.service_account_id == "projects/acme/serviceAccounts/pusher" && google_service_account_iam_member.agent_signs_in_as_pusher.member == "serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "Pub/Sub may sign in as the pusher only."
  }
}

run "commands_are_kept" {
  module {
    source = "./modules/messaging"
  }

  assert {
    condition = alltrue([
      for name, each in google_pubsub_topic.this : (each.message_retention_duration == "2678400s") == contains(["project-command", "command-accepted"], name)
    ])
    error_message = "Commands are kept for 31 days, so that they can be replayed; reindex and rebuild announce all other things again."
  }
}

run "notification" {
  module {
    source = "./modules/messaging"
  }

  assert {
    condition     = google_storage_notification.incoming.bucket == "acme-gcpypi-incoming" && google_storage_notification.incoming.topic == google_pubsub_topic.this["file-uploaded"].id
    error_message = "The incoming bucket announces new objects on file-uploaded."
  }
  assert {
    condition     = google_storage_notification.incoming.event_types == toset(["OBJECT_FINALIZE"]) && google_storage_notification.incoming.payload_format == "JSON_API_V1"
    error_message = "Notifications are for new objects only and contain the resource as JSON."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.storage_announces_uploads.topic == google_pubsub_topic.this["file-uploaded"].id && google_pubsub_topic_iam_member.storage_announces_uploads.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.storage_announces_uploads.member == "serviceAccount:storage-agent@example.com"
    error_message = "Cloud Storage may publish to file-uploaded."
  }
}
