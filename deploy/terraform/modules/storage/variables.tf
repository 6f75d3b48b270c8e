variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "prefix" {
  description = "Prefix of the names of the buckets, which are unique across Google Cloud."
  type        = string
}

variable "region" {
  description = "Location of the buckets."
  type        = string
}

variable "delete_data" {
  description = "Whether Terraform may delete a bucket that contains objects."
  type        = bool
}

variable "kms_key" {
  description = "Cloud KMS key that encrypts the objects; null: keys of Google."
  type        = string
}
