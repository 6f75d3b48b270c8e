# All grants in two tables: this file for buckets, topics.tf for topics. docs/security.md has the same
# tables with reasons; tests/unit/docs/test_security.py compares them.

locals {
  # prefixes, names and files limit a grant to matching objects; without them it covers the whole bucket. files are
  # prefixes of names without a further slash. One condition has at most 12 logical operators.
  services = [
    # Stats, reads and copies uploads. The list permission gives "not found" for deleted objects.
    { who = "ingest", role = "reader", bucket = "incoming" },
    # Promotes files: creates if absent. No identity can overwrite.
    { who = "ingest", role = "appender", bucket = "packages" },
    # A verdict is written once. On redelivery the service reads the existing one.
    { who = "ingest", role = "appender", bucket = "verdicts" },
    # Reads from the record whether the project is closed. A new project has no record.
    { who = "ingest", role = "reader", bucket = "metadata" },
    { who = "indexer", role = "writer", bucket = "metadata" },
    # Like ingest, but only for answers to commands. List cannot be granted by prefix.
    { who = "indexer", role = "reader", bucket = "verdicts" },
    { who = "indexer", role = "creator", bucket = "verdicts", prefixes = ["commands/"] },
    { who = "publisher", role = "reader", bucket = "metadata" },
    { who = "publisher", role = "writer", bucket = "static" },
    # Reads the custom metadata from the listing; without it, the record.
    { who = "catalog", role = "reader", bucket = "metadata" },
    { who = "catalog", role = "reader", bucket = "static" },
    {
      who      = "catalog", role = "writer", bucket = "static",
      prefixes = ["changelog/"],
      names    = ["index.html", "simple/index.html", "simple/index.v1.json"],
    },
    # The pages of projects begin with projects/ too, also those of a project whose name begins with page.
    {
      who      = "catalog", role = "writer", bucket = "static",
      prefixes = ["changes/", "search/"],
      names    = ["changes.json", "feed.xml", "recent.json", "search.json", "totals.json"],
      files    = ["projects/page"],
    },
    # Style sheets and scripts, under names with their digests. Nothing replaces them.
    { who = "catalog", role = "creator", bucket = "static", prefixes = ["static/"] },
    # The record, the metadata of files and the custom metadata of files.
    { who = "web", role = "reader", bucket = "metadata" },
    { who = "web", role = "reader", bucket = "packages" },
    # Lists its pages with their generations. List cannot be granted by prefix.
    { who = "web", role = "reader", bucket = "static" },
    { who = "web", role = "writer", bucket = "static", prefixes = ["projects/", "pypi/"] },
    { who = "proxy", role = "reader", bucket = "packages" },
    { who = "proxy", role = "reader", bucket = "static" },
    { who = "repair", role = "reader", bucket = "metadata" },
    { who = "repair", role = "reader", bucket = "static" },
    # Writes a missing .metadata object, like ingest.
    { who = "repair", role = "appender", bucket = "packages" },
    # Lists uploads and their verdicts, to announce the uploads without one.
    { who = "repair", role = "reader", bucket = "incoming" },
    { who = "repair", role = "reader", bucket = "verdicts" },
    # Stores files and commands of holders of publishing tokens, and never replaces one. Without the list
    # permission, "forbidden" means "not found".
    { who = "upload", role = "creator", bucket = "incoming", prefixes = ["upload/"] },
    { who = "upload", role = "getter", bucket = "incoming", prefixes = ["upload/"] },
    # Finds the same file, a refusal, and the page that lists the file. Ingest reads the records.
    { who = "upload", role = "reader", bucket = "packages" },
    { who = "upload", role = "reader", bucket = "verdicts" },
    { who = "upload", role = "reader", bucket = "static" },
    # Uses each identity token once.
    { who = "upload", role = "creator", bucket = "verdicts", prefixes = ["jti/"] },
  ]

  uploaders = flatten([
    for name, each in var.uploaders : [
      { who = name, role = "creator", bucket = "incoming", prefixes = ["${name}/"], member = each.member },
      { who = name, role = "getter", bucket = "verdicts", prefixes = ["${name}/"], member = each.member },
      # Answers to its commands; the dot ends its name.
      { who = name, role = "getter", bucket = "verdicts", prefixes = ["commands/${name}."], member = each.member },
    ]
  ])

  # Operators create tokens, so they can read packages in any case.
  operators = flatten([
    for name, who in var.operators : [
      # The author of a command is the prefix of its object.
      { who = who, role = "creator", bucket = "incoming", prefixes = ["operators/${name}/"], member = who },
      # Imported files state the upload time of their source, which ingest believes.
      { who = who, role = "creator", bucket = "incoming", prefixes = ["import/"], member = who },
      { who = who, role = "reader", bucket = "incoming", member = who },
      { who = who, role = "reader", bucket = "packages", member = who },
      { who = who, role = "reader", bucket = "verdicts", member = who },
      { who = who, role = "reader", bucket = "metadata", member = who },
    ]
  ])

  # Each kind of identity has its own map: an uploader with the name of a service gets none of its rights.
  rights = concat(
    # The upload service is optional. No uploader has a name with a space.
    [
      for right in local.services : merge(right, {
        key    = right.who == "upload" ? "upload service" : right.who
        member = var.services[right.who]
      }) if contains(keys(var.services), right.who)
    ],
    local.uploaders,
    local.operators,
  )

  grants = {
    for right in local.rights :
    join(" ", concat([try(right.key, right.who), right.role, right.bucket], try(right.prefixes, []))) => {
      member   = right.member
      role     = google_project_iam_custom_role.this[right.role].id
      bucket   = var.buckets[right.bucket]
      objects  = "projects/_/buckets/${var.buckets[right.bucket]}/objects"
      prefixes = try(right.prefixes, [])
      names    = try(right.names, [])
      files    = try(right.files, [])
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
      title = "only ${join(", ", concat(each.value.prefixes, each.value.names, [for file in each.value.files : "${file}*"]))}"
      expression = join(" || ", concat(
        [for prefix in each.value.prefixes : "resource.name.startsWith(\"${each.value.objects}/${prefix}\")"],
        [for name in each.value.names : "resource.name == \"${each.value.objects}/${name}\""],
        # The template takes the name of the next folder. It gives nothing if there is none.
        [
          for file in each.value.files :
          "resource.name.startsWith(\"${each.value.objects}/${file}\") && resource.name.extract(\"${each.value.objects}/${dirname(file)}/{folder}/\") == \"\""
        ],
      ))
    }
  }
}
