variable "project_number" {
  description = "Number of the Google Cloud project, part of the name of its Pub/Sub service agent."
  type        = string
}

variable "region" {
  description = "Only region that stores messages."
  type        = string
}

variable "incoming" {
  description = "Bucket that announces its new objects."
  type        = string
}

variable "endpoints" {
  description = "URLs of the services, by name."
  type        = map(string)
}

variable "pusher" {
  description = "Service account of the pushes."
  type        = object({ id = string, email = string })
}
