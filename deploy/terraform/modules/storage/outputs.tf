output "names" {
  description = "The buckets' names: incoming, packages, verdicts, metadata, static."
  value       = { for key, bucket in google_storage_bucket.this : key => bucket.name }
}
