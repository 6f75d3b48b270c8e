output "images" {
  description = "Artifact Registry path of the images, without image name and tag."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "builder" {
  description = "Service account that builds the images, as a resource name for Cloud Build."
  value       = google_service_account.builder.id
}

output "builds" {
  description = "Name of the bucket for the source of builds."
  value       = google_storage_bucket.builds.name
}
