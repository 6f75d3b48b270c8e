output "member" {
  description = "The identity that repairs, as IAM names it."
  value       = google_service_account.this.member
}
