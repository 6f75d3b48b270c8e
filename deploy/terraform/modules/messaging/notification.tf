# The incoming bucket announces new objects, so an upload needs no message from CI.

data "google_storage_project_service_account" "agent" {}

resource "google_pubsub_topic_iam_member" "storage_announces_uploads" {
  topic  = google_pubsub_topic.this["file-uploaded"].id
  role   = "roles/pubsub.publisher"
  member = data.google_storage_project_service_account.agent.member
}

resource "google_storage_notification" "incoming" {
  bucket         = var.incoming
  topic          = google_pubsub_topic.this["file-uploaded"].id
  payload_format = "JSON_API_V1"
  event_types    = ["OBJECT_FINALIZE"]

  # Cloud Storage publishes a test message before it accepts the notification.
  depends_on = [google_pubsub_topic_iam_member.storage_announces_uploads]
}
