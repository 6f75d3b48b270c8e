# The incoming bucket says itself that a file is there, so that dropping it is enough.

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

  # Cloud Storage tries the topic before it takes the notification.
  depends_on = [google_pubsub_topic_iam_member.storage_announces_uploads]
}
