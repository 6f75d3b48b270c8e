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

variable "budget" {
  description = "Monthly cost above which Google warns; null: no warning."
  type        = object({ billing_account = string, amount = number })
}
