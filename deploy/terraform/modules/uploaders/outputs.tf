output "members" {
  description = "IAM members of the uploaders, by name."
  value       = { for name, account in google_service_account.this : name => account.member }
}

output "ci" {
  description = "Service account and identity provider for the CI of each uploader."
  value = {
    for name, account in google_service_account.this : name => {
      service_account   = account.email
      identity_provider = try(google_iam_workload_identity_pool_provider.this[name].name, null)
    }
  }
}
