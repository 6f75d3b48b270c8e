output "members" {
  description = "The publishers' identities, by name."
  value       = { for name, account in google_service_account.this : name => account.member }
}

output "ci" {
  description = "What the CI of each publisher must be told."
  value = {
    for name, account in google_service_account.this : name => {
      service_account   = account.email
      identity_provider = try(google_iam_workload_identity_pool_provider.this[name].name, null)
    }
  }
}
