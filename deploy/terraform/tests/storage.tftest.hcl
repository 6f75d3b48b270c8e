# The buckets, and how long each keeps what is in it.

mock_provider "google" {}

variables {
  prefix      = "acme-gcpypi"
  region      = "europe-west1"
  delete_data = false
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
