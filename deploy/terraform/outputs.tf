locals {
  host      = var.domain == null ? trimprefix(module.service["proxy"].uri, "https://") : var.domain
  index_url = "https://${local.host}/simple/"
}

output "index_url" {
  description = "The index. User __token__, password a token."
  value       = local.index_url
}

output "buckets" {
  description = "The buckets: incoming, packages, verdicts, metadata, static."
  value       = module.storage.names
}

output "tokens_secret" {
  description = "The secret of the tokens' digests."
  value       = module.secrets.tokens
}

output "images" {
  description = "What an image's address starts with."
  value       = module.registry.images
}

output "builder" {
  description = "The account that builds the images."
  value       = module.registry.builder
}

output "builds" {
  description = "The bucket of builds' source."
  value       = module.registry.builds
}

output "ci" {
  description = "What the CI of each publisher must be told: its account and its identity provider."
  value       = module.publishers.ci
}

output "publish" {
  description = "How CI publishes what it built, by publisher."
  value = {
    for name in keys(var.publishers) : name => <<-EOT
      export INCOMING_BUCKET=${module.storage.names["incoming"]} VERDICTS_BUCKET=${module.storage.names["verdicts"]}
      bash publish.sh ${name} "$RUN_ID" dist/* # of examples/, copied; RUN_ID: another one each time
    EOT
  }
}

output "clients" {
  description = "How each installer is told of the index, and of no other; GCPYPI_TOKEN is a token."
  value = {
    pip    = <<-EOT
      pip install --index-url "https://__token__:$GCPYPI_TOKEN@${local.host}/simple/" PACKAGE
    EOT
    uv     = <<-EOT
      # pyproject.toml:
      [[tool.uv.index]]
      name = "gcpypi"
      url = "${local.index_url}"
      default = true
      # then: export UV_INDEX_GCPYPI_USERNAME=__token__ UV_INDEX_GCPYPI_PASSWORD="$GCPYPI_TOKEN"
    EOT
    poetry = <<-EOT
      poetry source add --priority=primary gcpypi ${local.index_url}
      poetry config http-basic.gcpypi __token__ "$GCPYPI_TOKEN"
    EOT
    pdm    = <<-EOT
      # pyproject.toml, as it is: pdm takes the token from the environment
      [[tool.pdm.source]]
      name = "pypi"
      url = "https://__token__:$${GCPYPI_TOKEN}@${local.host}/simple/"
    EOT
  }
}
