variable "project" {
  description = "ID of the Google Cloud project."
  type        = string
}

variable "prefix" {
  description = "Prefix of the names of the buckets."
  type        = string
}

variable "region" {
  description = "Region of the originals."
  type        = string
}

variable "location" {
  description = "Region of the copies."
  type        = string
}

variable "originals" {
  description = "Names of the buckets of the index, by kind."
  type        = map(string)
}

variable "names_suffix" {
  description = "Suffix of the names of the roles."
  type        = string
}

variable "delete_data" {
  description = "Whether Terraform may delete a bucket that contains objects."
  type        = bool
}

variable "kms_key" {
  description = "Cloud KMS key in the region of the copies; null: keys of Google."
  type        = string
}

variable "original_kms_key" {
  description = "Cloud KMS key of the originals; null: keys of Google."
  type        = string
}
