# The whole, twice: deploy/offline_checks reads both plans and expects that the second changes nothing.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "42" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:storage-agent@example.com" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://service-42.run.example.com" }
  }
}

variables {
  project     = "acme-packages"
  region      = "europe-west1"
  tag         = "1"
  operators   = ["group:operators@example.com"]
  alert_email = "alerts@example.com"
  budget      = { billing_account = "000000-000000-000000", amount = 20 }
  settings    = { ingest = { STRICT = "true" }, publisher = { TITLE = "Acme's packages" } }
  instances   = { proxy = 5 }
  publishers = {
    hub   = { projects = ["acme-*"], issuer = "https://token.actions.githubusercontent.com", condition = "assertion.repository == 'acme/widgets'" }
    build = { projects = ["*"], cloud_build = true, users = ["user:ada@example.com"] }
  }
}

run "install" {
  assert {
    condition     = output.index_url == "https://service-42.run.example.com/simple/"
    error_message = "The index's address ends in /simple/."
  }
  assert {
    condition     = length(google_service_account_iam_member.proxy_signs) == 0
    error_message = "The proxy signs nothing, unless it is told to."
  }
  assert {
    condition     = keys(output.publish) == ["build", "hub"] && keys(output.clients) == ["pdm", "pip", "poetry", "uv"]
    error_message = "Publishers and installers are told what to do."
  }
}

run "install_again" {
  command = plan
}

run "own_domain" {
  command = plan
  variables {
    domain = "packages.example.com"
  }
  assert {
    condition     = output.index_url == "https://packages.example.com/simple/"
    error_message = "The index is at the domain."
  }
}

run "the_catalog_is_one" {
  command = plan
  variables {
    instances = { catalog = 2 }
  }
  expect_failures = [var.instances]
}

run "signed_downloads" {
  command = plan
  variables {
    settings = { proxy = { DOWNLOADS = "redirect" } }
  }
  assert {
    condition     = google_service_account_iam_member.proxy_signs[0].role == "roles/iam.serviceAccountTokenCreator" && google_service_account_iam_member.proxy_signs[0].member == module.service["proxy"].member
    error_message = "The proxy signs as itself."
  }
}

run "nothing_optional" {
  command = plan
  variables {
    operators   = []
    publishers  = {}
    alert_email = null
    budget      = null
    settings    = {}
  }
  assert {
    condition     = local.defaults.ingest.PUBLISHERS == "{}"
    error_message = "Without publishers nobody may publish: ingest takes a setting that is absent for everybody."
  }
}

run "disabled_publisher" {
  command = plan
  variables {
    publishers = {
      build = { projects = ["*"], cloud_build = true, disabled = true }
    }
  }
  assert {
    condition     = local.defaults.ingest.PUBLISHERS == "{\"build\":[]}"
    error_message = "Ingest takes nothing from a publisher that is disabled."
  }
}

run "an_issuer_needs_a_condition" {
  command = plan
  variables {
    publishers = { hub = { projects = ["*"], issuer = "https://token.actions.githubusercontent.com" } }
  }
  expect_failures = [var.publishers]
}

run "a_publisher_cannot_take_the_prefix_of_commands" {
  command = plan
  variables {
    publishers = { commands = { projects = ["*"], cloud_build = true } }
  }
  expect_failures = [var.publishers]
}

run "everybody_is_no_operator" {
  command = plan
  variables {
    operators = ["allUsers"]
  }
  expect_failures = [var.operators]
}
