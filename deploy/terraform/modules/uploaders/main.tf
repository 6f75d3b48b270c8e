# One service account per uploader, and the keyless sign-in of its CI. Grants on buckets and topics are
# in ../access.

locals {
  outside = { for name, each in var.uploaders : name => each if each.issuer != null }
  inside  = { for name, each in var.uploaders : name => each if each.cloud_build }
}

resource "google_service_account" "this" {
  for_each = var.uploaders

  account_id   = "gcpypi-ci-${each.key}"
  display_name = "gcpypi: publishes as ${each.key}"
  disabled     = each.value.disabled
}

# One pool per uploader. Each identity in it has met the condition of its only provider, so the whole
# pool may act as the uploader. The CI of other uploaders is not in it.
resource "google_iam_workload_identity_pool" "this" {
  for_each = local.outside

  workload_identity_pool_id = join("-", compact(["gcpypi", each.key, each.value.pool_suffix == null ? var.names_suffix : each.value.pool_suffix]))
  display_name              = "gcpypi: ${each.key}"
}

resource "google_iam_workload_identity_pool_provider" "this" {
  for_each = local.outside

  workload_identity_pool_id          = google_iam_workload_identity_pool.this[each.key].workload_identity_pool_id
  workload_identity_pool_provider_id = "ci"
  attribute_mapping                  = { "google.subject" = each.value.subject }
  attribute_condition                = each.value.condition
  disabled                           = each.value.disabled

  oidc {
    issuer_uri        = each.value.issuer
    allowed_audiences = each.value.audiences
  }
}

resource "google_service_account_iam_member" "outside" {
  for_each = local.outside

  service_account_id = google_service_account.this[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.this[each.key].name}/*"
}

resource "google_service_account_iam_member" "users" {
  for_each = merge([
    for name, uploader in var.uploaders :
    { for user in uploader.users : "${name}: ${user}" => { uploader = name, member = user } }
  ]...)

  service_account_id = google_service_account.this[each.value.uploader].name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value.member
}

# A build with its own service account reads its source and writes its log under that account.
resource "google_storage_bucket_iam_member" "source" {
  for_each = local.inside

  bucket = var.builds
  role   = "roles/storage.objectViewer"
  member = google_service_account.this[each.key].member

  condition {
    title      = "source of ${each.key}"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.builds}/objects/${each.key}/\")"
  }
}

resource "google_project_iam_member" "log" {
  for_each = local.inside

  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.this[each.key].member
}
