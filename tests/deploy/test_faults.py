"""Each check turns red for the fault it is there for: the faults are planted in a copy."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

MODULES = "deploy/terraform/modules"


@dataclass(frozen=True)
class Fault:
    what: str
    part: str
    file: str
    before: str
    after: str
    said: str


FAULTS = (
    Fault(
        "typo in an argument",
        "validate",
        f"{MODULES}/storage/main.tf",
        "uniform_bucket_level_access = true",
        "uniform_bucket_level_acess  = true",
        'An argument named "uniform_bucket_level_acess" is not expected here',
    ),
    Fault(
        "required argument left out",
        "validate",
        f"{MODULES}/messaging/notification.tf",
        'payload_format = "JSON_API_V1"',
        "",
        'The argument "payload_format" is required',
    ),
    Fault(
        "worker made public",
        "planned",
        f"{MODULES}/service/main.tf",
        'var.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"',
        '"INGRESS_TRAFFIC_ALL"',
        'module.service["indexer"].google_cloud_run_v2_service.this: reached from outside',
    ),
    Fault(
        "workers invoked by everybody",
        "planned",
        "deploy/terraform/main.tf",
        "[google_service_account.pusher.member]",
        '["allUsers"]',
        "granted to allUsers",
    ),
    Fault(
        "missing dead-letter IAM",
        "planned",
        f"{MODULES}/messaging/main.tf",
        "for_each = google_pubsub_subscription.this\n",
        "for_each = { for k, v in google_pubsub_subscription.this : "
        'k => v if k != "publisher-project" }\n',
        'this["publisher-project"]: Pub/Sub may not move its dead letters',
    ),
    Fault(
        "subscription that pushes its dead letters nowhere",
        "test",
        f"{MODULES}/messaging/main.tf",
        "dead_letter_topic     = google_pubsub_topic.dead_letter[each.key].id",
        'dead_letter_topic     = google_pubsub_topic.this["file-refused"].id',
        "After 30 attempts a message goes to its subscription's own dead letters.",
    ),
    Fault(
        "subscription that expires",
        "planned",
        f"{MODULES}/messaging/main.tf",
        'ttl = ""',
        'ttl = "2678400s"',
        'google_pubsub_subscription.dead_letter["publisher-project"]: expires',
    ),
    Fault(
        "CI given delete",
        "planned",
        f"{MODULES}/access/main.tf",
        'role = "creator", bucket = "incoming"',
        'role = "writer", bucket = "incoming"',
        "may delete and overwrite in acme-packages-gcpypi-incoming",
    ),
    Fault(
        "CI not kept to its prefix",
        "test",
        f"{MODULES}/access/main.tf",
        'bucket = "incoming", prefixes = ["${name}/"]',
        'bucket = "incoming"',
        "The table of grants has changed",
    ),
    Fault(
        "everybody let in when the last publisher was taken out",
        "test",
        "deploy/terraform/main.tf",
        "PUBLISHERS = jsonencode(",
        "PUBLISHERS = length(var.publishers) == 0 ? null : jsonencode(",
        "Without publishers nobody may publish",
    ),
    Fault(
        "service that could overwrite packages",
        "test",
        f"{MODULES}/access/main.tf",
        'role = "appender", bucket = "packages"',
        'role = "writer", bucket = "packages"',
        "Nobody may delete or overwrite in packages.",
    ),
    Fault(
        "alert that is made though nobody would be told",
        "test",
        f"{MODULES}/observability/alerts.tf",
        "var.email == null ? {} : {",
        "{",
        "Without an address there is nothing to pay for, but the metrics stay.",
    ),
    Fault(
        "alert that tells nobody",
        "planned",
        f"{MODULES}/observability/alerts.tf",
        "notification_channels = local.channels",
        "notification_channels = []",
        'google_monitoring_alert_policy.this["backlog"]: is paid for, and tells nobody',
    ),
    Fault(
        "operator who may change the log",
        "planned",
        f"{MODULES}/access/topics.tf",
        '"logging.viewer"',
        '"logging.admin"',
        "roles/logging.admin on the whole project",
    ),
    Fault(
        "operator who may execute a job in another way",
        "test",
        f"{MODULES}/repair/main.tf",
        '"roles/run.jobsExecutor"',
        '"roles/run.jobsExecutorWithOverrides"',
        "Operators, and nobody else, execute the jobs, as they are.",
    ),
    Fault(
        "primitive role",
        "planned",
        f"{MODULES}/registry/main.tf",
        '"roles/logging.logWriter"',
        '"roles/editor"',
        "roles/editor is everything",
    ),
    Fault(
        "bucket that viewers of the project read",
        "planned",
        f"{MODULES}/registry/main.tf",
        'toset(["roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader"])',
        'toset(["roles/storage.legacyBucketReader"])',
        "module.registry.google_storage_bucket.builds: every viewer of the project has "
        "roles/storage.legacyObjectReader",
    ),
    Fault(
        "viewers of the project among those who read packages",
        "planned",
        f"{MODULES}/storage/main.tf",
        'members = ["projectOwner:${var.project}"]',
        'members = ["projectOwner:${var.project}", "projectViewer:${var.project}"]',
        "every viewer of the project has roles/storage.legacyObjectReader",
    ),
    Fault(
        "missing life cycle",
        "test",
        f"{MODULES}/storage/main.tf",
        "delete_after = 45",
        "delete_after = null",
        "Uploads live 45 days",
    ),
    Fault(
        "images that are kept for ever",
        "test",
        f"{MODULES}/registry/main.tf",
        '  format        = "DOCKER"\n',
        '  format        = "DOCKER"\n  docker_config {\n    immutable_tags = true\n  }\n',
        "An image whose tag is immutable cannot be deleted.",
    ),
    Fault(
        "identity provider that takes everybody's tokens",
        "test",
        f"{MODULES}/publishers/main.tf",
        "attribute_condition                = each.value.condition",
        'attribute_condition                = "true"',
        "Only tokens that its condition describes are taken.",
    ),
    Fault(
        "example that is not valid",
        "test",
        "deploy/terraform/terraform.tfvars.example",
        "assertion.project_id == '12345678' && assertion.ref_protected == 'true'",
        "",
        "An issuer needs a condition",
    ),
    Fault(
        "bucket that could be made public",
        "policy",
        f"{MODULES}/registry/main.tf",
        'public_access_prevention    = "enforced"',
        'public_access_prevention    = "inherited"',
        "CKV_GCP_114",
    ),
    Fault(
        "install that never comes to rest",
        "planned",
        "deploy/terraform/main.tf",
        "{ PROJECT = var.project },",
        "{ PROJECT = var.project, INSTALLED = timestamp() },",
        'install changes it when run again: module.service["proxy"]',
    ),
    Fault(
        "unformatted file",
        "format",
        "deploy/terraform/main.tf",
        "  project_id = var.project",
        "  project_id=var.project",
        "project_id = var.project",
    ),
    Fault(
        "wrong flag in a script",
        "commands",
        "deploy/install",
        "--uniform-bucket-level-access",
        "--uniform-access",
        "gcloud storage buckets create",
    ),
    Fault(
        "wrong command in an example",
        "commands",
        "examples/gitlab-ci.yml",
        "workload-identity-pools create-cred-config",
        "workload-identity-pools create-credentials",
        "examples/gitlab-ci.yml: gcloud iam workload-identity-pools create-credentials",
    ),
    Fault(
        "wrong argument for Terraform",
        "commands",
        "deploy/commands.sh",
        "-reconfigure",
        "-reconfig",
        "no such argument -reconfig",
    ),
    Fault(
        "wrong flag in a block of a page, after a string of several lines",
        "commands",
        "docs/security.md",
        "--freshness=30d --format='csv(timestamp,jsonPayload.token",
        "--newness=30d --format='csv(timestamp,jsonPayload.token",
        ": gcloud logging read",
    ),
    Fault(
        "wrong command in the text of a page",
        "commands",
        "docs/operate.md",
        "gcloud storage restore",
        "gcloud storage undelete",
        "(mentioned): gcloud storage undelete",
    ),
    Fault(
        "command that Terraform does not have",
        "commands",
        "docs/install.md",
        "$ terraform -chdir=deploy/terraform output",
        "$ terraform -chdir=deploy/terraform outputs",
        "terraform outputs: no such command",
    ),
    Fault(
        "variable that the shell splits",
        "shell",
        "examples/publish.sh",
        "trap 'rm -rf \"$work\"' EXIT",
        "rm -rf $work",
        "SC2086",
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_turns_its_check_red(fault: Fault, tree: Path, check: Run) -> None:
    file = tree / fault.file
    text = file.read_text("utf-8")
    assert fault.before in text
    file.write_text(text.replace(fault.before, fault.after), "utf-8")

    done = check("offline_checks", "--root", str(tree), fault.part)

    assert done.returncode == 1, done.stdout
    # Terraform wraps what it says, and draws a line beside it.
    assert fault.said in " ".join(done.stdout.replace("│", " ").split()), done.stdout


@pytest.mark.parametrize("part", sorted({fault.part for fault in FAULTS}))
def test_without_a_fault_a_check_is_green(part: str, tree: Path, check: Run) -> None:
    done = check("offline_checks", "--root", str(tree), part)
    assert done.returncode == 0, done.stdout
