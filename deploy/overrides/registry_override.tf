# deploy/uninstall copies this file into its copy of the module, so that Terraform may destroy the
# repository of the images and the bucket for the source of builds.

resource "google_artifact_registry_repository" "images" {
  lifecycle {
    prevent_destroy = false
  }
}

resource "google_storage_bucket" "builds" {
  lifecycle {
    prevent_destroy = false
  }
}
