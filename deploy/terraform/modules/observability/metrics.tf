# Counts of log lines, for dashboards. Alerts do not use them: Google refuses an alert on a metric that
# is only moments old, so an install would sometimes fail.

locals {
  metrics = {
    refused            = { filter = "jsonPayload.outcome=\"refused\"", label = "reason", counts = "uploads and commands refused" }
    failed             = { filter = "jsonPayload.outcome=\"failed\"", label = "subscription", counts = "pushes that failed and will be delivered again" }
    incomplete-answers = { filter = "jsonPayload.incomplete=true", label = "client", counts = "incomplete downloads" }
  }
}

resource "google_logging_metric" "this" {
  for_each = local.metrics

  name        = "gcpypi/${each.key}"
  description = "gcpypi: ${each.value.counts}"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^gcpypi-\" AND ${each.value.filter}"

  label_extractors = { (each.value.label) = "EXTRACT(jsonPayload.${each.value.label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key        = each.value.label
      value_type = "STRING"
    }
  }
}
