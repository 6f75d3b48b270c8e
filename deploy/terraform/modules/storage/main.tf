# The five buckets and their retention. Grants on them are in ../access, in one table.

locals {
  day = 24 * 60 * 60

  # soft_delete: days during which a deleted object can be restored.
  # delete_after: days until an object is deleted.
  # newer_versions: an old version is deleted after this many newer ones *and* as many days; null: no
  # versioning. Many commits in an hour therefore do not delete the version of yesterday.
  buckets = {
    # Accepted files are copied to packages, so objects here are not needed for long.
    incoming = { soft_delete = 0, delete_after = 45, newer_versions = null }
    # No deletion: a file name, once used, always means the same bytes.
    packages = { soft_delete = 30, delete_after = null, newer_versions = null }
    # A verdict outlives its upload, so a replay of old messages finds the answer and does not repeat the
    # check under newer rules. CI reads verdicts within minutes.
    verdicts = { soft_delete = 0, delete_after = 60, newer_versions = null }
    # The only state that cannot be rebuilt from another bucket: it contains the commands.
    metadata = { soft_delete = 30, delete_after = null, newer_versions = 30 }
    # Rendered from metadata; soft delete would store each rendering for days.
    static = { soft_delete = 0, delete_after = null, newer_versions = null }
  }
}

resource "google_storage_bucket" "this" {
  for_each = local.buckets

  name     = "${var.prefix}-${each.key}"
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.delete_data

  versioning {
    enabled = each.value.newer_versions != null
  }

  soft_delete_policy {
    retention_duration_seconds = each.value.soft_delete * local.day
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.delete_after[*]
    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.newer_versions[*]
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

  # Only deploy/uninstall --delete-data may destroy it (deploy/overrides).
  lifecycle {
    prevent_destroy = true
  }
}

# By default every viewer of the Google Cloud project can read a new bucket. Bindings, not members: they
# remove all other holders of these two roles. Owners keep their roles, for Terraform's state.
resource "google_storage_bucket_iam_binding" "no_viewers" {
  for_each = {
    for pair in setproduct(keys(local.buckets), ["legacyBucketReader", "legacyObjectReader"]) :
    "${pair[0]}: ${pair[1]}" => { bucket = pair[0], role = "roles/storage.${pair[1]}" }
  }

  bucket  = google_storage_bucket.this[each.value.bucket].name
  role    = each.value.role
  members = ["projectOwner:${var.project}"]
}
