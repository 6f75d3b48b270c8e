# deploy/uninstall --delete-data copies this file into its copy of the module, so that Terraform may
# destroy the secrets.

resource "google_secret_manager_secret" "tokens" {
  lifecycle {
    prevent_destroy = false
  }
}

resource "google_secret_manager_secret" "uploaders" {
  lifecycle {
    prevent_destroy = false
  }
}
