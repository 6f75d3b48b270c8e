variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "names_suffix" {
  description = "Suffix of the names of the roles."
  type        = string
}

variable "services" {
  description = "IAM members of the services and of the repair jobs, by name."
  type        = map(string)
}

variable "uploaders" {
  description = "IAM members of the uploaders, by name, and whether each may announce uploads by message."
  type        = map(object({ member = string, announce = bool }))
}

variable "operators" {
  description = "IAM members of the operators, by name."
  type        = map(string)
}

variable "command_messages" {
  description = "Whether operators may publish commands on project-command."
  type        = bool
}

variable "buckets" {
  description = "Names of the buckets."
  type        = map(string)
}

variable "topics" {
  description = "IDs of the topics, by name."
  type        = map(string)
}

variable "dead_letters" {
  description = "IDs of the dead-letter subscriptions, by name."
  type        = map(string)
}

variable "signers" {
  description = "Resource name and IAM member of each service account that may sign as itself, by the name of the service."
  type        = map(object({ account = string, member = string }))
  default     = {}
}
