"""Each check fails for its fault; the tests plant the faults in a copy."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

MODULES = "deploy/terraform/modules"


@dataclass(frozen=True)
class PlantedFault:
    name: str
    part: str
    file: str
    before: str
    after: str
    message: str


FAULTS = (
    PlantedFault(
        "typo in an argument",
        "validate",
        f"{MODULES}/storage/main.tf",
        "uniform_bucket_level_access = true",
        "uniform_bucket_level_acess  = true",
        'An argument named "uniform_bucket_level_acess" is not expected here',
    ),
    PlantedFault(
        "required argument left out",
        "validate",
        f"{MODULES}/messaging/notification.tf",
        'payload_format = "JSON_API_V1"',
        "",
        'The argument "payload_format" is required',
    ),
    PlantedFault(
        "worker made public",
        "planned",
        f"{MODULES}/service/main.tf",
        'var.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"',
        '"INGRESS_TRAFFIC_ALL"',
        'module.service["indexer"].google_cloud_run_v2_service.this: reachable from outside',
    ),
    PlantedFault(
        "workers with public access",
        "planned",
        "deploy/terraform/main.tf",
        "[google_service_account.pusher.member]",
        '["allUsers"]',
        "granted to allUsers",
    ),
    PlantedFault(
        "missing dead-letter IAM",
        "planned",
        f"{MODULES}/messaging/main.tf",
        "for_each = google_pubsub_subscription.this\n",
        "for_each = { for k, v in google_pubsub_subscription.this : "
        'k => v if k != "publisher-project" }\n',
        'this["publisher-project"]: Pub/Sub may not move its dead letters',
    ),
    PlantedFault(
        "subscription without its own dead-letter topic",
        "test",
        f"{MODULES}/messaging/main.tf",
        "dead_letter_topic     = google_pubsub_topic.dead_letter[each.key].id",
        'dead_letter_topic     = google_pubsub_topic.this["file-refused"].id',
        "After 30 attempts a message goes to the dead-letter topic of its subscription.",
    ),
    PlantedFault(
        "subscription that expires",
        "planned",
        f"{MODULES}/messaging/main.tf",
        'ttl = ""',
        'ttl = "2678400s"',
        'google_pubsub_subscription.dead_letter["publisher-project"]: expires',
    ),
    PlantedFault(
        "rights to publish that can precede the subscriptions",
        "planned",
        f"{MODULES}/messaging/outputs.tf",
        "  depends_on = [google_pubsub_subscription.this]\n",
        "",
        "module.access.google_pubsub_topic_iam_member.this: can precede the subscriptions",
    ),
    PlantedFault(
        "CI with the delete permission",
        "planned",
        f"{MODULES}/access/main.tf",
        'role = "creator", bucket = "incoming"',
        'role = "writer", bucket = "incoming"',
        "may delete and overwrite in acme-packages-gcpypi-incoming",
    ),
    PlantedFault(
        "CI without the limit to its prefix",
        "test",
        f"{MODULES}/access/main.tf",
        'bucket = "incoming", prefixes = ["${name}/"]',
        'bucket = "incoming"',
        "The table of grants has changed",
    ),
    PlantedFault(
        "uploader that shadows a service of its name",
        "test",
        f"{MODULES}/access/main.tf",
        "member = var.services[right.who]",
        "member = merge(var.services, { for name, each in var.uploaders : name => each.member })"
        "[right.who]",
        "A service keeps its buckets if an uploader has its name.",
    ),
    PlantedFault(
        "commands that operators may publish in the name of any author",
        "planned",
        f"{MODULES}/access/topics.tf",
        'topic = "project-command", member = who',
        'topic = "command-accepted", member = who',
        'this["group:operators@example.com command-accepted"]: may publish commands in the name',
    ),
    PlantedFault(
        "answers to the commands of uploaders with a longer name",
        "test",
        f"{MODULES}/access/main.tf",
        'prefixes = ["commands/${name}."]',
        'prefixes = ["commands/${name}"]',
        "The table of grants has changed",
    ),
    PlantedFault(
        "operators with one prefix for their commands",
        "test",
        f"{MODULES}/access/main.tf",
        'prefixes = ["operators/${name}/"]',
        'prefixes = ["operators/"]',
        "The table of grants has changed",
    ),
    PlantedFault(
        "uploader that may publish in spite of announce = false",
        "test",
        f"{MODULES}/access/topics.tf",
        "member = each.member } if each.announce]",
        "member = each.member }]",
        "An uploader with announce = false publishes no messages.",
    ),
    PlantedFault(
        "commands without an author in spite of command_messages = false",
        "test",
        f"{MODULES}/access/topics.tf",
        "for who in var.command_messages ? values(var.operators) : [] :",
        "for who in values(var.operators) :",
        "Without command_messages no operator publishes on project-command.",
    ),
    PlantedFault(
        "no limit for uploads after the removal of the last uploader",
        "test",
        "deploy/terraform/main.tf",
        "UPLOADERS = jsonencode(",
        "UPLOADERS = length(local.uploaders) == 0 ? null : jsonencode(",
        "Without uploaders the setting is {}",
    ),
    PlantedFault(
        "service with the right to overwrite packages",
        "test",
        f"{MODULES}/access/main.tf",
        'role = "appender", bucket = "packages"',
        'role = "writer", bucket = "packages"',
        "No identity may delete or overwrite in packages.",
    ),
    PlantedFault(
        "alerts without an email address",
        "test",
        f"{MODULES}/observability/alerts.tf",
        "var.email == null ? toset([]) : ",
        "",
        "Without an address there are no alerts",
    ),
    PlantedFault(
        "alert removed",
        "planned",
        f"{MODULES}/observability/alerts.tf",
        "setsubtract(keys(local.alerts), var.muted_alerts)",
        'setsubtract(keys(local.alerts), ["no-traffic"])',
        "the alert no-traffic is missing",
    ),
    PlantedFault(
        "count of errors in place of their rate",
        "planned",
        f"{MODULES}/observability/alerts.tf",
        "denominator = local.requests\n",
        "\n",
        'google_monitoring_alert_policy.this["error-rate"]: not the condition',
    ),
    PlantedFault(
        "alert with a section that the runbook does not have",
        "planned",
        "docs/operate.md",
        "### Many refusals",
        "### Refused uploads",
        "docs/operate.md has no section #many-refusals",
    ),
    PlantedFault(
        "operator without monitoring.viewer",
        "planned",
        f"{MODULES}/access/topics.tf",
        '"monitoring.viewer", ',
        "",
        "operators lack monitoring.alertPolicies.list on project",
    ),
    PlantedFault(
        "step of an owner that the text leaves to operators",
        "planned",
        "docs/operate.md",
        "once a month, as an owner, and",
        "once a month, and",
        ": operators lack resourcemanager.projects.update on project: deploy/install",
    ),
    PlantedFault(
        "argument of a job that the text leaves to operators",
        "planned",
        "docs/operate.md",
        "As an owner, add the name of the project:",
        "Or add the name of the project:",
        "operators lack run.jobs.runWithOverrides on gcpypi-rebuild: gcpypi rebuild acme",
    ),
    PlantedFault(
        "audit log that the text leaves to operators",
        "planned",
        "docs/security.md",
        "As an owner, find the identity",
        "Find the identity",
        "operators lack logging.privateLogEntries.list on project: gcloud logging read",
    ),
    PlantedFault(
        "command with unknown permissions",
        "planned",
        "docs/security.md",
        "$ gcloud secrets versions list gcpypi-tokens",
        "$ gcloud secrets list gcpypi-tokens",
        "unknown command in runbooks/needs.py: gcloud secrets list gcpypi-tokens",
    ),
    PlantedFault(
        "alert without a recipient",
        "planned",
        f"{MODULES}/observability/alerts.tf",
        "notification_channels = local.channels",
        "notification_channels = []",
        'google_monitoring_alert_policy.this["backlog"]: costs money, but has no recipient',
    ),
    PlantedFault(
        "operator with the right to change the log",
        "planned",
        f"{MODULES}/access/topics.tf",
        '"logging.viewer"',
        '"logging.admin"',
        "roles/logging.admin on the whole project",
    ),
    PlantedFault(
        "operator with the right to change the arguments of a job",
        "test",
        f"{MODULES}/repair/main.tf",
        '"roles/run.jobsExecutor"',
        '"roles/run.jobsExecutorWithOverrides"',
        "Only operators execute the jobs, without other arguments.",
    ),
    PlantedFault(
        "repair job without a retry",
        "test",
        f"{MODULES}/repair/main.tf",
        "max_retries = 3",
        "max_retries = 0",
        "A job is repeated after a failure",
    ),
    PlantedFault(
        "repair jobs without the dead letters",
        "test",
        f"{MODULES}/access/topics.tf",
        "  for_each = var.dead_letters",
        "  for_each = {}",
        "The repair jobs have access to dead-letter subscriptions only.",
    ),
    PlantedFault(
        "primitive role",
        "planned",
        f"{MODULES}/registry/main.tf",
        '"roles/logging.logWriter"',
        '"roles/editor"',
        "roles/editor is too broad",
    ),
    PlantedFault(
        "bucket with read access for project viewers",
        "planned",
        f"{MODULES}/registry/main.tf",
        'toset(["roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader"])',
        'toset(["roles/storage.legacyBucketReader"])',
        "module.registry.google_storage_bucket.builds: every viewer of the project has "
        "roles/storage.legacyObjectReader",
    ),
    PlantedFault(
        "read access to packages for project viewers",
        "planned",
        f"{MODULES}/storage/main.tf",
        'members = ["projectOwner:${var.project}"]',
        'members = ["projectOwner:${var.project}", "projectViewer:${var.project}"]',
        "every viewer of the project has roles/storage.legacyObjectReader",
    ),
    PlantedFault(
        "missing lifecycle rule",
        "test",
        f"{MODULES}/storage/main.tf",
        "delete_after = 45",
        "delete_after = null",
        "Uploads are kept for 45 days",
    ),
    PlantedFault(
        "versions of records that a burst of commits deletes",
        "test",
        f"{MODULES}/storage/main.tf",
        "        days_since_noncurrent_time = lifecycle_rule.value\n",
        "",
        "An old version of a record is deleted after 30 newer ones and 30 days",
    ),
    PlantedFault(
        "soft delete of a week",
        "test",
        f"{MODULES}/storage/main.tf",
        "metadata = { soft_delete = 30,",
        "metadata = { soft_delete = 7,",
        "Packages and records can be restored for 30 days",
    ),
    PlantedFault(
        "verdicts that are deleted before their uploads",
        "test",
        f"{MODULES}/storage/main.tf",
        "delete_after = 60",
        "delete_after = 30",
        "A verdict is kept longer than its upload.",
    ),
    PlantedFault(
        "commands that cannot be replayed",
        "test",
        f"{MODULES}/messaging/main.tf",
        'kept_topics = ["project-command", "command-accepted"]',
        'kept_topics = ["command-accepted"]',
        "Commands are kept for 31 days, so that they can be replayed",
    ),
    PlantedFault(
        "copied deletions",
        "test",
        f"{MODULES}/backup/main.tf",
        "delete_objects_unique_in_sink = false",
        "delete_objects_unique_in_sink = true",
        "A deletion is never copied.",
    ),
    PlantedFault(
        "right to delete the copies of packages",
        "test",
        f"{MODULES}/backup/main.tf",
        'role = "adds"',
        'role = "replaces"',
        "The agent reads the originals and cannot delete copies of packages.",
    ),
    PlantedFault(
        "images with immutable tags",
        "test",
        f"{MODULES}/registry/main.tf",
        '  format        = "DOCKER"\n',
        '  format        = "DOCKER"\n  docker_config {\n    immutable_tags = true\n  }\n',
        "an image with an immutable tag cannot be deleted.",
    ),
    PlantedFault(
        "identity provider without a condition",
        "test",
        f"{MODULES}/uploaders/main.tf",
        "attribute_condition                = each.value.condition",
        'attribute_condition                = "true"',
        "The provider accepts only tokens that meet the condition.",
    ),
    PlantedFault(
        "missing moved block",
        "upgrade",
        "deploy/terraform/moved.tf",
        "moved {\n  from = module.publishers\n  to   = module.uploaders\n}\n",
        "",
        'destroys module.publishers.google_service_account.this["hub"]',
    ),
    PlantedFault(
        "other name of the service accounts of uploaders",
        "upgrade",
        f"{MODULES}/uploaders/main.tf",
        "gcpypi-ci-${each.key}",
        "gcpypi-uploader-${each.key}",
        'changes account_id of module.uploaders.google_service_account.this["hub"]',
    ),
    PlantedFault(
        "other name of the Workload Identity pools",
        "upgrade",
        f"{MODULES}/uploaders/main.tf",
        'compact(["gcpypi", each.key',
        'compact(["gcpypi-up", each.key',
        "changes workload_identity_pool_id of module.uploaders.google_iam_workload_identity_pool.",
    ),
    PlantedFault(
        "moved block that stops an apply with targets",
        "upgrade",
        f"{MODULES}/observability/alerts.tf",
        'resource "google_monitoring_alert_policy" "this" {',
        'moved {\n  from = google_monitoring_alert_policy.this["proxy-errors"]\n'
        '  to   = google_monitoring_alert_policy.this["error-rate"]\n}\n\n'
        'resource "google_monitoring_alert_policy" "this" {',
        "Terraform refuses -target=module.registry",
    ),
    PlantedFault(
        "former name of the variable that is not read",
        "test",
        "deploy/terraform/main.tf",
        "length(var.publishers) > 0 ? var.publishers : var.uploaders",
        "var.uploaders",
        "The variable publishers still works, with a warning.",
    ),
    PlantedFault(
        "buckets in another region",
        "upgrade",
        "deploy/terraform/main.tf",
        "  region      = var.region\n  delete_data",
        '  region      = "us-east1"\n  delete_data',
        'changes location of module.storage.google_storage_bucket.this["packages"], which replaces',
    ),
    PlantedFault(
        "secret that Terraform may destroy",
        "destruction",
        f"{MODULES}/secrets/main.tf",
        "prevent_destroy = true",
        "prevent_destroy = false",
        "module.secrets.google_secret_manager_secret.tokens: Terraform plans to destroy it",
    ),
    PlantedFault(
        "buckets that Terraform may destroy",
        "destruction",
        f"{MODULES}/storage/main.tf",
        "prevent_destroy = true",
        "prevent_destroy = false",
        'module.storage.google_storage_bucket.this["packages"]: Terraform plans to destroy it',
    ),
    PlantedFault(
        "repository of the images that Terraform may destroy",
        "destruction",
        f"{MODULES}/registry/main.tf",
        "prevent_destroy = true",
        "prevent_destroy = false",
        "module.registry.google_artifact_registry_repository.images: Terraform can destroy it",
    ),
    PlantedFault(
        "data that uninstall --delete-data cannot delete",
        "destruction",
        "deploy/overrides/storage_override.tf",
        "prevent_destroy = false",
        "prevent_destroy = true",
        "deploy/uninstall cannot destroy an installation of 91243de",
    ),
    PlantedFault(
        "invalid example",
        "test",
        "deploy/terraform/terraform.tfvars.example",
        "    condition = <<-EOT\n      assertion.project_id == '12345678'",
        "    condition = \"\"\n    unused = <<-EOT\n      assertion.project_id == '12345678'",
        "An issuer needs a condition",
    ),
    PlantedFault(
        "example that grants all projects",
        "test",
        "deploy/terraform/terraform.tfvars.example",
        '["builds-*"]',
        '["*"]',
        "The example grants all projects to no uploader.",
    ),
    PlantedFault(
        "example without a condition for the workflow",
        "test",
        "deploy/terraform/terraform.tfvars.example",
        "assertion.workflow_ref",
        "assertion.repository",
        "The example pins the workflow and the environment of CI.",
    ),
    PlantedFault(
        "bucket without prevention of public access",
        "policy",
        f"{MODULES}/registry/main.tf",
        'public_access_prevention    = "enforced"',
        'public_access_prevention    = "inherited"',
        "CKV_GCP_114",
    ),
    PlantedFault(
        "second install with changes",
        "planned",
        "deploy/terraform/main.tf",
        "{ GCP_PROJECT = var.project },",
        "{ GCP_PROJECT = var.project, INSTALLED = timestamp() },",
        'install changes it when run again: module.service["proxy"]',
    ),
    PlantedFault(
        "description with other names than those of the services",
        "test",
        "deploy/terraform/main.tf",
        'name => "gcpypi-${name}" }',
        'name => "gcpypi_${name}" }',
        "The description has the names of the services in Cloud Run.",
    ),
    PlantedFault(
        "unformatted file",
        "format",
        "deploy/terraform/main.tf",
        "  project_id = var.project",
        "  project_id=var.project",
        "project_id = var.project",
    ),
    PlantedFault(
        "wrong flag in a script",
        "commands",
        "deploy/install",
        "--uniform-bucket-level-access",
        "--uniform-access",
        "gcloud storage buckets create",
    ),
    PlantedFault(
        "wrong command in an example",
        "commands",
        "examples/gitlab-ci.yml",
        "workload-identity-pools create-cred-config",
        "workload-identity-pools create-credentials",
        "examples/gitlab-ci.yml: gcloud iam workload-identity-pools create-credentials",
    ),
    PlantedFault(
        "wrong argument for Terraform",
        "commands",
        "deploy/commands.sh",
        "-reconfigure",
        "-reconfig",
        "no such argument -reconfig",
    ),
    PlantedFault(
        "wrong flag in a block of a page, after a string of several lines",
        "commands",
        "docs/security.md",
        "--freshness=30d --format='csv(timestamp,jsonPayload.token",
        "--newness=30d --format='csv(timestamp,jsonPayload.token",
        ": gcloud logging read",
    ),
    PlantedFault(
        "wrong command in the text of a page",
        "commands",
        "docs/operate.md",
        "`gcloud storage rsync",
        "`gcloud storage mirror",
        "(mentioned): gcloud storage mirror",
    ),
    PlantedFault(
        "unknown command of Terraform",
        "commands",
        "docs/install.md",
        "$ terraform -chdir=deploy/terraform output",
        "$ terraform -chdir=deploy/terraform outputs",
        "terraform outputs: no such command",
    ),
    PlantedFault(
        "unquoted variable",
        "shell",
        "examples/publish.sh",
        'digest=$(sha256sum "$3"',
        "digest=$(sha256sum $3",
        "SC2086",
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_check_finds_its_fault(fault: PlantedFault, tree: Path, check: Run) -> None:
    file = tree / fault.file
    text = file.read_text("utf-8")
    assert fault.before in text
    file.write_text(text.replace(fault.before, fault.after), "utf-8")

    done = check("offline_checks", "--root", str(tree), fault.part)

    assert done.returncode == 1, done.stdout
    # Terraform wraps its messages and draws a line next to them.
    assert fault.message in " ".join(done.stdout.replace("│", " ").split()), done.stdout


@pytest.mark.parametrize("part", sorted({fault.part for fault in FAULTS}))
def test_a_check_succeeds_without_a_fault(part: str, tree: Path, check: Run) -> None:
    done = check("offline_checks", "--root", str(tree), part)
    assert done.returncode == 0, done.stdout
