variable "region" {
  description = "Where the jobs run."
  type        = string
}

variable "images" {
  description = "What an image's address starts with."
  type        = string
}

variable "tag" {
  description = "The images' tag."
  type        = string
}

variable "environment" {
  description = "The settings."
  type        = map(string)
}

variable "operators" {
  description = "Who may execute the jobs."
  type        = list(string)
}
