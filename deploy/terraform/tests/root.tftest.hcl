# The root module. deploy/offline_checks reads the first two runs: the second may change nothing.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "42" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:storage-agent@example.com" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://service-42.run.example.com" }
  }
}

variables {
  project     = "acme-packages"
  region      = "europe-west1"
  tag         = "1"
  operators   = ["group:operators@example.com"]
  alert_email = "alerts@example.com"
  budget      = { billing_account = "000000-000000-000000", amount = 20 }
  settings    = { ingest = { STRICT = "true" }, publisher = { TITLE = "Acme's packages" } }
  instances   = { proxy = 5, upload = 2 }
  uploaders = {
    hub   = { projects = ["acme-*"], issuer = "https://token.actions.githubusercontent.com", condition = "assertion.repository == 'acme/widgets'", announce = false }
    build = { projects = ["*"], cloud_build = true, users = ["user:ada@example.com"] }
    # Only holders of publishing tokens publish as this uploader.
    tokens = { projects = ["tools-*"], upload = true, announce = false }
  }
}

run "install" {
  assert {
    condition     = output.index_url == "https://gcpypi-proxy-42.europe-west1.run.app/simple/" && local.page_settings == { TITLE = "Acme's packages" }
    error_message = "The URL of the index ends in /simple/; without a domain the publisher does not know it."
  }
  assert {
    condition     = length(google_service_account_iam_member.proxy_signs) == 0
    error_message = "The proxy may sign URLs only with DOWNLOADS=redirect."
  }
  assert {
    condition     = keys(output.publish) == ["build", "hub", "tokens"] && keys(output.clients) == ["pdm", "pip", "poetry", "uv"]
    error_message = "The outputs have an entry for each uploader and for each installer."
  }
  assert {
    condition     = jsondecode(output.description).services == { for name, each in module.service : name => each.name }
    error_message = "The description has the names of the services in Cloud Run."
  }
  assert {
    condition     = keys(jsondecode(output.description).topics) == keys(module.messaging.topics) && jsondecode(output.description).buckets == module.storage.names
    error_message = "The description has the topics and the buckets."
  }
  assert {
    condition     = output.upload_url == "https://gcpypi-upload-42.europe-west1.run.app/legacy/" && jsondecode(output.description).upload_url == output.upload_url && local.defaults.proxy.UPLOAD_URL == output.upload_url && local.defaults.upload.UPLOAD_URL == output.upload_url
    error_message = "The URL of the upload service ends in /legacy/; the outputs, the proxy and the upload service have the same one."
  }
  assert {
    condition     = local.defaults.upload.INDEX_URL == output.index_url && local.defaults.upload.UPLOADERS == local.defaults.ingest.UPLOADERS && local.defaults.upload.STRICT == "true"
    error_message = "The upload service has the uploaders and the checks of ingest."
  }
  assert {
    condition     = output.uploaders_secret == "gcpypi-uploaders" && local.defaults.upload.UPLOADERS_SECRET == output.uploaders_secret
    error_message = "Publishing tokens have their own secret."
  }
}

run "install_again" {
  command = plan
}

run "pages_for_people" {
  command = plan
  variables {
    domain   = "packages.example.com"
    settings = { web = { README_IMAGES = "true", THREADS = "4" }, publisher = { TITLE = "Acme's packages" } }
  }
  assert {
    condition     = local.defaults.web == { INDEX_URL = "https://packages.example.com/simple/", TITLE = "Acme's packages", SERVICE = "publisher.web" }
    error_message = "The pages for people have the address and the title of the other pages; the image of the publisher runs another module."
  }
  assert {
    condition     = local.services.web.image == "publisher" && local.services.web.buckets == ["METADATA", "STATIC", "PACKAGES"]
    error_message = "The service web runs the image of the publisher and knows no bucket of uploads or verdicts."
  }
  assert {
    condition     = local.image_settings == { README_IMAGES = "true" } && local.defaults.proxy.README_IMAGES == "true" && !contains(keys(local.defaults.publisher), "README_IMAGES")
    error_message = "If the pages show remote images, the proxy permits browsers to load them."
  }
  assert {
    condition     = output.rendering != run.install.rendering
    error_message = "After a change of README_IMAGES deploy/install publishes all pages again."
  }
}

run "no_pages_for_people" {
  command = plan
  variables {
    web_service = false
  }
  assert {
    condition     = !contains(keys(module.service), "web") && !contains(values(jsondecode(output.description).services), "gcpypi-web") && !contains(keys(module.messaging.dead_letters), "web-project-dead-letter")
    error_message = "Without web_service there is no service web, so that images without it can run."
  }
  assert {
    condition     = output.rendering != run.install.rendering
    error_message = "When the pages for people return, deploy/install publishes all pages again."
  }
}

run "own_domain" {
  command = plan
  variables {
    domain = "packages.example.com"
  }
  assert {
    condition     = output.index_url == "https://packages.example.com/simple/"
    error_message = "The URL of the index contains the domain."
  }
  assert {
    condition     = local.page_settings == { INDEX_URL = "https://packages.example.com/simple/", TITLE = "Acme's packages" } && local.defaults.publisher == local.page_settings
    error_message = "The publisher knows the URL at the domain, for absolute URLs in the older JSON API."
  }
  assert {
    condition     = output.rendering != run.install.rendering
    error_message = "After a change of INDEX_URL deploy/install publishes all pages again."
  }
}

run "own_load_balancer" {
  command = plan
  variables {
    domain   = "packages.example.com"
    settings = { publisher = { INDEX_URL = "https://example.com/python/simple/" } }
  }
  assert {
    condition     = local.page_settings == { INDEX_URL = "https://example.com/python/simple/" }
    error_message = "The setting takes precedence over the domain."
  }
  assert {
    condition     = local.defaults.proxy.INDEX_URL == "https://example.com/python/simple/" && output.id_token_audience == "https://example.com/python/simple/"
    error_message = "The audience of ID tokens is the URL of the index."
  }
}

run "no_upload_service" {
  command = plan
  variables {
    upload_service = false
    upload_domain  = "upload.example.com"
  }
  assert {
    condition     = output.upload_url == null && jsondecode(output.description).upload_url == null && !contains(keys(local.defaults.proxy), "UPLOAD_URL")
    error_message = "Without the upload service there is no upload URL."
  }
  assert {
    condition     = !contains(keys(module.service), "upload") && length(module.upload_domain) == 0 && !contains(values(jsondecode(output.description).services), "gcpypi-upload")
    error_message = "Without the upload service there is no service and no domain for it."
  }
  assert {
    condition     = local.muted_alerts == toset(["upload-errors"])
    error_message = "Without the upload service there is no alert on its errors."
  }
  assert {
    condition     = module.secrets.uploaders == "gcpypi-uploaders"
    error_message = "The secret stays, because Terraform may not destroy it."
  }
}

run "uploaders_of_the_upload_service" {
  command = plan
  variables {
    uploaders = {
      builds  = { projects = ["a"], cloud_build = true }
      tokens  = { projects = ["b-*"], upload = true }
      stopped = { projects = ["c"], upload = true, disabled = true }
    }
  }
  assert {
    condition = jsondecode(local.defaults.upload.UPLOADERS) == {
      builds  = ["a"]
      tokens  = { projects = ["b-*"], commands = ["yank", "unyank"], upload = true }
      stopped = []
    }
    error_message = "Only an enabled uploader with upload = true can use the upload service."
  }
}

run "upload_domain" {
  command = plan
  variables {
    upload_domain = "upload.example.com"
    settings      = { ingest = { STRICT = "true", RELEASE_CLOSES_AFTER = "P14D" }, upload = { STRICT = "false" } }
  }
  assert {
    condition     = output.upload_url == "https://upload.example.com/legacy/" && length(module.upload_domain) == 1
    error_message = "The upload service can have its own domain."
  }
  assert {
    condition     = !contains(keys(local.defaults.upload), "RELEASE_CLOSES_AFTER")
    error_message = "Settings of ingest that are not limits of the checks are not settings of the upload service."
  }
}

run "upload_url_of_a_load_balancer" {
  command = plan
  variables {
    tag      = "0.2.0-8b0bcd23b91c"
    settings = { proxy = { UPLOAD_URL = "https://upload.example.com/legacy/" } }
  }
  assert {
    condition     = jsondecode(output.description).upload_url == "https://upload.example.com/legacy/"
    error_message = "The description has the upload URL of the settings of the proxy."
  }
  assert {
    condition     = jsondecode(output.description).version == "0.2.0"
    error_message = "The description has the version in the tag of the images, without the commit."
  }
}

run "another_version" {
  command = plan
  variables {
    tag = "2"
  }
  assert {
    condition     = output.rendering != run.install.rendering && length(output.rendering) == 32
    error_message = "After an upgrade deploy/install publishes all pages again."
  }
}

run "same_source_built_again" {
  command = plan
  variables {
    tag      = "1-r20261128120000"
    settings = { ingest = { STRICT = "false" }, publisher = { TITLE = "Acme's packages", LOG_LEVEL = "DEBUG" } }
  }
  assert {
    condition     = output.rendering == run.install.rendering
    error_message = "Images of the same source, and settings that no page contains, leave the pages as they are."
  }
}

run "catalog_has_one_instance" {
  command = plan
  variables {
    instances = { catalog = 2 }
  }
  expect_failures = [var.instances]
}

run "signed_downloads" {
  command = plan
  variables {
    settings = { proxy = { DOWNLOADS = "redirect" } }
  }
  assert {
    condition     = google_service_account_iam_member.proxy_signs[0].role == "roles/iam.serviceAccountTokenCreator" && google_service_account_iam_member.proxy_signs[0].member == module.service["proxy"].member
    error_message = "The proxy signs with its own identity."
  }
}

run "nothing_optional" {
  command = plan
  variables {
    operators   = []
    uploaders   = {}
    alert_email = null
    budget      = null
    settings    = {}
  }
  assert {
    condition     = local.defaults.ingest.UPLOADERS == "{}"
    error_message = "Without uploaders the setting is {}, which refuses every upload; without the setting ingest would accept all."
  }
}

run "backup" {
  command = plan
  variables {
    backup_location = "europe-west4"
  }
  assert {
    condition     = output.backups == { packages = "acme-packages-gcpypi-backup-packages", metadata = "acme-packages-gcpypi-backup-metadata" }
    error_message = "With backup_location there are copies of packages and records."
  }
}

run "no_backup" {
  command = plan
  assert {
    condition     = output.backups == null && length(module.backup) == 0
    error_message = "Without backup_location there are no copies."
  }
}

run "a_backup_is_in_a_region" {
  command = plan
  variables {
    backup_location = "EU"
  }
  expect_failures = [var.backup_location]
}

run "disabled_uploader" {
  command = plan
  variables {
    uploaders = {
      build = { projects = ["*"], cloud_build = true, disabled = true }
    }
  }
  assert {
    condition     = local.defaults.ingest.UPLOADERS == "{\"build\":[]}"
    error_message = "A disabled uploader has no projects, so ingest refuses its files."
  }
}

run "commands_of_uploaders" {
  command = plan
  variables {
    uploaders = {
      default = { projects = ["a"], cloud_build = true }
      ordered = { projects = ["b"], cloud_build = true, commands = ["unyank", "yank"] }
      none    = { projects = ["c"], cloud_build = true, commands = [] }
      more    = { projects = ["d", "d-*"], cloud_build = true, commands = ["yank", "unyank", "remove"] }
      stopped = { projects = ["e"], cloud_build = true, commands = ["yank"], disabled = true }
    }
  }
  assert {
    condition = jsondecode(local.defaults.ingest.UPLOADERS) == {
      default = ["a"]
      ordered = ["b"]
      none    = { projects = ["c"], commands = [] }
      more    = { projects = ["d", "d-*"], commands = ["yank", "unyank", "remove"] }
      stopped = []
    }
    error_message = "Only uploaders with other commands than the default have the long form in UPLOADERS."
  }
}

run "unknown_command" {
  command = plan
  variables {
    uploaders = { acme = { projects = ["a"], cloud_build = true, commands = ["yank", "delete"] } }
  }
  expect_failures = [var.uploaders]
}

run "an_issuer_needs_a_condition" {
  command = plan
  variables {
    uploaders = { hub = { projects = ["*"], issuer = "https://token.actions.githubusercontent.com" } }
  }
  expect_failures = [var.uploaders]
}

run "an_uploader_cannot_be_called_commands" {
  command = plan
  variables {
    uploaders = { commands = { projects = ["*"], cloud_build = true } }
  }
  expect_failures = [var.uploaders]
}

run "former_name_publishers" {
  command = plan
  variables {
    uploaders  = {}
    publishers = { build = { projects = ["acme-*"], cloud_build = true } }
  }
  expect_failures = [check.deprecated_variables]

  assert {
    condition     = local.defaults.ingest.UPLOADERS == "{\"build\":[\"acme-*\"]}" && keys(output.ci) == ["build"]
    error_message = "The variable publishers still works, with a warning."
  }
}

run "publishers_is_validated" {
  command = plan
  variables {
    uploaders  = {}
    publishers = { commands = { projects = ["*"], cloud_build = true } }
  }
  expect_failures = [var.publishers]
}

run "both_names" {
  command = plan
  variables {
    publishers = { lab = { projects = ["lab-*"], cloud_build = true } }
  }
  expect_failures = [data.google_project.this, check.deprecated_variables]
}

run "all_users_cannot_be_operators" {
  command = plan
  variables {
    operators = ["allUsers"]
  }
  expect_failures = [var.operators]
}

run "names_of_operators" {
  command = plan
  variables {
    operators = ["user:Ada.Lovelace@example.com", "group:packages@example.com"]
  }
  assert {
    condition     = local.operators == { "ada.lovelace" = "user:Ada.Lovelace@example.com", packages = "group:packages@example.com" }
    error_message = "The name of an operator in a list is the address up to the @."
  }
}

run "given_names_of_operators" {
  command = plan
  variables {
    operators = { ada = "user:ada@example.com", ada-2 = "user:ada@example.org", pool = "principalSet://iam.googleapis.com/pool/group/g" }
  }
  assert {
    condition     = local.operators == tomap({ ada = "user:ada@example.com", ada-2 = "user:ada@example.org", pool = "principalSet://iam.googleapis.com/pool/group/g" })
    error_message = "operators can be a map with the names."
  }
}

run "two_operators_of_one_name" {
  command = plan
  variables {
    operators = ["user:ada@example.com", "user:ada@example.org"]
  }
  expect_failures = [var.operators]
}

run "one_operator_twice" {
  command = plan
  variables {
    operators = { ada = "user:ada@example.com", bea = "user:ada@example.com" }
  }
  expect_failures = [var.operators]
}

run "operator_without_a_name" {
  command = plan
  variables {
    operators = ["principalSet://iam.googleapis.com/pool/group/g"]
  }
  expect_failures = [var.operators]
}

run "operator_with_a_slash_in_its_name" {
  command = plan
  variables {
    operators = { "ada/../bea" = "user:ada@example.com" }
  }
  expect_failures = [var.operators]
}

run "operators_is_no_list" {
  command = plan
  variables {
    operators = "group:packages@example.com"
  }
  expect_failures = [var.operators]
}

run "all_users_cannot_be_a_named_operator" {
  command = plan
  variables {
    operators = { all = "allUsers" }
  }
  expect_failures = [var.operators]
}
