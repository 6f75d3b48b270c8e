# Copies of packages and records in another region. Storage Transfer Service fills them each hour. All
# other buckets can be rebuilt, or contain only answers and uploads in transit.

locals {
  day = 24 * 60 * 60

  # overwrite: when a run replaces an object of the copy that has the same name.
  copies = {
    # A file never changes, so its copy cannot be replaced, even if the original is replaced by force.
    packages = { overwrite = "NEVER", role = "adds", versioning = false }
    # Old versions keep the records from before an error that was copied too.
    metadata = { overwrite = "DIFFERENT", role = "replaces", versioning = true }
  }

  # Permissions by https://cloud.google.com/storage-transfer/docs/source-cloud-storage and
  # …/sink-cloud-storage. Only replacing needs the permission to delete.
  roles = {
    reads    = { title = "read a bucket for its copy", objects = ["get", "list"] }
    adds     = { title = "add objects to the copy of a bucket", objects = ["create", "get", "list"] }
    replaces = { title = "add and replace objects of the copy of a bucket", objects = ["create", "delete", "get", "list"] }
  }
}

# Identity of Storage Transfer Service in this Google Cloud project.
data "google_storage_transfer_project_service_account" "agent" {}

resource "google_storage_bucket" "copy" {
  for_each = local.copies

  name     = "${var.prefix}-backup-${each.key}"
  location = var.location

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.delete_data

  versioning {
    enabled = each.value.versioning
  }

  soft_delete_policy {
    retention_duration_seconds = 30 * local.day
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  # Like the original of the records: an old version is deleted if both conditions hold.
  dynamic "lifecycle_rule" {
    for_each = each.value.versioning ? [30] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        num_newer_versions         = lifecycle_rule.value
        days_since_noncurrent_time = lifecycle_rule.value
        with_state                 = "ARCHIVED"
      }
    }
  }

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = var.location != var.region
      error_message = "backup_location is the region of the index: choose another one, or a lost region takes the backup too."
    }
    precondition {
      condition     = (var.kms_key == null) == (var.original_kms_key == null)
      error_message = "kms_key and backup_kms_key belong together: set both or neither. A key encrypts only buckets of its own region."
    }
  }
}

# As for the originals: the other holders of these two roles lose them.
resource "google_storage_bucket_iam_binding" "no_viewers" {
  for_each = {
    for pair in setproduct(keys(local.copies), ["legacyBucketReader", "legacyObjectReader"]) :
    "${pair[0]}: ${pair[1]}" => { bucket = pair[0], role = "roles/storage.${pair[1]}" }
  }

  bucket  = google_storage_bucket.copy[each.value.bucket].name
  role    = each.value.role
  members = ["projectOwner:${var.project}"]
}

resource "google_project_iam_custom_role" "this" {
  for_each = local.roles

  role_id     = join("_", compact(["gcpypi_backup", each.key, var.names_suffix]))
  title       = "gcpypi: ${each.value.title}"
  permissions = concat(["storage.buckets.get"], [for permission in each.value.objects : "storage.objects.${permission}"])
}

resource "google_storage_bucket_iam_member" "source" {
  for_each = local.copies

  bucket = var.originals[each.key]
  role   = google_project_iam_custom_role.this["reads"].id
  member = data.google_storage_transfer_project_service_account.agent.member
}

resource "google_storage_bucket_iam_member" "sink" {
  for_each = local.copies

  bucket = google_storage_bucket.copy[each.key].name
  role   = google_project_iam_custom_role.this[each.value.role].id
  member = data.google_storage_transfer_project_service_account.agent.member
}

resource "google_storage_transfer_job" "hourly" {
  for_each = local.copies

  # Google Cloud keeps the names of deleted jobs.
  name        = join("-", compact(["transferJobs/gcpypi-${each.key}", var.names_suffix]))
  description = "gcpypi: copies ${each.key} to ${var.location} each hour"
  project     = var.project

  transfer_spec {
    gcs_data_source {
      bucket_name = var.originals[each.key]
    }
    gcs_data_sink {
      bucket_name = google_storage_bucket.copy[each.key].name
    }
    # A deletion is never copied.
    transfer_options {
      overwrite_when                = each.value.overwrite
      delete_objects_unique_in_sink = false
    }
  }

  # The start date is in the past, so the first run is within a day of the installation.
  schedule {
    schedule_start_date {
      year  = 2026
      month = 1
      day   = 1
    }
    start_time_of_day {
      hours   = 0
      minutes = 0
      seconds = 0
      nanos   = 0
    }
    repeat_interval = "3600s" # the minimum
  }

  # Errors appear in Cloud Logging. Lines for copied objects would cost money.
  logging_config {
    log_actions       = ["COPY", "FIND"]
    log_action_states = ["FAILED"]
  }

  depends_on = [
    google_storage_bucket_iam_member.source,
    google_storage_bucket_iam_member.sink,
  ]
}
