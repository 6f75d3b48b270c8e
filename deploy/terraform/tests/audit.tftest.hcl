# The optional audit log of object writes.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "42" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:storage-agent@example.com" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://service-42.run.example.com" }
  }
}

variables {
  project = "acme-packages"
  region  = "europe-west1"
  tag     = "1"
}

run "off_by_default" {
  command = plan
  assert {
    condition     = length(google_project_iam_audit_config.storage) == 0
    error_message = "The audit log costs money, so it is off by default."
  }
}

run "writes_only" {
  command = plan
  variables {
    data_access_logs = true
  }
  assert {
    condition     = google_project_iam_audit_config.storage[0].service == "storage.googleapis.com" && [for each in google_project_iam_audit_config.storage[0].audit_log_config : each.log_type] == ["DATA_WRITE"]
    error_message = "The audit log contains writes only; the proxy logs reads."
  }
}
