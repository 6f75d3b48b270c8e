# Where the images are, and who builds them.

resource "google_artifact_registry_repository" "images" {
  repository_id = "gcpypi"
  location      = var.region
  format        = "DOCKER"
  description   = "The images of gcpypi's services"

  # Each release is a new tag: the last ten of each image are enough to go back to. Tags cannot be
  # immutable: what has one could then not be deleted, and a build that broke off while it pushed not
  # be repeated. Cloud Run asks what a tag means when it is deployed to, and not again.
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
}

resource "google_service_account" "builder" {
  account_id   = "gcpypi-builder"
  display_name = "gcpypi: builds the images"
}

# Source for builds: of the images, and of what CI builds here. Not the shared default bucket, which
# every builder of the project could read.
resource "google_storage_bucket" "builds" {
  name     = "${var.prefix}-builds"
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # nothing in it is worth keeping

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
}

# As of the other buckets (../storage): else every viewer of the project could read the source.
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

# A build with an account of its own writes its log itself, and there is no narrower place for that.
resource "google_project_iam_member" "builder_log" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}
