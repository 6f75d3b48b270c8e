# Counts of log lines, for dashboards and for the alert on refusals.

locals {
  metrics = {
    refused            = { filter = "jsonPayload.outcome=\"refused\"", labels = ["reason", "uploader"], counts = "uploads and commands refused" }
    failed             = { filter = "jsonPayload.outcome=\"failed\"", labels = ["subscription"], counts = "pushes that failed and will be delivered again" }
    incomplete-answers = { filter = "jsonPayload.incomplete=true", labels = ["client"], counts = "incomplete downloads" }
  }
}

resource "google_logging_metric" "this" {
  for_each = local.metrics

  name        = "gcpypi/${each.key}"
  description = "gcpypi: ${each.value.counts}"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^gcpypi-\" AND ${each.value.filter}"

  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
}
