variable "project_number" {
  description = "The project's number, after which its Pub/Sub agent is called."
  type        = string
}

variable "region" {
  description = "The only region messages are stored in."
  type        = string
}

variable "incoming" {
  description = "The bucket that announces what is uploaded to it."
  type        = string
}

variable "endpoints" {
  description = "Where each service answers."
  type        = map(string)
}

variable "pusher" {
  description = "The account that pushes are made as."
  type        = object({ id = string, email = string })
}
