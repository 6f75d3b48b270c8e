# All grants on buckets and topics as whole tables, so that each new grant fails a test.

mock_provider "google" {}

variables {
  project      = "acme"
  names_suffix = ""
  services = {
    ingest    = "serviceAccount:ingest@example.com"
    indexer   = "serviceAccount:indexer@example.com"
    publisher = "serviceAccount:publisher@example.com"
    catalog   = "serviceAccount:catalog@example.com"
    web       = "serviceAccount:web@example.com"
    proxy     = "serviceAccount:proxy@example.com"
    repair    = "serviceAccount:repair@example.com"
    upload    = "serviceAccount:upload@example.com"
  }
  uploaders = {
    acme = { member = "serviceAccount:ci-acme@example.com", announce = true }
    zeta = { member = "serviceAccount:ci-zeta@example.com", announce = true }
  }
  command_messages = true
  operators        = { team = "group:operators@example.com" }
  buckets          = { incoming = "b-incoming", packages = "b-packages", verdicts = "b-verdicts", metadata = "b-metadata", static = "b-static" }
  topics           = { file-uploaded = "t/file-uploaded", file-accepted = "t/file-accepted", file-refused = "t/file-refused", project-command = "t/project-command", command-accepted = "t/command-accepted", project-indexed = "t/project-indexed", project-published = "t/project-published" }
  dead_letters     = { ingest-file-uploaded-dead-letter = "s/ingest-file-uploaded-dead-letter" }
  signers          = { upload = { account = "projects/acme/serviceAccounts/upload", member = "serviceAccount:upload@example.com" } }
}

run "roles" {
  module {
    source = "./modules/access"
  }

  assert {
    condition = { for name, each in google_project_iam_custom_role.this : name => each.permissions } == {
      getter   = toset(["storage.objects.get"])
      reader   = toset(["storage.objects.get", "storage.objects.list"])
      creator  = toset(["storage.objects.create"])
      appender = toset(["storage.objects.create", "storage.objects.get", "storage.objects.list"])
      writer   = toset(["storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list"])
    }
    error_message = "Each role has only the permissions that its name promises."
  }
  assert {
    condition     = google_project_iam_custom_role.this["reader"].role_id == "gcpypi_object_reader"
    error_message = "The ID of a role contains its name."
  }
  assert {
    condition     = google_project_iam_custom_role.signer[0].permissions == toset(["iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt"])
    error_message = "A signer signs tokens and URLs, and obtains no access tokens."
  }
  assert {
    condition     = [for each in google_service_account_iam_member.signers : "${each.member} ${each.service_account_id}"] == ["serviceAccount:upload@example.com projects/acme/serviceAccounts/upload"]
    error_message = "The upload service signs as itself only."
  }
}

run "without_upload_service" {
  command = plan
  module {
    source = "./modules/access"
  }
  variables {
    services = {
      for name in ["ingest", "indexer", "publisher", "catalog", "web", "proxy", "repair"] : name => "serviceAccount:${name}@example.com"
    }
    signers = {}
  }

  assert {
    condition     = length(google_project_iam_custom_role.signer) + length(google_service_account_iam_member.signers) == 0
    error_message = "Without the upload service there is no right to sign."
  }
  assert {
    condition     = length([for key in keys(google_storage_bucket_iam_member.this) : key if startswith(key, "upload service ")]) == 0
    error_message = "Without the upload service it has no rights on buckets."
  }
}

run "without_pages_for_people" {
  command = plan
  module {
    source = "./modules/access"
  }
  variables {
    services = {
      for name in ["ingest", "indexer", "publisher", "catalog", "proxy", "repair", "upload"] : name => "serviceAccount:${name}@example.com"
    }
  }

  assert {
    condition     = length([for key in keys(google_storage_bucket_iam_member.this) : key if startswith(key, "web ")]) == 0
    error_message = "Without the service web it has no rights on buckets."
  }
}

run "role_names_with_suffix" {
  command = plan
  module {
    source = "./modules/access"
  }
  variables {
    names_suffix = "2"
  }

  assert {
    condition     = google_project_iam_custom_role.this["reader"].role_id == "gcpypi_object_reader_2" && google_project_iam_custom_role.signer[0].role_id == "gcpypi_signer_2"
    error_message = "names_suffix changes the IDs of roles, because Google reserves the IDs of deleted roles."
  }
}

run "buckets" {
  module {
    source = "./modules/access"
  }

  assert {
    condition = toset([for each in google_storage_bucket_iam_member.this : join(" ", [
      trimsuffix(split(":", each.member)[1], "@example.com"),
      one([for name, role in google_project_iam_custom_role.this : name if role.id == each.role]),
      each.bucket,
      length(each.condition) == 0 ? "all" : each.condition[0].expression,
      ])]) == toset([
      "ingest reader b-incoming all",
      "ingest appender b-packages all",
      "ingest appender b-verdicts all",
      "ingest reader b-metadata all",
      "indexer writer b-metadata all",
      "indexer reader b-verdicts all",
      "indexer creator b-verdicts resource.name.startsWith(\"projects/_/buckets/b-verdicts/objects/commands/\")",
      "publisher reader b-metadata all",
      "publisher writer b-static all",
      "catalog reader b-metadata all",
      "catalog reader b-static all",
      "catalog writer b-static resource.name.startsWith(\"projects/_/buckets/b-static/objects/changelog/\") || resource.name == \"projects/_/buckets/b-static/objects/index.html\" || resource.name == \"projects/_/buckets/b-static/objects/simple/index.html\" || resource.name == \"projects/_/buckets/b-static/objects/simple/index.v1.json\"",
      "catalog writer b-static ${join(" || ", concat(
        [for prefix in ["changes/", "search/"] : "resource.name.startsWith(\"projects/_/buckets/b-static/objects/${prefix}\")"],
        [for name in ["changes.json", "feed.xml", "recent.json", "search.json", "totals.json"] : "resource.name == \"projects/_/buckets/b-static/objects/${name}\""],
        ["resource.name.startsWith(\"projects/_/buckets/b-static/objects/projects/page\") && resource.name.extract(\"projects/_/buckets/b-static/objects/projects/{folder}/\") == \"\""],
      ))}",
      "catalog creator b-static resource.name.startsWith(\"projects/_/buckets/b-static/objects/static/\")",
      "web reader b-metadata all",
      "web reader b-packages all",
      "web reader b-static all",
      "web writer b-static resource.name.startsWith(\"projects/_/buckets/b-static/objects/projects/\") || resource.name.startsWith(\"projects/_/buckets/b-static/objects/pypi/\")",
      "proxy reader b-packages all",
      "proxy reader b-static all",
      "ci-acme creator b-incoming resource.name.startsWith(\"projects/_/buckets/b-incoming/objects/acme/\")",
      "ci-acme getter b-verdicts resource.name.startsWith(\"projects/_/buckets/b-verdicts/objects/acme/\")",
      "ci-acme getter b-verdicts resource.name.startsWith(\"projects/_/buckets/b-verdicts/objects/commands/acme.\")",
      "ci-zeta creator b-incoming resource.name.startsWith(\"projects/_/buckets/b-incoming/objects/zeta/\")",
      "ci-zeta getter b-verdicts resource.name.startsWith(\"projects/_/buckets/b-verdicts/objects/zeta/\")",
      "ci-zeta getter b-verdicts resource.name.startsWith(\"projects/_/buckets/b-verdicts/objects/commands/zeta.\")",
      "repair reader b-metadata all",
      "repair reader b-static all",
      "repair appender b-packages all",
      "operators creator b-incoming resource.name.startsWith(\"projects/_/buckets/b-incoming/objects/operators/team/\")",
      "operators creator b-incoming resource.name.startsWith(\"projects/_/buckets/b-incoming/objects/import/\")",
      "upload creator b-incoming resource.name.startsWith(\"projects/_/buckets/b-incoming/objects/upload/\")",
      "upload getter b-incoming resource.name.startsWith(\"projects/_/buckets/b-incoming/objects/upload/\")",
      "upload reader b-packages all",
      "upload reader b-verdicts all",
      "upload reader b-static all",
      "upload creator b-verdicts resource.name.startsWith(\"projects/_/buckets/b-verdicts/objects/jti/\")",
      "repair reader b-incoming all",
      "repair reader b-verdicts all",
      "operators reader b-incoming all",
      "operators reader b-packages all",
      "operators reader b-verdicts all",
      "operators reader b-metadata all",
    ])
    error_message = "The table of grants has changed: change docs/security.md with it."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket_iam_member.this : each.role != google_project_iam_custom_role.this["writer"].id if each.bucket == "b-packages"])
    error_message = "No identity may delete or overwrite in packages."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket_iam_member.this : length(regexall(" (\\|\\||&&) ", try(each.condition[0].expression, ""))) <= 12])
    error_message = "IAM refuses a condition with more than 12 logical operators."
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket_iam_member.this : contains([for name in ["creator", "getter", "reader"] : google_project_iam_custom_role.this[name].id], each.role) if each.bucket == "b-incoming"])
    error_message = "No identity may delete or overwrite in incoming; CI may create, ingest may read."
  }
}

# A property of all names: the reserved names are refused only in the root module.
run "uploaders_with_the_names_of_services" {
  command = plan
  module {
    source = "./modules/access"
  }
  variables {
    uploaders = {
      for name in ["ingest", "indexer", "publisher", "catalog", "web", "proxy", "repair", "upload"] : name => { member = "serviceAccount:ci-${name}@example.com", announce = true }
    }
    operators = {}
  }

  assert {
    condition = alltrue([
      for name in keys(var.services) :
      toset([for each in google_storage_bucket_iam_member.this : each.bucket if each.member == var.services[name]]) == toset(lookup({
        ingest    = ["b-incoming", "b-packages", "b-verdicts", "b-metadata"]
        indexer   = ["b-metadata", "b-verdicts"]
        publisher = ["b-metadata", "b-static"]
        catalog   = ["b-metadata", "b-static"]
        web       = ["b-metadata", "b-packages", "b-static"]
        proxy     = ["b-packages", "b-static"]
        repair    = ["b-metadata", "b-static", "b-packages", "b-incoming", "b-verdicts"]
        upload    = ["b-static", "b-packages", "b-incoming", "b-verdicts"]
      }, name))
    ])
    error_message = "A service keeps its buckets if an uploader has its name."
  }
  assert {
    condition = toset([for each in google_storage_bucket_iam_member.this : "${each.member} ${join(", ", each.condition[*].title)}" if startswith(each.member, "serviceAccount:ci-")]) == toset(flatten([
      for name in keys(var.uploaders) : ["serviceAccount:ci-${name}@example.com only ${name}/", "serviceAccount:ci-${name}@example.com only commands/${name}."]
    ]))
    error_message = "An uploader with the name of a service has only the rights of an uploader."
  }
  assert {
    condition = toset([for each in google_pubsub_topic_iam_member.this : "${each.member} ${each.topic}" if startswith(each.member, "serviceAccount:ci-")]) == toset([
      for name in keys(var.uploaders) : "serviceAccount:ci-${name}@example.com t/file-uploaded"
    ])
    error_message = "An uploader with the name of a service publishes to file-uploaded only."
  }
}

run "topics" {
  module {
    source = "./modules/access"
  }

  assert {
    condition = toset([for each in google_pubsub_topic_iam_member.this : "${trimsuffix(split(":", each.member)[1], "@example.com")} ${each.role} ${each.topic}"]) == toset([
      "ingest roles/pubsub.publisher t/file-accepted",
      "ingest roles/pubsub.publisher t/file-refused",
      "ingest roles/pubsub.publisher t/command-accepted",
      "indexer roles/pubsub.publisher t/project-indexed",
      "indexer roles/pubsub.publisher t/file-refused",
      "publisher roles/pubsub.publisher t/project-published",
      "ci-acme roles/pubsub.publisher t/file-uploaded",
      "ci-zeta roles/pubsub.publisher t/file-uploaded",
      "repair roles/pubsub.publisher t/file-accepted",
      "repair roles/pubsub.publisher t/project-indexed",
      "repair roles/pubsub.publisher t/file-uploaded",
      "repair roles/pubsub.publisher t/project-command",
      "repair roles/pubsub.publisher t/command-accepted",
      "operators roles/pubsub.publisher t/project-command",
      "operators roles/pubsub.publisher t/file-uploaded",
    ])
    error_message = "Each identity publishes to its own topics only."
  }
  assert {
    condition     = [for each in google_pubsub_subscription_iam_member.operators : "${each.member} ${each.role} ${each.subscription}"] == ["group:operators@example.com roles/pubsub.subscriber s/ingest-file-uploaded-dead-letter"]
    error_message = "Operators have access to dead-letter subscriptions only."
  }
  assert {
    condition     = [for each in google_pubsub_subscription_iam_member.repair : "${each.member} ${each.role} ${each.subscription}"] == ["serviceAccount:repair@example.com roles/pubsub.subscriber s/ingest-file-uploaded-dead-letter"]
    error_message = "The repair jobs have access to dead-letter subscriptions only."
  }
  assert {
    condition     = toset([for each in google_project_iam_member.operators : "${each.member} ${each.role}"]) == toset([for role in ["logging.viewer", "monitoring.viewer", "run.viewer", "serviceusage.serviceUsageConsumer"] : "group:operators@example.com roles/${role}"])
    error_message = "Operators have only read roles on the Google Cloud project."
  }
}

run "announcements_taken_away" {
  command = plan
  module {
    source = "./modules/access"
  }
  variables {
    uploaders = {
      acme = { member = "serviceAccount:ci-acme@example.com", announce = false }
      zeta = { member = "serviceAccount:ci-zeta@example.com", announce = true }
    }
  }

  assert {
    condition     = toset([for each in google_pubsub_topic_iam_member.this : each.member if startswith(each.member, "serviceAccount:ci-")]) == toset(["serviceAccount:ci-zeta@example.com"])
    error_message = "An uploader with announce = false publishes no messages."
  }
  assert {
    condition     = length([for each in google_storage_bucket_iam_member.this : each if each.member == "serviceAccount:ci-acme@example.com"]) == 3
    error_message = "An uploader with announce = false can upload and read its answers."
  }
}

run "command_messages_taken_away" {
  command = plan
  module {
    source = "./modules/access"
  }
  variables {
    command_messages = false
  }

  assert {
    condition     = [for each in google_pubsub_topic_iam_member.this : each.topic if each.member == "group:operators@example.com"] == ["t/file-uploaded"]
    error_message = "Without command_messages no operator publishes on project-command."
  }
  assert {
    condition     = [for each in google_pubsub_topic_iam_member.this : each.member if each.topic == "t/project-command"] == ["serviceAccount:repair@example.com"]
    error_message = "Without command_messages only the replay of dead letters publishes on project-command."
  }
}
