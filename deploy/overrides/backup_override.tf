# deploy/uninstall --delete-data copies this file into its copy of the module, so that Terraform may
# destroy the copies in another region.

resource "google_storage_bucket" "copy" {
  lifecycle {
    prevent_destroy = false
  }
}
