output "tokens" {
  description = "Name of the secret."
  value       = google_secret_manager_secret.tokens.secret_id
}
