# Former name of the variable uploaders. Remove this file in release 0.3.0.

variable "publishers" {
  description = "Former name of uploaders, accepted in release 0.2 only. Rename it in terraform.tfvars."
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
    commands    = optional(list(string), ["yank", "unyank"])
    announce    = optional(bool, true)
    upload      = optional(bool, false)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.publishers) : can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", name))])
    error_message = "The name of an uploader has 3 to 20 lower-case letters, digits and hyphens."
  }
  validation {
    # Names of services and images, and prefixes of objects that are not the uploads of one uploader.
    # The same list is in uploaders.tf; tests/deploy/test_identities.py checks both.
    condition = length(setintersection(keys(var.publishers), [
      "catalog", "commands", "gcloud", "images", "import", "indexer", "ingest", "jti", "local",
      "messages", "operators", "proxy", "publisher", "repair", "upload", "web",
    ])) == 0
    error_message = "These names are reserved for services and for prefixes of objects: catalog, commands, gcloud, images, import, indexer, ingest, jti, local, messages, operators, proxy, publisher, repair, upload, web. Choose another name for the uploader."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : each.issuer == null || trimspace(each.condition) != ""])
    error_message = "An issuer needs a condition: without one, every customer of the issuer could publish."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : length(each.projects) > 0])
    error_message = "An uploader needs at least one glob in projects."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : each.issuer == null || can(regex("^https://", each.issuer))])
    error_message = "An issuer is an https:// address."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : each.pool_suffix == null || can(regex("^[a-z0-9]{1,4}$", each.pool_suffix))])
    error_message = "A pool_suffix has 1 to 4 lower-case letters and digits."
  }
  validation {
    condition     = alltrue([for each in values(var.publishers) : length(setsubtract(each.commands, ["yank", "unyank", "remove", "restore", "set-status"])) == 0])
    error_message = "The commands of an uploader are among yank, unyank, remove, restore and set-status."
  }
}

check "deprecated_variables" {
  assert {
    condition     = length(var.publishers) == 0
    error_message = "The variable publishers is now called uploaders. Rename it in terraform.tfvars: release 0.3.0 does not accept the old name."
  }
}
