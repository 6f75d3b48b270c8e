variable "project" {
  description = "ID of the Google Cloud project of this installation."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A Google Cloud project ID has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the buckets, services, messages, images and the secret."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region has a name like europe-west1."
  }
}

variable "tag" {
  description = "Tag of the images to run. deploy/install builds the images and sets it."
  type        = string
}

variable "names_suffix" {
  description = "Suffix of the names of custom roles and Workload Identity pools. Google reserves these names for up to 37 days after deletion: set a suffix to install again within that time. Do not change it on an existing installation: Terraform would revoke all rights and grant them again. For one uploader use pool_suffix."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-z0-9]{0,4}$", var.names_suffix))
    error_message = "names_suffix has at most 4 lower-case letters and digits."
  }
}

variable "operators" {
  description = <<-EOT
    Principals (user:…, group:…) that may give commands (yank, remove, quarantine, …), create tokens,
    read all objects and the logs, replay dead letters and execute the repair jobs.
    A list, or a map from names to principals. An operator gives commands as objects under
    operators/<name>/, so the name is the author in records and answers. The name of a principal in a
    list is its address without the part from the @ on.
  EOT
  type        = any
  default     = []
  nullable    = false

  validation {
    condition     = can(tolist([for each in try(values(var.operators), tolist(var.operators)) : tostring(each)]))
    error_message = "operators is a list of principals, or a map from names to principals: operators = { ada = \"user:ada@example.com\" }."
  }
  validation {
    condition     = length(setintersection(try(toset(values(var.operators)), toset(var.operators), toset([])), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "allUsers and allAuthenticatedUsers cannot be operators: name users or groups."
  }
  validation {
    condition = alltrue([
      for name in try(keys(var.operators), [for each in var.operators : lower(regex("^\\w+:([^@/]+)@", each)[0])], [""]) :
      can(regex("^[a-z0-9][a-z0-9._-]{0,62}$", name))
    ])
    error_message = "The name of an operator has 1 to 63 lower-case letters, digits, dots, hyphens and underscores. A principal without such an address needs a name: operators = { ada = \"principal://…\" }."
  }
  validation {
    condition     = length(distinct(try(keys(var.operators), [for each in var.operators : lower(regex("^\\w+:([^@/]+)@", each)[0])], []))) == length(var.operators)
    error_message = "Two operators have the same name. Give each one its own: operators = { ada = \"user:ada@example.com\", ada-2 = \"user:ada@example.org\" }."
  }
  validation {
    condition     = length(distinct(try(values(var.operators), tolist(var.operators), []))) == try(length(var.operators), 0)
    error_message = "An operator is listed twice."
  }
}

variable "command_messages" {
  description = "Whether operators may also give commands as messages on project-command. Pub/Sub does not log who publishes a message, so these commands have no author."
  type        = bool
  default     = true
  nullable    = false
}

variable "settings" {
  description = "Further settings, by service: { ingest = { STRICT = \"true\" } }. docs/configuration.md lists them."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), ["ingest", "indexer", "publisher", "catalog", "web", "proxy", "upload"])) == 0
    error_message = "The services are ingest, indexer, publisher, catalog, web, proxy and upload."
  }
}

variable "instances" {
  description = "Maximum number of instances, by service. The defaults are in main.tf; the quota of a new Google Cloud project may be lower. The catalog always has one."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.instances), ["ingest", "indexer", "publisher", "web", "proxy", "upload"])) == 0
    error_message = "instances can limit ingest, indexer, publisher, web, proxy and upload."
  }
}

variable "domain" {
  description = "Your own domain for the index, verified for your account. Default: the address from Cloud Run."
  type        = string
  default     = null
}

variable "upload_service" {
  description = "Whether there is an upload service, with which twine, uv and other tools publish. Only uploaders with upload = true can use it."
  type        = bool
  default     = true
  nullable    = false
}

variable "web_service" {
  description = "Whether there are pages for people and the JSON of /pypi/. Set it to false only to go back to images of a release without them (docs/upgrade.md)."
  type        = bool
  default     = true
  nullable    = false
}

variable "upload_domain" {
  description = "Your own domain for the upload service, verified for your account. Default: the address from Cloud Run."
  type        = string
  default     = null
}

variable "alert_email" {
  description = "Email address for alerts (docs/operate.md). Google charges for each alert. Default: no alerts."
  type        = string
  default     = null
}

variable "muted_alerts" {
  description = "Names of alerts to leave out, for example no-traffic for an index without daily use."
  type        = set(string)
  default     = []
}

variable "budget" {
  description = "Monthly cost above which Google warns, in the currency of the billing account. Default: no warning."
  type        = object({ billing_account = string, amount = number })
  default     = null
}

variable "kms_key" {
  description = "Cloud KMS key (projects/…/cryptoKeys/…) that encrypts packages, records and pages. It must be in the same region, and the service agent of Cloud Storage must already have the right to use it. Default: keys of Google."
  type        = string
  default     = null
}

variable "data_access_logs" {
  description = "Whether the audit log records each object write with principal and IP address. Cloud Logging charges for its lines: one for each object of a publish."
  type        = bool
  default     = false
}

variable "delete_data" {
  description = "Whether Terraform may delete buckets that contain objects. Only deploy/uninstall --delete-data sets it."
  type        = bool
  default     = false
}
