# The index at a domain of yours. Cloud Run's own mapping: free, and not offered in every region;
# where it is not, put an external Application Load Balancer before the proxy instead.

resource "google_cloud_run_domain_mapping" "this" {
  name     = var.domain
  location = var.region

  metadata {
    namespace = var.project
  }

  spec {
    route_name = var.service
  }

  # Cloud Run adds annotations, for which Terraform would make the mapping anew, and its certificate.
  lifecycle {
    ignore_changes = [metadata]
  }
}
