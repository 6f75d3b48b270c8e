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
