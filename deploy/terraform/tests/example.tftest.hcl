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
  assert {
    condition     = alltrue([for each in values(var.uploaders) : !contains(each.projects, "*")])
    error_message = "The example grants all projects to no uploader."
  }
  assert {
    condition = alltrue([
      for each in values(var.uploaders) : each.issuer == null || can(regex("assertion.environment == ", each.condition)) && can(regex("(workflow|ci_config)_ref", each.condition))
    ])
    error_message = "The example pins the workflow and the environment of CI."
  }
}
