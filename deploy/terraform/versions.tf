terraform {
  # 1.5 is what Cloud Shell has; only the tests need a newer one.
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # deploy/install makes the bucket and names it (-backend-config). No secret is ever in the state:
  # tokens are made by `python -m proxy.tokens`, which leaves their digests in Secret Manager.
  backend "gcs" {
    prefix = "gcpypi"
  }
}

provider "google" {
  project = var.project
  region  = var.region

  # The budget's API asks which project pays for the question.
  billing_project       = var.project
  user_project_override = true

  default_labels = { app = "gcpypi" }
}
