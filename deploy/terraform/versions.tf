terraform {
  # Cloud Shell has 1.5; only the tests need a newer version.
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # deploy/install creates the bucket and passes its name (-backend-config). The state contains no
  # secret: `gcpypi token` creates tokens and stores their digests in Secret Manager.
  backend "gcs" {
    prefix = "gcpypi"
  }
}

provider "google" {
  project = var.project
  region  = var.region

  # The API of budgets needs a Google Cloud project for its quota.
  billing_project       = var.project
  user_project_override = true

  default_labels = { app = "gcpypi" }
}
