# Google charges for each condition, and an alert without a recipient is useless: without an address
# there are no alerts.

locals {
  alerts = var.email == null ? {} : {
    dead-letters = {
      title     = "a message is in a dead-letter queue"
      filter    = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match(\".*-dead-letter\") AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner   = "ALIGN_MAX"
      threshold = 0
      duration  = 0
      help      = "A message failed 30 times. It is not lost: fix the cause (the log of the service has a traceback), then replay the message from the dead letters."
    }
    backlog = {
      title     = "messages have waited for 30 minutes"
      filter    = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match(\"(ingest|indexer|publisher)-.*\") AND NOT resource.labels.subscription_id = monitoring.regex.full_match(\".*-dead-letter\") AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      aligner   = "ALIGN_MAX"
      threshold = 1800
      duration  = 300
      help      = "A published file has not become visible for half an hour. See the log of the service; the name of the subscription begins with the name of the service."
    }
    proxy-errors = {
      title     = "the proxy answers with errors"
      filter    = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"gcpypi-proxy\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      aligner   = "ALIGN_DELTA"
      threshold = 10
      duration  = 300
      help      = "Installs fail, or are slow because of retries. 503 means that the proxy could not read a bucket or the secret: look for a missing role of its identity."
    }
  }

  channels = google_monitoring_notification_channel.email[*].id
}

resource "google_monitoring_notification_channel" "email" {
  count = var.email == null ? 0 : 1

  type         = "email"
  display_name = "gcpypi"
  labels       = { email_address = var.email }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = "gcpypi: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  documentation {
    mime_type = "text/markdown"
    content   = each.value.help
  }

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = "${each.value.duration}s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = each.value.aligner
      }
    }
  }
}
