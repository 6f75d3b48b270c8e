variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "uploaders" {
  description = "CI identities that may publish; see the variable of that name in the root module."
  type = map(object({
    issuer      = optional(string)
    condition   = string
    audiences   = list(string)
    subject     = string
    pool_suffix = optional(string)
    disabled    = bool
    cloud_build = bool
    users       = list(string)
  }))
}

variable "names_suffix" {
  description = "Suffix of the names of the pools; an uploader's pool_suffix takes precedence."
  type        = string
}

variable "builds" {
  description = "Name of the bucket for the source of builds."
  type        = string
}
