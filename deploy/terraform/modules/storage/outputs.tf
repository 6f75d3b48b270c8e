output "names" {
  description = "Names of the buckets incoming, packages, verdicts, metadata and static."
  value       = { for key, bucket in google_storage_bucket.this : key => bucket.name }
}
