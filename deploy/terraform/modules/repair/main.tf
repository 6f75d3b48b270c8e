# What mends the index (docs/operate.md): a job a command, all under one identity. What that may do is
# in ../access. A job costs nothing until somebody executes it.

locals {
  jobs = {
    verify  = { image = "publisher", command = ["python", "-m", "publisher", "verify"] }
    rebuild = { image = "publisher", command = ["python", "-m", "publisher", "rebuild"] }
    reindex = { image = "ingest", command = ["python", "-m", "ingest", "reindex"] }
  }
}

resource "google_service_account" "this" {
  account_id   = "gcpypi-repair"
  display_name = "gcpypi: verifies and repairs"
}

resource "google_cloud_run_v2_job" "this" {
  for_each = local.jobs

  name     = "gcpypi-${each.key}"
  location = var.region

  # It holds no data: deploy/uninstall must be able to remove it.
  deletion_protection = false

  template {
    template {
      service_account = google_service_account.this.email
      # As long as it takes to read every file (verify --bytes).
      timeout = "86400s"
      # A difference that was found is there the next time, too.
      max_retries = 0

      containers {
        image   = "${var.images}/${each.value.image}:${var.tag}"
        command = each.value.command

        resources {
          limits = { cpu = "1", memory = "1Gi" }
        }

        dynamic "env" {
          for_each = var.environment
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }
}

# As it is and no other way: to execute it with other arguments, or settings, takes another role.
resource "google_cloud_run_v2_job_iam_binding" "operators" {
  for_each = length(var.operators) > 0 ? google_cloud_run_v2_job.this : {}

  name     = each.value.name
  location = each.value.location
  role     = "roles/run.jobsExecutor"
  members  = var.operators
}
