variable "project" {
  description = "The project."
  type        = string
}

variable "publishers" {
  description = "Who may publish; see the root module's variable of that name."
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
  description = "Ends the pools' names, but for those of publishers that have a suffix of their own."
  type        = string
}

variable "builds" {
  description = "The bucket of builds' source."
  type        = string
}
