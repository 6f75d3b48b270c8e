# The repair jobs and the right to execute them.

mock_provider "google" {}

variables {
  region      = "europe-west1"
  images      = "europe-west1-docker.pkg.dev/acme/gcpypi"
  tag         = "1"
  environment = { GCP_PROJECT = "acme" }
  operators   = ["group:operators@example.com"]
}

run "jobs" {
  module {
    source = "./modules/repair"
  }

  assert {
    condition = { for name, each in google_cloud_run_v2_job.this : each.name => "${each.template[0].template[0].containers[0].image} ${join(" ", each.template[0].template[0].containers[0].command)}" } == {
      gcpypi-verify  = "europe-west1-docker.pkg.dev/acme/gcpypi/publisher:1 python -m publisher verify"
      gcpypi-rebuild = "europe-west1-docker.pkg.dev/acme/gcpypi/publisher:1 python -m publisher rebuild"
      gcpypi-reindex = "europe-west1-docker.pkg.dev/acme/gcpypi/ingest:1 python -m ingest reindex"
      gcpypi-replay  = "europe-west1-docker.pkg.dev/acme/gcpypi/ingest:1 python -m ingest replay"
      gcpypi-rescan  = "europe-west1-docker.pkg.dev/acme/gcpypi/ingest:1 python -m ingest rescan"
    }
    error_message = "Each repair command has a job."
  }
  assert {
    condition     = output.names == { for name, each in google_cloud_run_v2_job.this : name => each.name }
    error_message = "The output has the names of the jobs."
  }
  assert {
    condition     = alltrue([for each in google_cloud_run_v2_job.this : each.template[0].template[0].service_account == google_service_account.this.email && each.template[0].template[0].max_retries >= 3 && !each.deletion_protection])
    error_message = "A job is repeated after a failure, runs under the identity of the repair jobs, and deploy/uninstall can remove it."
  }
  assert {
    condition     = { for name, each in google_cloud_run_v2_job_iam_binding.operators : each.name => "${join(" ", each.members)} ${each.role}" } == { for name in ["verify", "rebuild", "reindex", "replay", "rescan"] : "gcpypi-${name}" => "group:operators@example.com roles/run.jobsExecutor" }
    error_message = "Only operators execute the jobs, without other arguments."
  }
}

run "no_operators" {
  command = plan
  module {
    source = "./modules/repair"
  }
  variables {
    operators = []
  }

  assert {
    condition     = length(google_cloud_run_v2_job_iam_binding.operators) == 0
    error_message = "Without operators there are no grants on the jobs."
  }
}
