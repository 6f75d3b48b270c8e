output "tokens" {
  description = "The secret's name."
  value       = google_secret_manager_secret.tokens.secret_id
}
