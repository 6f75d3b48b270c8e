# The five buckets, and how long each keeps what is in it. Nothing here says who may use them: that
# is in ../access, in one table.

locals {
  day = 24 * 60 * 60

  # soft_delete: days in which a deleted object can be restored.
  # delete_after: days after which an object is deleted.
  # newer_versions: how many newer versions it takes for an old one to be deleted; none: no versions.
  buckets = {
    # Whatever is accepted is copied, so what is left here is of use to nobody.
    incoming = { soft_delete = 0, delete_after = 45, newer_versions = null }
    # For ever: a file name, once used, stands for its bytes.
    packages = { soft_delete = 30, delete_after = null, newer_versions = null }
    # Read by CI minutes after they were written.
    verdicts = { soft_delete = 0, delete_after = 30, newer_versions = null }
    # The only state that cannot be made anew from another bucket: commands live here.
    metadata = { soft_delete = 7, delete_after = null, newer_versions = 30 }
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
        num_newer_versions = lifecycle_rule.value
        with_state         = "ARCHIVED"
      }
    }
  }
}

# A new bucket lets every viewer of the project read it. Bindings, not members: they say who has these
# two roles *at all*. The owners' own roles stay, as Terraform's state is kept by them.
resource "google_storage_bucket_iam_binding" "no_viewers" {
  for_each = {
    for pair in setproduct(keys(local.buckets), ["legacyBucketReader", "legacyObjectReader"]) :
    "${pair[0]}: ${pair[1]}" => { bucket = pair[0], role = "roles/storage.${pair[1]}" }
  }

  bucket  = google_storage_bucket.this[each.value.bucket].name
  role    = each.value.role
  members = ["projectOwner:${var.project}"]
}
