# Optional copies of packages and records in another region (docs/operate.md).

variable "backup_location" {
  description = "Region with hourly copies of packages and records, for example europe-west4. Google charges for their storage and for the traffic between the regions. Default: no copies. Do not remove it later without the steps of docs/operate.md: Terraform refuses to delete the copies."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", coalesce(var.backup_location, "none-none1")))
    error_message = "backup_location is a region with a name like europe-west4."
  }
}

variable "backup_kms_key" {
  description = "Cloud KMS key in the region backup_location that encrypts the copies. Required with kms_key."
  type        = string
  default     = null
}

module "backup" {
  source = "./modules/backup"
  count  = var.backup_location == null ? 0 : 1

  project          = var.project
  prefix           = local.prefix
  region           = var.region
  location         = var.backup_location
  originals        = module.storage.names
  names_suffix     = var.names_suffix
  delete_data      = var.delete_data
  kms_key          = var.backup_kms_key
  original_kms_key = var.kms_key
}

output "backups" {
  description = "Names of the copies of packages and metadata in backup_location; empty without it."
  value       = one(module.backup[*].names)
}
