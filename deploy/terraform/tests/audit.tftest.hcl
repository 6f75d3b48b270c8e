# What is written to the buckets is in the audit log, for those who ask for it.

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

run "off_as_it_costs" {
  command = plan
  assert {
    condition     = length(google_project_iam_audit_config.storage) == 0
    error_message = "Nobody pays for a log without having asked for it."
  }
}

run "writes_alone" {
  command = plan
  variables {
    data_access_logs = true
  }
  assert {
    condition     = google_project_iam_audit_config.storage[0].service == "storage.googleapis.com" && [for each in google_project_iam_audit_config.storage[0].audit_log_config : each.log_type] == ["DATA_WRITE"]
    error_message = "Reads are many, and in the proxy's log."
  }
}
