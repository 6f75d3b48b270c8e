# The repository of the images deletes old ones.

mock_provider "google" {}

variables {
  project = "acme"
  region  = "europe-west1"
  prefix  = "acme-gcpypi"
}

run "images" {
  module {
    source = "./modules/registry"
  }

  assert {
    condition     = { for each in google_artifact_registry_repository.images.cleanup_policies : each.action => each.id } == { KEEP = "keep-ten", DELETE = "delete-old" }
    error_message = "The repository keeps ten versions of each image and deletes older ones."
  }
  assert {
    condition     = alltrue([for each in google_artifact_registry_repository.images.docker_config : !each.immutable_tags])
    error_message = "Tags are mutable, because an image with an immutable tag cannot be deleted."
  }
}
