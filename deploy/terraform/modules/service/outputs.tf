output "name" {
  description = "Name of the service in Cloud Run."
  value       = google_cloud_run_v2_service.this.name
}

output "uri" {
  description = "URL of the service."
  value       = google_cloud_run_v2_service.this.uri
}

output "member" {
  description = "IAM member of the service."
  value       = google_service_account.this.member
}

output "account" {
  description = "Resource name of the service account."
  value       = google_service_account.this.name
}
