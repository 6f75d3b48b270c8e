# What stands in terraform.tfvars.example: deploy/offline_checks runs this with it (-var-file).

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
    condition     = length(output.ci) == length(var.publishers)
    error_message = "Every publisher's CI is told what it needs."
  }
}
