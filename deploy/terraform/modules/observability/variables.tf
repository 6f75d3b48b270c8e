variable "project" {
  description = "The project."
  type        = string
}

variable "project_number" {
  description = "Its number."
  type        = string
}

variable "email" {
  description = "Where alerts go; none: there are no alerts."
  type        = string
}

variable "budget" {
  description = "Warn when a month costs more than this; none: never."
  type        = object({ billing_account = string, amount = number })
}
