variable "project" {
  description = "The Google Cloud project that everything goes into."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "The one place for everything: buckets, services, messages, images, the secret."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region is named like europe-west1."
  }
}

variable "tag" {
  description = "The tag of the images to run; deploy/install builds and names it."
  type        = string
}

variable "publishers" {
  description = <<-EOT
    Who may publish what, by the first segment of the names they upload to. Each becomes a service
    account that can create objects under its own prefix, and nothing else that matters.
    projects: globs of the projects it may publish.
    issuer: of the OIDC tokens its CI holds (Workload Identity), as
    https://token.actions.githubusercontent.com; none: Cloud Build.
    condition: which of that issuer's tokens are meant, in CEL. An issuer serves the whole world, so
    there is no default.
    audiences: which audiences its tokens may name; none: the provider's own name.
    subject: what the audit log calls it by, in CEL; Google refuses more than 127 bytes, which a long
    path or ref in assertion.sub exceeds.
    pool_suffix: ends the name of its Workload Identity pool, instead of names_suffix. Set it to take
    a publisher in again within 30 days of its removal, as the name stays taken so long.
    disabled: whether it may do nothing for now, as when its CI was taken over.
    cloud_build: whether builds of this project may run as it.
    users: principals (user:…, group:…, serviceAccount:…) who may run builds as it; to run builds at
    all, and to put their source into the bucket "builds", takes rights that are yours to grant.
  EOT
  type = map(object({
    projects    = list(string)
    issuer      = optional(string)
    condition   = optional(string, "")
    audiences   = optional(list(string), [])
    subject     = optional(string, "assertion.sub")
    pool_suffix = optional(string)
    disabled    = optional(bool, false)
    cloud_build = optional(bool, false)
    users       = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.publishers) : can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", name))])
    error_message = "A publisher has 3 to 20 lower-case letters, digits and hyphens."
  }
  validation {
    condition     = length(setintersection(keys(var.publishers), ["commands", "messages", "gcloud"])) == 0
    error_message = "These prefixes of the buckets are taken: commands, messages, gcloud."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : each.issuer == null || trimspace(each.condition) != ""])
    error_message = "An issuer needs a condition: without one, everybody it knows could publish."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : length(each.projects) > 0])
    error_message = "A publisher needs at least one glob of projects."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : each.issuer == null || can(regex("^https://", each.issuer))])
    error_message = "An issuer is an https:// address."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : each.pool_suffix == null || can(regex("^[a-z0-9]{1,4}$", each.pool_suffix))])
    error_message = "A pool's suffix has up to 4 lower-case letters and digits."
  }
}

variable "names_suffix" {
  description = "Goes into the names of custom roles and Workload Identity pools, which stay taken for up to 37 days after they were deleted: set it to install again within that time. On what is installed it would take away every right and grant it anew: there is pool_suffix for a publisher alone."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-z0-9]{0,4}$", var.names_suffix))
    error_message = "Up to 4 lower-case letters and digits."
  }
}

variable "operators" {
  description = "Principals (user:…, group:…) who may yank and remove, make tokens, read all there is and the project's log, replay dead letters and execute the jobs that repair."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setintersection(var.operators, ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "An operator is somebody, not everybody."
  }
}

variable "settings" {
  description = "More settings of the services, by service: { ingest = { STRICT = \"true\" } }. docs/configuration.md lists them."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), ["ingest", "indexer", "publisher", "catalog", "proxy"])) == 0
    error_message = "The services are ingest, indexer, publisher, catalog and proxy."
  }
}

variable "instances" {
  description = "How many instances a service may have, where that is not what main.tf says: a new project may be allowed fewer. The catalog has one, always."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.instances), ["ingest", "indexer", "publisher", "proxy"])) == 0
    error_message = "The services whose instances can be limited are ingest, indexer, publisher and proxy."
  }
}

variable "domain" {
  description = "A domain of yours to serve the index at, verified for this account; none: the address Cloud Run gives."
  type        = string
  default     = null
}

variable "alert_email" {
  description = "Where alerts go: of dead letters, of messages that wait, of errors of the proxy. Google charges for alerts; none: there are no alerts."
  type        = string
  default     = null
}

variable "budget" {
  description = "Warn when a month costs more than this, in the currency of the billing account."
  type        = object({ billing_account = string, amount = number })
  default     = null
}

variable "kms_key" {
  description = "A key of Cloud KMS, in the region, to encrypt packages, records and pages with, as projects/…/cryptoKeys/…; Cloud Storage's agent must be allowed to use it before. None: Google's keys."
  type        = string
  default     = null
}

variable "data_access_logs" {
  description = "Whether the audit log says who wrote which object into which bucket, and from where. Cloud Logging charges for its lines, one for each object that a publish writes."
  type        = bool
  default     = false
}

variable "delete_data" {
  description = "Whether buckets may be deleted with what is in them; only deploy/uninstall --delete-data says so."
  type        = bool
  default     = false
}
