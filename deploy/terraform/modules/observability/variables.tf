variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "project_number" {
  description = "Number of the Google Cloud project."
  type        = string
}

variable "email" {
  description = "Email address for alerts; null: no alerts."
  type        = string
}

variable "muted_alerts" {
  description = "Names of the alerts to leave out."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.muted_alerts, ["backlog", "dead-letters", "error-rate", "no-instance", "no-traffic", "refusals", "upload-errors"])) == 0
    error_message = "The alerts are backlog, dead-letters, error-rate, no-instance, no-traffic, refusals and upload-errors."
  }
}

variable "budget" {
  description = "Monthly cost above which Google warns; null: no warning."
  type        = object({ billing_account = string, amount = number })
}
