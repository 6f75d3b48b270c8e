output "member" {
  description = "IAM member of the repair jobs."
  value       = google_service_account.this.member
}
