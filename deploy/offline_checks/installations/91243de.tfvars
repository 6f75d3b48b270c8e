# Variables of the mock apply: tests/root.tftest.hcl of that commit.
project     = "acme-packages"
region      = "europe-west1"
tag         = "1"
operators   = ["group:operators@example.com"]
alert_email = "alerts@example.com"
budget      = { billing_account = "000000-000000-000000", amount = 20 }
settings    = { ingest = { STRICT = "true" }, publisher = { TITLE = "Acme's packages" } }
instances   = { proxy = 5 }
publishers = {
  hub   = { projects = ["acme-*"], issuer = "https://token.actions.githubusercontent.com", condition = "assertion.repository == 'acme/widgets'" }
  build = { projects = ["*"], cloud_build = true, users = ["user:ada@example.com"] }
}
