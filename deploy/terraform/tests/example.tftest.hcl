# deploy/offline_checks runs this test with terraform.tfvars.example (-var-file).

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "42" }
  }
}

variables {
  project = "acme-packages"
  region  = "europe-west1"
  tag     = "1"
}

run "example" {
  assert {
    condition     = length(output.ci) == length(var.uploaders)
    error_message = "The output ci has an entry for each uploader."
  }
}
