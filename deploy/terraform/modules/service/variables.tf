variable "name" {
  description = "Name of the service, without the prefix gcpypi-."
  type        = string
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "image" {
  description = "Image of the service, with its tag."
  type        = string
}

variable "public" {
  description = "Whether the service accepts requests from the internet without an identity."
  type        = bool
}

variable "http2" {
  description = "Whether Cloud Run sends requests as HTTP/2, without a limit of their size."
  type        = bool
  default     = false
}

variable "invokers" {
  description = "IAM members that may invoke a service that is not public."
  type        = list(string)
}

variable "concurrency" {
  description = "Maximum number of concurrent requests per instance."
  type        = number
}

variable "instances" {
  description = "Maximum number of instances."
  type        = number
}

variable "memory" {
  description = "Memory of an instance, for example 512Mi."
  type        = string
}

variable "timeout" {
  description = "Timeout of a request in seconds."
  type        = number
}

variable "environment" {
  description = "Settings, as environment variables."
  type        = map(string)
}
