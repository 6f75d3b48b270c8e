# Custom roles for buckets, each with the fewest permissions. Google's predefined roles contain too
# many: objectUser and objectAdmin include delete, so they can overwrite.
#
# Cloud Storage answers "not found" (404) only with the list permission, else "forbidden" (403). The
# services rely on "not found", so a role that reads possibly absent objects also lists.
#
# Overwriting needs delete and create. With create alone, existing objects cannot change.

locals {
  roles = {
    getter   = { title = "read objects by name", permissions = ["get"] }
    reader   = { title = "read and list objects", permissions = ["get", "list"] }
    creator  = { title = "create objects, and nothing else", permissions = ["create"] }
    appender = { title = "create, read and list objects", permissions = ["create", "get", "list"] }
    writer   = { title = "create, overwrite, read and list objects", permissions = ["create", "delete", "get", "list"] }
  }
}

resource "google_project_iam_custom_role" "this" {
  for_each = local.roles

  role_id     = join("_", compact(["gcpypi_object", each.key, var.names_suffix]))
  title       = "gcpypi: ${each.value.title}"
  permissions = [for permission in each.value.permissions : "storage.objects.${permission}"]
}

# Signatures with the key that Google keeps for an account: of tokens (signJwt) and of URLs (signBlob). The
# predefined role also permits to obtain access tokens.
resource "google_project_iam_custom_role" "signer" {
  count = length(var.signers) > 0 ? 1 : 0

  role_id     = join("_", compact(["gcpypi_signer", var.names_suffix]))
  title       = "gcpypi: sign tokens and URLs"
  permissions = ["iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt"]
}

# Each account signs as itself only.
resource "google_service_account_iam_member" "signers" {
  for_each = var.signers

  service_account_id = each.value.account
  role               = google_project_iam_custom_role.signer[0].id
  member             = each.value.member
}
