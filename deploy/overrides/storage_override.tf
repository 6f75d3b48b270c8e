# deploy/uninstall --delete-data copies this file into its copy of the module, so that Terraform may
# destroy the buckets.

resource "google_storage_bucket" "this" {
  lifecycle {
    prevent_destroy = false
  }
}
