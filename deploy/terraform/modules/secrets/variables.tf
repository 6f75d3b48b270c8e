variable "name" {
  description = "Name of the secret."
  type        = string
}

variable "region" {
  description = "Region of the secret."
  type        = string
}

variable "reader" {
  description = "IAM member of the proxy."
  type        = string
}

variable "operators" {
  description = "IAM members that may create tokens."
  type        = list(string)
}

variable "uploaders" {
  description = "Name of the secret of the publishing tokens, and IAM members of the services that read it, by name."
  type        = object({ name = string, readers = map(string) })
}
