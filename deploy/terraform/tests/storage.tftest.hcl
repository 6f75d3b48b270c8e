# The buckets and their retention.

mock_provider "google" {}

variables {
  project     = "acme"
  prefix      = "acme-gcpypi"
  region      = "europe-west1"
  delete_data = false
  kms_key     = null
}

run "buckets" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition     = toset(keys(google_storage_bucket.this)) == toset(["incoming", "packages", "verdicts", "metadata", "static"])
    error_message = "There are five buckets."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : each.uniform_bucket_level_access])
    error_message = "Only IAM grants access to objects."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : each.public_access_prevention == "enforced"])
    error_message = "No bucket can be made public."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : each.location == "europe-west1"])
    error_message = "All buckets are in one region."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : !each.force_destroy])
    error_message = "Terraform does not delete a bucket that contains objects."
  }
  assert {
    condition = { for name, each in google_storage_bucket.this : name => each.soft_delete_policy[0].retention_duration_seconds / 86400 } == {
      incoming = 0, packages = 30, verdicts = 0, metadata = 30, static = 0
    }
    error_message = "Packages and records can be restored for 30 days; other buckets have no soft delete."
  }
  assert {
    condition = { for name, each in google_storage_bucket.this : name => [for rule in each.lifecycle_rule : one(rule.condition).age if one(rule.action).type == "Delete" && one(rule.condition).with_state != "ARCHIVED"] } == {
      incoming = [45], packages = [], verdicts = [60], metadata = [], static = []
    }
    error_message = "Uploads are kept for 45 days, verdicts for 60, other objects without limit."
  }
  assert {
    condition     = [for name, each in google_storage_bucket.this : name if each.versioning[0].enabled] == ["metadata"]
    error_message = "Only the metadata bucket has object versions."
  }
  assert {
    condition = [
      for rule in google_storage_bucket.this["metadata"].lifecycle_rule : [one(rule.condition).num_newer_versions, one(rule.condition).days_since_noncurrent_time]
    ] == [[30, 30]]
    error_message = "An old version of a record is deleted after 30 newer ones and 30 days, when both are over."
  }
  assert {
    condition = alltrue([
      for rule in google_storage_bucket.this["verdicts"].lifecycle_rule : one(rule.condition).age > one(one(google_storage_bucket.this["incoming"].lifecycle_rule).condition).age
    ])
    error_message = "A verdict is kept longer than its upload."
  }
}

run "viewers_of_the_project" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition = toset([for each in google_storage_bucket_iam_binding.no_viewers : "${each.bucket} ${each.role}"]) == toset(flatten([
      for each in google_storage_bucket.this : ["${each.name} roles/storage.legacyBucketReader", "${each.name} roles/storage.legacyObjectReader"]
    ]))
    error_message = "Each bucket has bindings for the two roles that project viewers have by default."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket_iam_binding.no_viewers : each.members == toset(["projectOwner:acme"])])
    error_message = "Project viewers cannot read packages."
  }
}

run "keys_of_google" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition     = alltrue([for each in google_storage_bucket.this : length(each.encryption) == 0])
    error_message = "Without kms_key the buckets use keys of Google."
  }
}

run "own_key" {
  module {
    source = "./modules/storage"
  }
  variables {
    kms_key = "projects/keys/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = alltrue([for each in google_storage_bucket.this : each.encryption[0].default_kms_key_name == "projects/keys/locations/europe-west1/keyRings/r/cryptoKeys/k"])
    error_message = "Each bucket is encrypted with the key."
  }
}
