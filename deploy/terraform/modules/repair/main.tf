# Repair jobs (docs/operate.md): one job per command, all under one identity. Its grants are in
# ../access. A job costs nothing until it is executed.

locals {
  jobs = {
    # verify needs memory for a run of the catalog, and for a child process that renders hostile descriptions.
    verify  = { image = "publisher", command = ["python", "-m", "publisher", "verify"], memory = "2Gi" }
    rebuild = { image = "publisher", command = ["python", "-m", "publisher", "rebuild"], memory = "1Gi" }
    reindex = { image = "ingest", command = ["python", "-m", "ingest", "reindex"], memory = "1Gi" }
    replay  = { image = "ingest", command = ["python", "-m", "ingest", "replay"], memory = "1Gi" }
    rescan  = { image = "ingest", command = ["python", "-m", "ingest", "rescan"], memory = "1Gi" }
  }

  names = { for name in keys(local.jobs) : name => "gcpypi-${name}" }
}

resource "google_service_account" "this" {
  account_id   = "gcpypi-repair"
  display_name = "gcpypi: verifies and repairs"
}

resource "google_cloud_run_v2_job" "this" {
  for_each = local.jobs

  name     = local.names[each.key]
  location = var.region

  # A job holds no data; deploy/uninstall must be able to remove it.
  deletion_protection = false

  template {
    template {
      service_account = google_service_account.this.email
      # 24 h: enough to read every file (verify --bytes).
      timeout = "86400s"
      # A failed request or an ended machine does not end the repair. Each command can be repeated.
      max_retries = 3

      containers {
        image   = "${var.images}/${each.value.image}:${var.tag}"
        command = each.value.command

        resources {
          limits = { cpu = "1", memory = each.value.memory }
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

# Operators execute the jobs unchanged: other arguments or settings need another role.
resource "google_cloud_run_v2_job_iam_binding" "operators" {
  for_each = length(var.operators) > 0 ? google_cloud_run_v2_job.this : {}

  name     = each.value.name
  location = each.value.location
  role     = "roles/run.jobsExecutor"
  members  = var.operators
}
