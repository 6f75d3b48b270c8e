variable "project" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "Where the images are."
  type        = string
}

variable "prefix" {
  description = "What the name of the bucket starts with."
  type        = string
}
