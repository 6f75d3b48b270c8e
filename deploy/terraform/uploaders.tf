# Uploaders are the CI identities that may publish. The publisher is a service.

variable "uploaders" {
  description = <<-EOT
    CI identities that may publish, by the first segment of the object names of their uploads. Each
    uploader gets a service account that can create objects under its own prefix.
    projects: globs of the Python projects that it may publish.
    issuer: issuer of the OIDC tokens of its CI (Workload Identity), for example
    https://token.actions.githubusercontent.com. Leave it out for Cloud Build.
    condition: CEL expression that selects tokens of that issuer. An issuer serves all of its
    customers, so there is no default.
    audiences: audiences that its tokens may name. Default: the name of the identity provider.
    subject: CEL expression for the caller's name in the audit log. Google refuses more than 127
    bytes; a long path or ref in assertion.sub exceeds that.
    pool_suffix: suffix of the name of its Workload Identity pool, in place of names_suffix. Set it to
    add an uploader again within 30 days of its removal: Google reserves the name for that long.
    disabled: whether its access is suspended, for example after an attack on its CI.
    cloud_build: whether builds in this Google Cloud project may run as this uploader.
    users: principals (user:…, group:…, serviceAccount:…) that may run builds as this uploader. They
    also need rights to start builds and to write to the bucket "builds"; grant those yourself.
    commands: commands that it may give for its projects, among yank, unyank, remove, restore and
    set-status.
    announce: whether it may also announce uploads by messages on file-uploaded. The bucket announces
    each upload in any case.
    upload: whether it may publish through the upload service too, with a publishing token or an identity
    of the secret gcpypi-uploaders.
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
    commands    = optional(list(string), ["yank", "unyank"])
    announce    = optional(bool, true)
    upload      = optional(bool, false)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.uploaders) : can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", name))])
    error_message = "The name of an uploader has 3 to 20 lower-case letters, digits and hyphens."
  }
  validation {
    # Names of services and images, and prefixes of objects that are not the uploads of one uploader.
    # The same list is in publishers.tf; tests/deploy/test_identities.py checks both.
    condition = length(setintersection(keys(var.uploaders), [
      "catalog", "commands", "gcloud", "images", "import", "indexer", "ingest", "jti", "local",
      "messages", "operators", "proxy", "publisher", "repair", "upload", "web",
    ])) == 0
    error_message = "These names are reserved for services and for prefixes of objects: catalog, commands, gcloud, images, import, indexer, ingest, jti, local, messages, operators, proxy, publisher, repair, upload, web. Choose another name for the uploader."
  }
  validation {
    condition     = alltrue([for each in values(var.uploaders) : each.issuer == null || trimspace(each.condition) != ""])
    error_message = "An issuer needs a condition: without one, every customer of the issuer could publish."
  }
  validation {
    condition     = alltrue([for each in values(var.uploaders) : length(each.projects) > 0])
    error_message = "An uploader needs at least one glob in projects."
  }
  validation {
    condition     = alltrue([for each in values(var.uploaders) : each.issuer == null || can(regex("^https://", each.issuer))])
    error_message = "An issuer is an https:// address."
  }
  validation {
    condition     = alltrue([for each in values(var.uploaders) : each.pool_suffix == null || can(regex("^[a-z0-9]{1,4}$", each.pool_suffix))])
    error_message = "A pool_suffix has 1 to 4 lower-case letters and digits."
  }
  validation {
    condition     = alltrue([for each in values(var.uploaders) : length(setsubtract(each.commands, ["yank", "unyank", "remove", "restore", "set-status"])) == 0])
    error_message = "The commands of an uploader are among yank, unyank, remove, restore and set-status."
  }
}
