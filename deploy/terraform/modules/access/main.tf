# Who may do what, in two tables: with which bucket, and with which topic.
# docs/security.md says the same with reasons; deploy/offline_checks compares what is planned with it.

locals {
  # prefixes, and names beside them: only of objects that are called so; neither: of all.
  services = [
    # Stats, reads and copies what was uploaded; asks for what may be gone.
    { who = "ingest", role = "reader", bucket = "incoming" },
    # Promotes: creates if absent. It could not overwrite if it wanted to; nobody can.
    { who = "ingest", role = "appender", bucket = "packages" },
    # A verdict is written once; written again on redelivery, it is found to be there.
    { who = "ingest", role = "appender", bucket = "verdicts" },
    # Asks the record's object whether the project is closed; there is none of a new project.
    { who = "ingest", role = "reader", bucket = "metadata" },
    { who = "indexer", role = "writer", bucket = "metadata" },
    # As ingest, for the answers to commands only; a listing cannot be granted by prefix.
    { who = "indexer", role = "reader", bucket = "verdicts" },
    { who = "indexer", role = "creator", bucket = "verdicts", prefixes = ["commands/"] },
    { who = "publisher", role = "reader", bucket = "metadata" },
    { who = "publisher", role = "writer", bucket = "static" },
    # The listing's custom metadata says all there is to know; what it does not say, a record does.
    { who = "catalog", role = "reader", bucket = "metadata" },
    { who = "catalog", role = "reader", bucket = "static" },
    {
      who      = "catalog", role = "writer", bucket = "static",
      prefixes = ["changelog/"],
      names    = ["index.html", "simple/index.html", "simple/index.v1.json"],
    },
    { who = "proxy", role = "reader", bucket = "packages" },
    { who = "proxy", role = "reader", bucket = "static" },
    { who = "repair", role = "reader", bucket = "metadata" },
    { who = "repair", role = "reader", bucket = "static" },
    # Writes a .metadata that is missing, as ingest would.
    { who = "repair", role = "appender", bucket = "packages" },
  ]

  publishers = flatten([
    for name in keys(var.publishers) : [
      { who = name, role = "creator", bucket = "incoming", prefixes = ["${name}/"] },
      { who = name, role = "getter", bucket = "verdicts", prefixes = ["${name}/"] },
    ]
  ])

  # Who makes tokens can read packages anyway.
  operators = flatten([
    for who in var.operators : [
      { who = who, role = "reader", bucket = "incoming" },
      { who = who, role = "reader", bucket = "packages" },
      { who = who, role = "reader", bucket = "verdicts" },
      { who = who, role = "reader", bucket = "metadata" },
    ]
  ])

  members = merge(var.services, var.publishers, { for who in var.operators : who => who })

  grants = {
    for grant in concat(local.services, local.publishers, local.operators) :
    join(" ", concat([grant.who, grant.role, grant.bucket], try(grant.prefixes, []))) => {
      member   = local.members[grant.who]
      role     = google_project_iam_custom_role.this[grant.role].id
      bucket   = var.buckets[grant.bucket]
      objects  = "projects/_/buckets/${var.buckets[grant.bucket]}/objects"
      prefixes = try(grant.prefixes, [])
      names    = try(grant.names, [])
    }
  }
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.grants

  bucket = each.value.bucket
  role   = each.value.role
  member = each.value.member

  dynamic "condition" {
    for_each = length(each.value.prefixes) > 0 ? [1] : []
    content {
      title = "only ${join(", ", concat(each.value.prefixes, each.value.names))}"
      expression = join(" || ", concat(
        [for prefix in each.value.prefixes : "resource.name.startsWith(\"${each.value.objects}/${prefix}\")"],
        [for name in each.value.names : "resource.name == \"${each.value.objects}/${name}\""],
      ))
    }
  }
}
