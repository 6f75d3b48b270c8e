# The secret that holds the tokens' digests; its versions are made by `python -m proxy.tokens`.

resource "google_secret_manager_secret" "tokens" {
  secret_id = var.name

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "proxy" {
  secret_id = google_secret_manager_secret.tokens.id
  role      = "roles/secretmanager.secretAccessor"
  member    = var.reader
}

# To make or revoke a token is to read the list and add a newer one; old ones are destroyed.
resource "google_secret_manager_secret_iam_member" "operators" {
  for_each = {
    for pair in setproduct(var.operators, ["secretAccessor", "secretVersionManager"]) :
    "${pair[0]}: ${pair[1]}" => { member = pair[0], role = "roles/secretmanager.${pair[1]}" }
  }

  secret_id = google_secret_manager_secret.tokens.id
  role      = each.value.role
  member    = each.value.member
}
