output "names" {
  description = "Names of the copies of packages and metadata."
  value       = { for key, bucket in google_storage_bucket.copy : key => bucket.name }
}
