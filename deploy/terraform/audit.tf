# Who put which object into which bucket, and from where. Lines of this log are Google Cloud's own,
# where a build may write any other (modules/publishers). Reads are left out: the proxy logs them.
resource "google_project_iam_audit_config" "storage" {
  count = var.data_access_logs ? 1 : 0

  project = var.project
  service = "storage.googleapis.com"

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}
