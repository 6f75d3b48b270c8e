variable "name" {
  description = "What the secret is called."
  type        = string
}

variable "region" {
  description = "Where the secret is."
  type        = string
}

variable "reader" {
  description = "The proxy's identity."
  type        = string
}

variable "operators" {
  description = "Who may make tokens."
  type        = list(string)
}
