variable "region" {
  description = "Region of the jobs."
  type        = string
}

variable "images" {
  description = "Artifact Registry path of the images, without image name and tag."
  type        = string
}

variable "tag" {
  description = "Tag of the images."
  type        = string
}

variable "environment" {
  description = "Settings, as environment variables."
  type        = map(string)
}

variable "operators" {
  description = "IAM members that may execute the jobs."
  type        = list(string)
}
