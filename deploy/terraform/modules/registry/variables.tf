variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Region of the images."
  type        = string
}

variable "prefix" {
  description = "Prefix of the name of the bucket."
  type        = string
}
