# Keyless sign-in of CI as an uploader.

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { name = "projects/acme/serviceAccounts/x", member = "serviceAccount:x@example.com" }
  }
}

variables {
  project      = "acme"
  builds       = "b-builds"
  names_suffix = ""
  uploaders = {
    hub   = { issuer = "https://token.actions.githubusercontent.com", condition = "assertion.repository == 'acme/widgets'", audiences = [], subject = "assertion.sub", disabled = false, cloud_build = false, users = [] }
    build = { issuer = null, condition = "", audiences = [], subject = "assertion.sub", disabled = false, cloud_build = true, users = ["user:ada@example.com"] }
  }
}

run "identities" {
  module {
    source = "./modules/uploaders"
  }

  assert {
    condition     = toset(keys(google_service_account.this)) == toset(["hub", "build"])
    error_message = "Each uploader has its own service account."
  }
  assert {
    condition     = keys(google_iam_workload_identity_pool_provider.this) == ["hub"] && google_iam_workload_identity_pool_provider.this["hub"].attribute_condition == "assertion.repository == 'acme/widgets'" && google_iam_workload_identity_pool_provider.this["hub"].oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "The provider accepts only tokens that meet the condition."
  }
  assert {
    condition     = google_service_account_iam_member.outside["hub"].member == "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.this["hub"].name}/*" && google_service_account_iam_member.outside["hub"].role == "roles/iam.workloadIdentityUser"
    error_message = "Only identities in the pool of an uploader act as it."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.this["hub"].workload_identity_pool_id == google_iam_workload_identity_pool.this["hub"].workload_identity_pool_id
    error_message = "Each provider is in its own pool."
  }
  assert {
    condition     = keys(google_storage_bucket_iam_member.source) == ["build"] && google_storage_bucket_iam_member.source["build"].condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/b-builds/objects/build/\")"
    error_message = "A build reads only its own source."
  }
  assert {
    condition     = keys(google_project_iam_member.log) == ["build"] && google_project_iam_member.log["build"].role == "roles/logging.logWriter"
    error_message = "A build may write its log and has no other role on the Google Cloud project."
  }
  assert {
    condition     = [for each in google_service_account_iam_member.users : "${each.member} ${each.role}"] == ["user:ada@example.com roles/iam.serviceAccountUser"]
    error_message = "The users of an uploader may run builds as it."
  }
}

run "uploader_added_again" {
  command = plan
  module {
    source = "./modules/uploaders"
  }
  variables {
    names_suffix = "1"
    uploaders = {
      hub = { issuer = "https://token.actions.githubusercontent.com", condition = "true", audiences = [], subject = "assertion.repository_id", pool_suffix = "2", disabled = true, cloud_build = false, users = [] }
      lab = { issuer = "https://gitlab.com", condition = "true", audiences = [], subject = "assertion.sub", disabled = false, cloud_build = false, users = [] }
    }
  }

  assert {
    condition     = { for name, each in google_iam_workload_identity_pool.this : name => each.workload_identity_pool_id } == { hub = "gcpypi-hub-2", lab = "gcpypi-lab-1" }
    error_message = "pool_suffix changes the name of one pool; all others end with names_suffix."
  }
  assert {
    condition     = { for name, each in google_iam_workload_identity_pool_provider.this : name => each.disabled } == { hub = true, lab = false } && { for name, each in google_service_account.this : name => each.disabled } == { hub = true, lab = false }
    error_message = "Provider and service account of a disabled uploader are disabled."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.this["hub"].attribute_mapping == tomap({ "google.subject" = "assertion.repository_id" })
    error_message = "The subject can be another claim than assertion.sub."
  }
}
