variable "project" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "Where the service runs."
  type        = string
}

variable "domain" {
  description = "The domain."
  type        = string
}

variable "service" {
  description = "The service to serve there."
  type        = string
}
