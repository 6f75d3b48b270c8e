output "index_url" {
  description = "URL of the index. User name: __token__; password: a token."
  value       = local.index_url
}

output "id_token_audience" {
  description = "Audience of the ID tokens that the proxy accepts, for identities."
  value       = lookup(lookup(var.settings, "proxy", {}), "INDEX_URL", local.index_url)
}

output "upload_url" {
  description = "URL of the upload service for twine, uv and other tools; null without upload_service. User name: __token__; password: a publishing token."
  value       = local.upload_url
}

output "uploaders_secret" {
  description = "Name of the secret with the digests of the publishing tokens."
  value       = module.secrets.uploaders
}

output "proxy_url" {
  description = "Address of the proxy at Cloud Run, without a domain."
  value       = module.service["proxy"].uri
}

output "buckets" {
  description = "Names of the buckets incoming, packages, verdicts, metadata and static."
  value       = module.storage.names
}

output "tokens_secret" {
  description = "Name of the secret with the digests of the tokens."
  value       = module.secrets.tokens
}

output "description" {
  description = "Names of the parts of the index, as JSON in the form of /.well-known/gcpypi.json."
  value = jsonencode({
    schema_version = 1
    # The tag has the version and the commit.
    version       = split("-", var.tag)[0]
    gcp_project   = var.project
    region        = var.region
    buckets       = module.storage.names
    topics        = module.messaging.topic_names
    services      = local.service_names
    jobs          = module.repair.names
    tokens_secret = module.secrets.tokens
    upload_url    = lookup(lookup(var.settings, "proxy", {}), "UPLOAD_URL", local.upload_url)
  })
}

output "images" {
  description = "Artifact Registry path of the images, without image name and tag."
  value       = module.registry.images
}

output "builder" {
  description = "Service account that builds the images."
  value       = module.registry.builder
}

output "builds" {
  description = "Name of the bucket for the source of builds."
  value       = module.registry.builds
}

output "ci" {
  description = "Service account and identity provider for the CI of each uploader."
  value       = module.uploaders.ci
}

output "publish" {
  description = "Commands that publish from CI, by uploader."
  value = {
    for name in keys(local.uploaders) : name => <<-EOT
      export GCPYPI_INDEX_URL=${local.index_url} GCPYPI_UPLOADER=${name} # and GCPYPI_TOKEN
      gcpypi publish dist/
    EOT
  }
}

output "rendering" {
  description = "Digest of the images and settings that write the pages. deploy/install publishes all pages again when it changes."
  # A rebuild of the images of one source (deploy/install --rebuild) adds -r and a time to the tag.
  value = substr(sha256(jsonencode([replace(var.tag, "/-r[0-9]{14}$/", ""), merge(local.page_settings, local.image_settings), var.web_service])), 0, 32)
}

output "clients" {
  description = "Configuration of each installer with this index as its only one; GCPYPI_TOKEN is a token."
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
      # pyproject.toml, without changes: pdm reads the token from the environment
      [[tool.pdm.source]]
      name = "pypi"
      url = "https://__token__:$${GCPYPI_TOKEN}@${local.host}/simple/"
    EOT
  }
}
