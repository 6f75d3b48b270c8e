# Copies of packages and records in another region.

# Plans only: Terraform cannot delete the copies (prevent_destroy), not even those of a test.
mock_provider "google" {
  override_during = plan

  mock_data "google_storage_transfer_project_service_account" {
    defaults = { member = "serviceAccount:transfer-agent@example.com" }
  }
}

override_resource {
  target          = google_project_iam_custom_role.this["reads"]
  override_during = plan
  values          = { id = "projects/acme/roles/reads" }
}

override_resource {
  target          = google_project_iam_custom_role.this["adds"]
  override_during = plan
  values          = { id = "projects/acme/roles/adds" }
}

override_resource {
  target          = google_project_iam_custom_role.this["replaces"]
  override_during = plan
  values          = { id = "projects/acme/roles/replaces" }
}

variables {
  project          = "acme"
  prefix           = "acme-gcpypi"
  region           = "europe-west1"
  location         = "europe-west4"
  originals        = { incoming = "acme-gcpypi-incoming", packages = "acme-gcpypi-packages", metadata = "acme-gcpypi-metadata" }
  names_suffix     = ""
  delete_data      = false
  kms_key          = null
  original_kms_key = null
}

run "copies" {
  command = plan
  module {
    source = "./modules/backup"
  }

  assert {
    condition     = output.names == { packages = "acme-gcpypi-backup-packages", metadata = "acme-gcpypi-backup-metadata" }
    error_message = "Packages and records have a copy."
  }
  assert {
    condition = alltrue([
      for each in google_storage_bucket.copy : each.location == "europe-west4" && each.uniform_bucket_level_access && each.public_access_prevention == "enforced" && !each.force_destroy
    ])
    error_message = "The copies are in the other region and cannot be made public."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.copy : each.soft_delete_policy[0].retention_duration_seconds == 2592000])
    error_message = "Deleted copies can be restored for 30 days."
  }
  assert {
    condition     = [for rule in google_storage_bucket.copy["metadata"].lifecycle_rule : [one(rule.condition).num_newer_versions, one(rule.condition).days_since_noncurrent_time]] == [[30, 30]] && google_storage_bucket.copy["metadata"].versioning[0].enabled
    error_message = "The copies of records have versions, like the records."
  }
  assert {
    condition     = length(google_storage_bucket.copy["packages"].lifecycle_rule) == 0
    error_message = "No copy of a package is deleted."
  }
  assert {
    condition = toset([for each in google_storage_bucket_iam_binding.no_viewers : "${each.bucket} ${each.role}"]) == toset(flatten([
      for each in google_storage_bucket.copy : ["${each.name} roles/storage.legacyBucketReader", "${each.name} roles/storage.legacyObjectReader"]
    ]))
    error_message = "Viewers of the project cannot read the copies."
  }
}

run "jobs" {
  command = plan
  module {
    source = "./modules/backup"
  }

  assert {
    condition = { for name, each in google_storage_transfer_job.hourly : one(each.transfer_spec[0].gcs_data_source).bucket_name => one(each.transfer_spec[0].gcs_data_sink).bucket_name } == {
      acme-gcpypi-packages = "acme-gcpypi-backup-packages"
      acme-gcpypi-metadata = "acme-gcpypi-backup-metadata"
    }
    error_message = "Each job copies a bucket to its copy."
  }
  assert {
    condition     = alltrue([for each in google_storage_transfer_job.hourly : each.schedule[0].repeat_interval == "3600s" && length(each.schedule[0].schedule_end_date) == 0])
    error_message = "Each job runs every hour, without an end."
  }
  assert {
    condition = { for name, each in google_storage_transfer_job.hourly : name => one(each.transfer_spec[0].transfer_options).overwrite_when } == {
      packages = "NEVER", metadata = "DIFFERENT"
    }
    error_message = "A copied package is never replaced; a copied record is replaced by a newer one."
  }
  assert {
    condition     = alltrue([for each in google_storage_transfer_job.hourly : one(each.transfer_spec[0].transfer_options).delete_objects_unique_in_sink == false])
    error_message = "A deletion is never copied."
  }
}

run "rights" {
  command = plan
  module {
    source = "./modules/backup"
  }

  assert {
    condition = { for name, each in google_project_iam_custom_role.this : name => each.permissions } == {
      reads    = toset(["storage.buckets.get", "storage.objects.get", "storage.objects.list"])
      adds     = toset(["storage.buckets.get", "storage.objects.create", "storage.objects.get", "storage.objects.list"])
      replaces = toset(["storage.buckets.get", "storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list"])
    }
    error_message = "The agent has only the permissions of a transfer."
  }
  assert {
    condition = { for each in concat(values(google_storage_bucket_iam_member.source), values(google_storage_bucket_iam_member.sink)) : each.bucket => each.role } == {
      acme-gcpypi-packages        = google_project_iam_custom_role.this["reads"].id
      acme-gcpypi-metadata        = google_project_iam_custom_role.this["reads"].id
      acme-gcpypi-backup-packages = google_project_iam_custom_role.this["adds"].id
      acme-gcpypi-backup-metadata = google_project_iam_custom_role.this["replaces"].id
    }
    error_message = "The agent reads the originals and cannot delete copies of packages."
  }
  assert {
    condition     = alltrue([for each in concat(values(google_storage_bucket_iam_member.source), values(google_storage_bucket_iam_member.sink)) : each.member == "serviceAccount:transfer-agent@example.com"])
    error_message = "Only the agent of Storage Transfer Service has these rights."
  }
}

run "own_keys" {
  command = plan
  module {
    source = "./modules/backup"
  }
  variables {
    kms_key          = "projects/keys/locations/europe-west4/keyRings/r/cryptoKeys/k"
    original_kms_key = "projects/keys/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = alltrue([for each in google_storage_bucket.copy : each.encryption[0].default_kms_key_name == "projects/keys/locations/europe-west4/keyRings/r/cryptoKeys/k"])
    error_message = "The copies are encrypted with the key of their region."
  }
}

run "key_of_the_originals_only" {
  command = plan
  module {
    source = "./modules/backup"
  }
  variables {
    original_kms_key = "projects/keys/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [google_storage_bucket.copy]
}

run "same_region" {
  command = plan
  module {
    source = "./modules/backup"
  }
  variables {
    location = "europe-west1"
  }
  expect_failures = [google_storage_bucket.copy]
}
