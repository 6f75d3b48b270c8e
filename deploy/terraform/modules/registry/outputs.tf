output "images" {
  description = "What an image's address starts with."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "builder" {
  description = "The account that builds, as Cloud Build wants it named."
  value       = google_service_account.builder.id
}

output "builds" {
  description = "The bucket of builds' source."
  value       = google_storage_bucket.builds.name
}
