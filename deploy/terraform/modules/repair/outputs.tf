output "member" {
  description = "IAM member of the repair jobs."
  value       = google_service_account.this.member
}

output "names" {
  description = "Names of the jobs in Cloud Run, by command. They do not depend on the jobs."
  value       = local.names
}
