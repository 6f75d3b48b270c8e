# Access to a worker and to the proxy.

mock_provider "google" {}

variables {
  name        = "worker"
  region      = "europe-west1"
  image       = "europe-west1-docker.pkg.dev/acme/gcpypi/ingest:1"
  public      = false
  invokers    = ["serviceAccount:pusher@example.com"]
  concurrency = 2
  instances   = 10
  memory      = "1Gi"
  timeout     = 600
  environment = { GCP_PROJECT = "acme" }
}

run "worker" {
  module {
    source = "./modules/service"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "A worker is not reachable from outside."
  }
  assert {
    condition     = !google_cloud_run_v2_service.this.invoker_iam_disabled
    error_message = "A worker requires an identity."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_binding.invokers) == 1 && google_cloud_run_v2_service_iam_binding.invokers[0].members == toset(["serviceAccount:pusher@example.com"]) && google_cloud_run_v2_service_iam_binding.invokers[0].role == "roles/run.invoker"
    error_message = "Only the pusher invokes a worker."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].service_account == google_service_account.this.email
    error_message = "A service runs under its own identity."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 2 && google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 10 && google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 0
    error_message = "A service has limits, and no instances while it is idle."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].timeout == "600s"
    error_message = "The timeout of a worker is the ack deadline."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].http_get[0].path == "/health" && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].startup_cpu_boost && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits == tomap({ cpu = "1", memory = "1Gi" })
    error_message = "A service has a startup boost and a startup probe, and no CPU between requests."
  }
  assert {
    condition     = !google_cloud_run_v2_service.this.deletion_protection
    error_message = "deploy/uninstall can remove it."
  }
}

run "proxy" {
  module {
    source = "./modules/service"
  }
  variables {
    public = true
  }

  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_ALL" && google_cloud_run_v2_service.this.invoker_iam_disabled
    error_message = "pip reaches the proxy without a Google identity."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_binding.invokers) == 0
    error_message = "The proxy has no grant to allUsers, because many organisations forbid it."
  }
  assert {
    condition     = length(google_cloud_run_v2_service.this.template[0].containers[0].ports) == 0
    error_message = "Cloud Run speaks HTTP/1 to the proxy."
  }
}

run "upload" {
  module {
    source = "./modules/service"
  }
  variables {
    public  = true
    http2   = true
    timeout = 3600
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].ports[0].name == "h2c" && google_cloud_run_v2_service.this.template[0].containers[0].ports[0].container_port == 8080
    error_message = "Cloud Run speaks HTTP/2 to the upload service, because it limits requests of HTTP/1 to 32 MiB."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].timeout == "3600s"
    error_message = "A large upload by a slow client has an hour, the maximum of Cloud Run."
  }
}
