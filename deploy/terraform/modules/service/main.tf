# One Cloud Run service with its own identity. The grants of that identity are in ../access.

resource "google_service_account" "this" {
  account_id   = "gcpypi-${var.name}"
  display_name = "gcpypi: ${var.name}"
}

resource "google_cloud_run_v2_service" "this" {
  name     = "gcpypi-${var.name}"
  location = var.region

  # Public: Cloud Run does not check an identity; proxy and upload service require a token themselves.
  ingress              = var.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invoker_iam_disabled = var.public

  # A service holds no data; deploy/uninstall must be able to remove it.
  deletion_protection = false

  template {
    service_account                  = google_service_account.this.email
    timeout                          = "${var.timeout}s"
    max_instance_request_concurrency = var.concurrency

    scaling {
      min_instance_count = 0
      max_instance_count = var.instances
    }

    containers {
      image = var.image

      # Cloud Run speaks HTTP/2 without TLS to a port of this name, and HTTP/1 to any other one. The startup
      # probe is HTTP/1 in both cases.
      dynamic "ports" {
        for_each = var.http2 ? [8080] : []
        content {
          name           = "h2c"
          container_port = ports.value
        }
      }

      resources {
        limits = { cpu = "1", memory = var.memory }
        # CPU is allocated, and paid for, only during requests.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60
        http_get {
          path = "/health"
        }
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

# A binding, not a member: it removes every other invoker. A public service needs no invoker.
resource "google_cloud_run_v2_service_iam_binding" "invokers" {
  count = var.public ? 0 : 1

  name     = google_cloud_run_v2_service.this.name
  location = google_cloud_run_v2_service.this.location
  role     = "roles/run.invoker"
  members  = var.invokers
}
