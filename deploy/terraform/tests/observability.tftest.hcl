# Alerts need an email address; a budget does not.

mock_provider "google" {}

variables {
  project        = "acme"
  project_number = "42"
  email          = "alerts@example.com"
  budget         = { billing_account = "000000-000000-000000", amount = 20 }
}

run "with_an_address" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition     = keys(google_monitoring_alert_policy.this) == ["backlog", "dead-letters", "error-rate", "no-instance", "no-traffic", "refusals", "upload-errors"]
    error_message = "There are seven alerts."
  }
  assert {
    condition     = alltrue([for each in google_monitoring_alert_policy.this : length(concat(each.conditions[0].condition_threshold, each.conditions[0].condition_absent, each.conditions[0].condition_matched_log, each.conditions[0].condition_prometheus_query_language)) == 1 && length(each.conditions) == 1])
    error_message = "Google charges for each condition: each alert has exactly one."
  }
  assert {
    condition     = [for name, each in google_monitoring_alert_policy.this : name if length(each.alert_strategy) > 0] == ["no-instance"]
    error_message = "An alert on log lines needs a limit for its emails."
  }
  assert {
    condition     = google_logging_metric.this["refused"].label_extractors == tomap({ reason = "EXTRACT(jsonPayload.reason)", uploader = "EXTRACT(jsonPayload.uploader)" })
    error_message = "The metric of refusals has the uploader and the reason."
  }
  assert {
    condition     = alltrue([for each in google_monitoring_alert_policy.this : each.notification_channels == tolist(google_monitoring_notification_channel.email[*].id)])
    error_message = "Each alert has the email address as its recipient."
  }
  assert {
    condition     = google_monitoring_notification_channel.email[0].labels == tomap({ email_address = "alerts@example.com" })
    error_message = "The address is that of the variable email."
  }
  assert {
    condition     = one(google_billing_budget.this[0].all_updates_rule).monitoring_notification_channels == tolist(google_monitoring_notification_channel.email[*].id)
    error_message = "The budget also has the email address as its recipient."
  }
}

run "without_an_address" {
  module {
    source = "./modules/observability"
  }
  variables {
    email = null
  }

  assert {
    condition     = length(google_monitoring_alert_policy.this) == 0 && length(google_monitoring_notification_channel.email) == 0 && keys(google_logging_metric.this) == ["failed", "incomplete-answers", "refused"]
    error_message = "Without an address there are no alerts, but the metrics, which are free, exist."
  }
  assert {
    condition     = length(google_billing_budget.this) == 1 && length(google_billing_budget.this[0].all_updates_rule) == 0
    error_message = "Without an address, the budget warns the administrators of the billing account."
  }
}

run "without_a_budget" {
  module {
    source = "./modules/observability"
  }
  variables {
    budget = null
  }

  assert {
    condition     = length(google_billing_budget.this) == 0 && length(google_monitoring_alert_policy.this) == 7
    error_message = "Alerts do not need a budget."
  }
}

run "with_muted_alerts" {
  module {
    source = "./modules/observability"
  }
  variables {
    muted_alerts = ["no-traffic", "refusals"]
  }

  assert {
    condition     = keys(google_monitoring_alert_policy.this) == ["backlog", "dead-letters", "error-rate", "no-instance", "upload-errors"]
    error_message = "Muted alerts do not exist."
  }
}

run "with_an_unknown_alert" {
  command = plan
  module {
    source = "./modules/observability"
  }
  variables {
    muted_alerts = ["proxy-errors"]
  }
  expect_failures = [var.muted_alerts]
}
