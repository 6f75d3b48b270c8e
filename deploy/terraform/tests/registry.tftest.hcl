# Where the images are: what is old goes.

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
    error_message = "Ten of each image are kept, and older ones are deleted."
  }
  assert {
    condition     = alltrue([for each in google_artifact_registry_repository.images.docker_config : !each.immutable_tags])
    error_message = "An image whose tag is immutable cannot be deleted."
  }
}
