# The buckets, and how long each keeps what is in it.

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
    error_message = "Access is said in one place only: IAM."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : each.public_access_prevention == "enforced"])
    error_message = "No bucket can be made public."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : each.location == "europe-west1"])
    error_message = "All are in one place."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket.this : !each.force_destroy])
    error_message = "A bucket with something in it is not deleted by accident."
  }
  assert {
    condition = { for name, each in google_storage_bucket.this : name => each.soft_delete_policy[0].retention_duration_seconds / 86400 } == {
      incoming = 0, packages = 30, verdicts = 0, metadata = 7, static = 0
    }
    error_message = "Packages can be restored for 30 days; what is rendered or passed on is not stored twice."
  }
  assert {
    condition = { for name, each in google_storage_bucket.this : name => [for rule in each.lifecycle_rule : one(rule.condition).age if one(rule.action).type == "Delete" && one(rule.condition).with_state != "ARCHIVED"] } == {
      incoming = [45], packages = [], verdicts = [30], metadata = [], static = []
    }
    error_message = "Uploads live 45 days, verdicts 30, the rest for ever."
  }
  assert {
    condition     = [for name, each in google_storage_bucket.this : name if each.versioning[0].enabled] == ["metadata"]
    error_message = "Records, and only they, have versions."
  }
  assert {
    condition     = [for rule in google_storage_bucket.this["metadata"].lifecycle_rule : one(rule.condition).num_newer_versions if one(rule.condition).with_state == "ARCHIVED"] == [30]
    error_message = "A version of a record is kept until there are 30 newer ones."
  }
}

run "who_could_read_by_being_in_the_project" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition = toset([for each in google_storage_bucket_iam_binding.no_viewers : "${each.bucket} ${each.role}"]) == toset(flatten([
      for each in google_storage_bucket.this : ["${each.name} roles/storage.legacyBucketReader", "${each.name} roles/storage.legacyObjectReader"]
    ]))
    error_message = "The two roles that viewers of the project have by default are decided here, for every bucket."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket_iam_binding.no_viewers : each.members == toset(["projectOwner:acme"])])
    error_message = "A viewer of the project reads no package."
  }
}

run "googles_keys" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition     = alltrue([for each in google_storage_bucket.this : length(each.encryption) == 0])
    error_message = "Without a key of one's own there is none to lose."
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
    error_message = "Every bucket is encrypted with the key."
  }
}
