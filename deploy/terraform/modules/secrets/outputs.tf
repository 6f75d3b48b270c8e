output "tokens" {
  description = "Name of the secret."
  value       = google_secret_manager_secret.tokens.secret_id
}

output "uploaders" {
  description = "Name of the secret of the publishing tokens."
  value       = google_secret_manager_secret.uploaders.secret_id
}
