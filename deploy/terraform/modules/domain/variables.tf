variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "domain" {
  description = "Domain name."
  type        = string
}

variable "service" {
  description = "Cloud Run service behind the domain."
  type        = string
}
