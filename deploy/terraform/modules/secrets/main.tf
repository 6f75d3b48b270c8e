# Secrets with the digests of the tokens; `gcpypi token` creates their versions.

resource "google_secret_manager_secret" "tokens" {
  secret_id = var.name

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  # Only deploy/uninstall --delete-data may destroy it (deploy/overrides).
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "proxy" {
  secret_id = google_secret_manager_secret.tokens.id
  role      = "roles/secretmanager.secretAccessor"
  member    = var.reader
}

# To create or revoke a token, the tool reads the list, adds a new version and destroys old versions.
resource "google_secret_manager_secret_iam_member" "operators" {
  for_each = {
    for pair in setproduct(var.operators, ["secretAccessor", "secretVersionManager"]) :
    "${pair[0]}: ${pair[1]}" => { member = pair[0], role = "roles/secretmanager.${pair[1]}" }
  }

  secret_id = google_secret_manager_secret.tokens.id
  role      = each.value.role
  member    = each.value.member
}

# Publishing tokens and identities. gcpypi grants the right to add a version to no identity: owners of the
# Google Cloud project have it by roles/owner. Editors have it too, but cannot read a version. The secret stays
# without the upload service, because it holds data.
resource "google_secret_manager_secret" "uploaders" {
  secret_id = var.uploaders.name

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  # Only deploy/uninstall --delete-data may destroy it (deploy/overrides).
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "uploaders" {
  for_each = var.uploaders.readers

  secret_id = google_secret_manager_secret.uploaders.id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}
