# How CI comes to act as a publisher, without a key.

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { name = "projects/acme/serviceAccounts/x", member = "serviceAccount:x@example.com" }
  }
}

variables {
  project      = "acme"
  builds       = "b-builds"
  names_suffix = ""
  publishers = {
    hub   = { issuer = "https://token.actions.githubusercontent.com", condition = "assertion.repository == 'acme/widgets'", audiences = [], subject = "assertion.sub", disabled = false, cloud_build = false, users = [] }
    build = { issuer = null, condition = "", audiences = [], subject = "assertion.sub", disabled = false, cloud_build = true, users = ["user:ada@example.com"] }
  }
}

run "identities" {
  module {
    source = "./modules/publishers"
  }

  assert {
    condition     = toset(keys(google_service_account.this)) == toset(["hub", "build"])
    error_message = "Each publisher has an account of its own."
  }
  assert {
    condition     = keys(google_iam_workload_identity_pool_provider.this) == ["hub"] && google_iam_workload_identity_pool_provider.this["hub"].attribute_condition == "assertion.repository == 'acme/widgets'" && google_iam_workload_identity_pool_provider.this["hub"].oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "Only tokens that its condition describes are taken."
  }
  assert {
    condition     = google_service_account_iam_member.outside["hub"].member == "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.this["hub"].name}/*" && google_service_account_iam_member.outside["hub"].role == "roles/iam.workloadIdentityUser"
    error_message = "Whoever is in a publisher's pool, and nobody else, acts as it."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.this["hub"].workload_identity_pool_id == google_iam_workload_identity_pool.this["hub"].workload_identity_pool_id
    error_message = "Each provider is in its own pool."
  }
  assert {
    condition     = keys(google_storage_bucket_iam_member.source) == ["build"] && google_storage_bucket_iam_member.source["build"].condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/b-builds/objects/build/\")"
    error_message = "A build reads its own source only."
  }
  assert {
    condition     = keys(google_project_iam_member.log) == ["build"] && google_project_iam_member.log["build"].role == "roles/logging.logWriter"
    error_message = "A build writes its log, and has no other role on the project."
  }
  assert {
    condition     = [for each in google_service_account_iam_member.users : "${each.member} ${each.role}"] == ["user:ada@example.com roles/iam.serviceAccountUser"]
    error_message = "Those named may run builds as it."
  }
}

run "taken_in_again" {
  command = plan
  module {
    source = "./modules/publishers"
  }
  variables {
    names_suffix = "1"
    publishers = {
      hub = { issuer = "https://token.actions.githubusercontent.com", condition = "true", audiences = [], subject = "assertion.repository_id", pool_suffix = "2", disabled = true, cloud_build = false, users = [] }
      lab = { issuer = "https://gitlab.com", condition = "true", audiences = [], subject = "assertion.sub", disabled = false, cloud_build = false, users = [] }
    }
  }

  assert {
    condition     = { for name, each in google_iam_workload_identity_pool.this : name => each.workload_identity_pool_id } == { hub = "gcpypi-hub-2", lab = "gcpypi-lab-1" }
    error_message = "A publisher's pool can have a name that was not taken before, and nothing else gets another."
  }
  assert {
    condition     = { for name, each in google_iam_workload_identity_pool_provider.this : name => each.disabled } == { hub = true, lab = false } && { for name, each in google_service_account.this : name => each.disabled } == { hub = true, lab = false }
    error_message = "A disabled publisher is let in by neither its provider nor its account."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.this["hub"].attribute_mapping == tomap({ "google.subject" = "assertion.repository_id" })
    error_message = "The subject can be shorter than assertion.sub."
  }
}
