# What can be done with a bucket, each as small as somebody needs it. Google's own roles bundle too
# much: its object user and object admin may delete, so they may overwrite.
#
# Cloud Storage answers "not found" only to those who may list; to others a missing object is
# forbidden (403). The services rely on "not found", so whoever reads what may be absent also lists.
#
# To overwrite takes delete as well as create. Who only creates can never change what is there.

locals {
  roles = {
    getter   = { title = "read objects it knows by name", permissions = ["get"] }
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
