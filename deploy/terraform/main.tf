# gcpypi in one Google Cloud project. Each module has one concern; this file connects the modules.

data "google_project" "this" {
  project_id = var.project

  lifecycle {
    precondition {
      condition     = length(var.publishers) == 0 || length(var.uploaders) == 0
      error_message = "Both uploaders and publishers are set in terraform.tfvars. publishers is the former name of uploaders: move its entries to uploaders."
    }
  }
}

locals {
  prefix = "${var.project}-gcpypi"

  # publishers is the former name (publishers.tf); a precondition above refuses both.
  uploaders = length(var.publishers) > 0 ? var.publishers : var.uploaders

  # By name. The name of a principal in a list is its address without the part from the @ on.
  operators = try(tomap(var.operators), { for each in var.operators : lower(regex("^\\w+:([^@/]+)@", each)[0]) => each })

  # Defined here, because a service needs the name of its secret and the secret needs the service's identity.
  tokens_secret    = "gcpypi-tokens"
  uploaders_secret = "gcpypi-uploaders"

  bucket_settings = { for name, bucket in module.storage.names : "${upper(name)}_BUCKET" => bucket }

  # The buckets of each service and its limits (DESIGN: "Concurrency and cost").
  # timeout: seconds; for workers the ack deadline of a push, for proxy and upload enough for a slow client.
  all_services = {
    ingest    = { image = "ingest", buckets = ["INCOMING", "PACKAGES", "VERDICTS", "METADATA"], concurrency = 2, instances = 10, memory = "1Gi", timeout = 600 }
    indexer   = { image = "indexer", buckets = ["METADATA", "VERDICTS"], concurrency = 250, instances = 3, memory = "512Mi", timeout = 600 }
    publisher = { image = "publisher", buckets = ["METADATA", "STATIC"], concurrency = 250, instances = 3, memory = "512Mi", timeout = 600 }
    # One instance, so that one run of the catalog answers all waiting pushes: high concurrency.
    catalog = { image = "publisher", buckets = ["METADATA", "STATIC"], concurrency = 1000, instances = 1, memory = "1Gi", timeout = 600 }
    # Pages for people: another module of the image. Its child processes render hostile descriptions; each may use
    # 384 MiB of addresses, and four share the CPU.
    web = { image = "publisher", buckets = ["METADATA", "STATIC", "PACKAGES"], concurrency = 250, instances = 3, memory = "2Gi", timeout = 600 }
    # The proxy reads packages and static. It has the names of the other buckets only for its description.
    proxy = { image = "proxy", buckets = ["INCOMING", "PACKAGES", "VERDICTS", "METADATA", "STATIC"], concurrency = 80, instances = 20, memory = "512Mi", timeout = 3600 }
    # Large uploads last minutes, and an upload keeps at most 1 MiB in memory.
    upload = { image = "upload", buckets = ["INCOMING", "PACKAGES", "VERDICTS", "STATIC"], concurrency = 20, instances = 5, memory = "512Mi", timeout = 3600 }
  }
  absent   = concat(var.upload_service ? [] : ["upload"], var.web_service ? [] : ["web"])
  services = { for name, each in local.all_services : name => each if !contains(local.absent, name) }

  # Names of the services in Cloud Run. They are computed, because the proxy describes itself too.
  service_names = { for name in keys(local.services) : name => "gcpypi-${name}" }

  # Addresses of the public services. A service needs its own and that of the other one, so the address is
  # the deterministic one of Cloud Run (https://cloud.google.com/run/docs/triggering/https-request), which is
  # known before the service exists.
  run_domain = "${data.google_project.this.number}.${var.region}.run.app"
  host       = coalesce(var.domain, "gcpypi-proxy-${local.run_domain}")
  index_url  = lookup(lookup(var.settings, "publisher", {}), "INDEX_URL", "https://${local.host}/simple/")
  upload_url = var.upload_service ? "https://${coalesce(var.upload_domain, "gcpypi-upload-${local.run_domain}")}/legacy/" : null

  # Settings of the publisher that the pages contain. A change of these, or of README_IMAGES, needs a rebuild of
  # the pages: deploy/install reads the output "rendering".
  page_settings = {
    for name, value in merge(
      var.domain == null ? {} : { INDEX_URL = "https://${var.domain}/simple/" },
      lookup(var.settings, "publisher", {}),
    ) : name => value if contains(["INDEX_URL", "TITLE"], name)
  }

  # The pages for people show remote images, the proxy permits browsers to load them, and verify compares the pages.
  image_settings = { for name, value in lookup(var.settings, "web", {}) : name => value if name == "README_IMAGES" }

  # An alert on a service that does not exist is never raised, and costs money.
  muted_alerts = setunion(var.muted_alerts, toset(var.upload_service ? [] : ["upload-errors"]))

  # The setting UPLOADERS. An uploader with the default commands has the short form, which the images of
  # release 0.2 can read too. A disabled one has no projects, and so no commands.
  short_uploaders = {
    for name, each in local.uploaders : name => each.disabled ? [] : each.projects
    if each.disabled || (toset(each.commands) == toset(["yank", "unyank"]) && !each.upload)
  }
  long_uploaders = {
    for name, each in local.uploaders : name => merge(
      { projects = each.projects, commands = each.commands },
      { for key, value in { upload = true } : key => value if each.upload },
    )
    if !contains(keys(local.short_uploaders), name)
  }
  uploaders_setting = jsonencode(merge(local.short_uploaders, local.long_uploaders))

  # The upload service makes the checks of ingest before it stores a file, so it has the same limits.
  check_settings = {
    for name, value in lookup(var.settings, "ingest", {}) : name => value
    if contains([
      "ALLOWED_PROJECTS", "MAX_FILE_SIZE", "MAX_MEMBERS", "MAX_UNPACKED_SIZE", "ALLOW_DIRECT_URLS", "STRICT",
      "STRICT_PLATFORM_TAGS", "STARTUP_FILES", "BLOCK_STDLIB_NAMES",
    ], name)
  }

  # Settings that depend on the installation; var.settings takes precedence.
  defaults = {
    publisher = local.page_settings
    catalog   = local.page_settings
    # The default command of the image runs the module main of this package.
    web    = merge(local.page_settings, { SERVICE = "publisher.web" })
    ingest = { UPLOADERS = local.uploaders_setting }
    upload = merge(local.check_settings, {
      UPLOADERS        = local.uploaders_setting
      UPLOADERS_SECRET = local.uploaders_secret
      UPLOAD_URL       = local.upload_url
      INDEX_URL        = local.index_url
    })
    proxy = merge(var.upload_service ? { UPLOAD_URL = local.upload_url } : {}, local.image_settings, {
      TOKENS_SECRET = local.tokens_secret
      # Audience of the identity tokens of readers.
      INDEX_URL = local.index_url
      # Cloud Run refuses a response with a Content-Length above 32 MiB; 1 MiB is left for headers.
      MAX_CONTENT_LENGTH = tostring(31 * 1024 * 1024)
      # Names for /.well-known/gcpypi.json, with those of the buckets.
      REGION             = var.region
      TOPICS             = jsonencode(module.messaging.topic_names)
      CLOUD_RUN_SERVICES = jsonencode(local.service_names)
      CLOUD_RUN_JOBS     = jsonencode(module.repair.names)
    })
  }
}

module "storage" {
  source = "./modules/storage"

  project     = var.project
  prefix      = local.prefix
  region      = var.region
  delete_data = var.delete_data
  kms_key     = var.kms_key
}

module "registry" {
  source = "./modules/registry"

  project = var.project
  region  = var.region
  prefix  = local.prefix
}

# Identity of Pub/Sub's pushes; only this identity can invoke a worker.
resource "google_service_account" "pusher" {
  account_id   = "gcpypi-pusher"
  display_name = "gcpypi: pushes messages to the workers"
}

module "service" {
  source   = "./modules/service"
  for_each = local.services

  name        = each.key
  region      = var.region
  image       = "${module.registry.images}/${each.value.image}:${var.tag}"
  public      = contains(["proxy", "upload"], each.key)
  http2       = each.key == "upload" # without the limit of HTTP/1, 32 MiB a request
  invokers    = [google_service_account.pusher.member]
  concurrency = each.value.concurrency
  instances   = lookup(var.instances, each.key, each.value.instances)
  memory      = each.value.memory
  timeout     = each.value.timeout

  environment = merge(
    { GCP_PROJECT = var.project },
    { for name in each.value.buckets : "${name}_BUCKET" => local.bucket_settings["${name}_BUCKET"] },
    lookup(local.defaults, each.key, {}),
    lookup(var.settings, each.key, {}),
  )
}

# With DOWNLOADS=redirect the proxy signs URLs with its own identity, without a key.
resource "google_service_account_iam_member" "proxy_signs" {
  count = lookup(lookup(var.settings, "proxy", {}), "DOWNLOADS", "stream") == "redirect" ? 1 : 0

  service_account_id = module.service["proxy"].account
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = module.service["proxy"].member
}

module "repair" {
  source = "./modules/repair"

  region    = var.region
  images    = module.registry.images
  tag       = var.tag
  operators = values(local.operators)
  # Settings of ingest and publisher (their images run the jobs) and the names of all buckets.
  environment = merge(
    { GCP_PROJECT = var.project },
    local.bucket_settings,
    local.page_settings,
    local.image_settings,
  )
}

module "messaging" {
  source = "./modules/messaging"

  project_number = data.google_project.this.number
  region         = var.region
  incoming       = module.storage.names["incoming"]
  endpoints      = { for name, service in module.service : name => service.uri }
  pusher         = { id = google_service_account.pusher.name, email = google_service_account.pusher.email }
}

module "uploaders" {
  source = "./modules/uploaders"

  project      = var.project
  uploaders    = local.uploaders
  names_suffix = var.names_suffix
  builds       = module.registry.builds
}

module "access" {
  source = "./modules/access"

  project      = var.project
  names_suffix = var.names_suffix
  services     = { for name, each in merge(module.service, { repair = module.repair }) : name => each.member }
  uploaders = {
    for name, member in module.uploaders.members : name => { member = member, announce = local.uploaders[name].announce }
  }
  operators        = local.operators
  command_messages = var.command_messages
  buckets          = module.storage.names
  topics           = module.messaging.topics
  dead_letters     = module.messaging.dead_letters
  signers          = var.upload_service ? { upload = { account = module.service["upload"].account, member = module.service["upload"].member } } : {}
}

module "secrets" {
  source = "./modules/secrets"

  name      = local.tokens_secret
  region    = var.region
  reader    = module.service["proxy"].member
  operators = values(local.operators)
  uploaders = { name = local.uploaders_secret, readers = { for name in ["upload"] : name => module.service[name].member if var.upload_service } }
}

module "observability" {
  source = "./modules/observability"

  project        = var.project
  project_number = data.google_project.this.number
  email          = var.alert_email
  muted_alerts   = local.muted_alerts
  budget         = var.budget
}

module "domain" {
  source = "./modules/domain"
  count  = var.domain == null ? 0 : 1

  project = var.project
  region  = var.region
  domain  = var.domain
  service = module.service["proxy"].name
}

module "upload_domain" {
  source = "./modules/domain"
  count  = var.upload_service && var.upload_domain != null ? 1 : 0

  project = var.project
  region  = var.region
  domain  = var.upload_domain
  service = module.service["upload"].name
}
