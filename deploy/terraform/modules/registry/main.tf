# Repository of the images, and the identity that builds them.

resource "google_artifact_registry_repository" "images" {
  repository_id = "gcpypi"
  location      = var.region
  format        = "DOCKER"
  description   = "The images of gcpypi's services"

  # Each release has a new tag; the last ten of each image are enough for a rollback. Tags cannot be
  # immutable: tagged images could not be deleted, and a build that failed during its push could not be
  # repeated. Cloud Run resolves a tag once, at deployment.
  cleanup_policies {
    id     = "keep-ten"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }

  # Only deploy/uninstall may destroy it (deploy/overrides).
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_service_account" "builder" {
  account_id   = "gcpypi-builder"
  display_name = "gcpypi: builds the images"
}

# Source of builds: of the images, and of CI in this Google Cloud project. The default bucket of Cloud
# Build is not used, because every build service account could read it.
resource "google_storage_bucket" "builds" {
  name     = "${var.prefix}-builds"
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # it only holds temporary copies of source

  versioning {
    enabled = false
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 7
    }
  }

  # Only deploy/uninstall may destroy it (deploy/overrides).
  lifecycle {
    prevent_destroy = true
  }
}

# Same as for the other buckets (../storage): without it, viewers of the project can read the source.
resource "google_storage_bucket_iam_binding" "no_viewers" {
  for_each = toset(["roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader"])

  bucket  = google_storage_bucket.builds.name
  role    = each.key
  members = ["projectOwner:${var.project}"]
}

resource "google_storage_bucket_iam_member" "builder_source" {
  bucket = google_storage_bucket.builds.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.builder.member

  condition {
    title      = "source of the images"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.builds.name}/objects/images/\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}

# A build with its own service account writes its log under that account. This role cannot be granted
# on a narrower resource.
resource "google_project_iam_member" "builder_log" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}
