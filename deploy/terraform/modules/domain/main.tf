# Domain mapping of Cloud Run: free, but not available in every region. In other regions put an
# external Application Load Balancer in front of the proxy.

resource "google_cloud_run_domain_mapping" "this" {
  name     = var.domain
  location = var.region

  metadata {
    namespace = var.project
  }

  spec {
    route_name = var.service
  }

  # Cloud Run adds annotations. Without this, Terraform would replace the mapping and its certificate.
  lifecycle {
    ignore_changes = [metadata]
  }
}
