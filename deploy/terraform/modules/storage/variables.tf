variable "project" {
  description = "The project."
  type        = string
}

variable "prefix" {
  description = "What the buckets' names start with: they are unique in the world."
  type        = string
}

variable "region" {
  description = "Where the bytes are."
  type        = string
}

variable "delete_data" {
  description = "Whether a bucket may be deleted with what is in it."
  type        = bool
}

variable "kms_key" {
  description = "The key that what is stored is encrypted with; none: Google's."
  type        = string
}
