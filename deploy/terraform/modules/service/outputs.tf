output "name" {
  description = "The service's name in Cloud Run."
  value       = google_cloud_run_v2_service.this.name
}

output "uri" {
  description = "Where it answers."
  value       = google_cloud_run_v2_service.this.uri
}

output "member" {
  description = "Its identity, as IAM names it."
  value       = google_service_account.this.member
}

output "account" {
  description = "The account of its identity, as its own IAM names it."
  value       = google_service_account.this.name
}
