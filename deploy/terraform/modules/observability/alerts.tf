# Google charges for each condition, and an alert without a recipient is useless: without an address
# there are no alerts. docs/operate.md has a section for each alert; offline_checks.alerts compares.

locals {
  proxy = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"gcpypi-proxy\""

  requests = "${local.proxy} AND metric.type = \"run.googleapis.com/request_count\""

  uploads = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"gcpypi-upload\" AND metric.type = \"run.googleapis.com/request_count\""

  subscriptions = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match"

  # Each alert has one condition, of the kind threshold, absent, log or query.
  alerts = {
    dead-letters = {
      title = "a message is in a dead-letter queue"
      threshold = {
        filter   = "${local.subscriptions}(\".*-dead-letter\") AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        aligner  = "ALIGN_MAX"
        above    = 0
        duration = 0
      }
      error  = "A message failed 30 times. It is not lost."
      place  = "The subscription in this alert keeps the message. Its name begins with the name of the service that failed; the log of the service has a traceback."
      remedy = "Correct the cause, then replay the dead letters: docs/operate.md#dead-letters"
    }
    backlog = {
      title = "messages have waited for 30 minutes"
      threshold = {
        filter   = "${local.subscriptions}(\"(ingest|indexer|publisher|web)-.*\") AND NOT resource.labels.subscription_id = monitoring.regex.full_match(\".*-dead-letter\") AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        aligner  = "ALIGN_MAX"
        above    = 1800
        duration = 300
      }
      error  = "The oldest message of a subscription has waited for more than half an hour. A published file or a command has no effect yet."
      place  = "The name of the subscription begins with the name of the service. For ingest-file-uploaded, the cause can be many junk messages."
      remedy = "Read the failed pushes of the service in the log: docs/operate.md#messages-wait"
    }
    error-rate = {
      title = "the proxy answers more than 5 % of its requests with errors"
      threshold = {
        filter      = "${local.requests} AND metric.labels.response_code_class = \"5xx\""
        denominator = local.requests
        aligner     = "ALIGN_RATE"
        above       = 0.05
        # Longer than the alignment period: a single error of an idle index raises no alert.
        duration = 600
      }
      error  = "For ten minutes, more than 5 % of the responses of gcpypi-proxy were errors (5xx). Installs fail, or are slow because of retries."
      place  = "The log of gcpypi-proxy has the path and the error of each request. 503 means that the proxy could not read a bucket or the secret."
      remedy = "Read these lines and look for a missing role or an outage: docs/operate.md#the-proxy-answers-with-errors"
    }
    upload-errors = {
      title = "the upload service answers more than 5 % of its requests with errors"
      threshold = {
        filter      = "${local.uploads} AND metric.labels.response_code_class = \"5xx\""
        denominator = local.uploads
        aligner     = "ALIGN_RATE"
        above       = 0.05
        duration    = 600
      }
      error  = "For ten minutes, more than 5 % of the responses of gcpypi-upload were errors (5xx). Tools cannot publish, or are slow because of retries. Uploads of CI to the bucket do not use this service."
      place  = "The log of gcpypi-upload has the path and the error of each request. 503 means that the service could not read or write a bucket, or could not read the secret."
      remedy = "Read these lines and look for a missing role or an outage: docs/operate.md#the-upload-service-answers-with-errors"
    }
    no-instance = {
      title = "no instance of the proxy was available"
      # The metric request_count does not have these requests. Pushes to the workers are repeated, and
      # the alert backlog shows a lasting lack of their instances.
      log = {
        filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"gcpypi-proxy\" AND logName:\"run.googleapis.com%2Frequests\" AND httpRequest.status=429"
        labels = { url = "EXTRACT(httpRequest.requestUrl)" }
      }
      error  = "Cloud Run refused a request with 429, because all instances of gcpypi-proxy were busy and their number is limited."
      place  = "The variable instances in terraform.tfvars, and the quota of Cloud Run in the region, limit the number of instances."
      remedy = "Find the client with the most requests, or raise the limit: docs/operate.md#no-instance-is-available"
    }
    no-traffic = {
      title = "the proxy has had no request for 23.5 hours"
      # The sum of all revisions: a new revision ends the time series of the old one.
      absent = {
        filter   = local.requests
        duration = 84600 # the maximum
      }
      error  = "No request has reached gcpypi-proxy for 23.5 hours."
      place  = "The address of the index, the domain and its certificate, the ingress of gcpypi-proxy, or the configuration of the clients."
      remedy = "Request the index yourself: docs/operate.md#the-proxy-has-no-traffic. If days without an install are normal, add no-traffic to muted_alerts in terraform.tfvars."
    }
    refusals = {
      title  = "more than 20 uploads of one uploader were refused in an hour"
      query  = "sum by (uploader) (increase(logging_googleapis_com:user_gcpypi_refused{monitored_resource=\"cloud_run_revision\"}[1h])) > 20"
      error  = "Ingest or the indexer refused more than 20 uploads or commands in an hour."
      place  = "The label uploader of this alert. Without uploader, the refusals answer messages, not objects: junk messages, or wrong commands."
      remedy = "Read the reasons in the log, then correct the CI of the uploader or disable it: docs/operate.md#many-refusals"
    }
  }

  chosen = var.email == null ? toset([]) : setsubtract(keys(local.alerts), var.muted_alerts)

  channels = google_monitoring_notification_channel.email[*].id
}

resource "google_monitoring_notification_channel" "email" {
  count = var.email == null ? 0 : 1

  type         = "email"
  display_name = "gcpypi"
  labels       = { email_address = var.email }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.chosen

  display_name          = "gcpypi: ${local.alerts[each.key].title}"
  combiner              = "OR"
  notification_channels = local.channels

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      **Error**: ${local.alerts[each.key].error}

      **Place**: ${local.alerts[each.key].place}

      **Remedy**: ${local.alerts[each.key].remedy}
    EOT
  }

  conditions {
    display_name = local.alerts[each.key].title

    dynamic "condition_threshold" {
      for_each = try([local.alerts[each.key].threshold], [])
      content {
        filter             = condition_threshold.value.filter
        denominator_filter = try(condition_threshold.value.denominator, null)
        comparison         = "COMPARISON_GT"
        threshold_value    = condition_threshold.value.above
        duration           = "${condition_threshold.value.duration}s"
        aggregations {
          alignment_period     = "300s"
          per_series_aligner   = condition_threshold.value.aligner
          cross_series_reducer = can(condition_threshold.value.denominator) ? "REDUCE_SUM" : null
        }
        # The rate of the whole service: its revisions and status codes are separate time series.
        dynamic "denominator_aggregations" {
          for_each = can(condition_threshold.value.denominator) ? [1] : []
          content {
            alignment_period     = "300s"
            per_series_aligner   = condition_threshold.value.aligner
            cross_series_reducer = "REDUCE_SUM"
          }
        }
      }
    }

    dynamic "condition_absent" {
      for_each = try([local.alerts[each.key].absent], [])
      content {
        filter   = condition_absent.value.filter
        duration = "${condition_absent.value.duration}s"
        aggregations {
          alignment_period     = "300s"
          per_series_aligner   = "ALIGN_RATE"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }

    dynamic "condition_matched_log" {
      for_each = try([local.alerts[each.key].log], [])
      content {
        filter           = condition_matched_log.value.filter
        label_extractors = condition_matched_log.value.labels
      }
    }

    dynamic "condition_prometheus_query_language" {
      for_each = try([local.alerts[each.key].query], [])
      content {
        query               = condition_prometheus_query_language.value
        evaluation_interval = "300s"
        # Google refuses an alert on a log-based metric that is only moments old.
        disable_metric_validation = true
      }
    }
  }

  # Required for alerts on log lines: at most one email an hour.
  dynamic "alert_strategy" {
    for_each = try([local.alerts[each.key].log], [])
    content {
      auto_close = "86400s"
      notification_rate_limit {
        period = "3600s"
      }
    }
  }
}
