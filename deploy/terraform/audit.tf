# Audit log of object writes: principal, object, bucket, IP address. Only Google Cloud writes this log;
# builds can write to all other logs (modules/uploaders). Reads are not included: the proxy logs them.
resource "google_project_iam_audit_config" "storage" {
  count = var.data_access_logs ? 1 : 0

  project = var.project
  service = "storage.googleapis.com"

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}
