"""Permissions of the commands in runbooks: deploy/offline_checks/runbooks, without Terraform."""

from pathlib import Path

import pytest

from offline_checks.planned_resource import PlannedResource
from offline_checks.runbooks import alerts, operator_grants, permissions
from offline_checks.runbooks.operator_grants import Grant

pytestmark = pytest.mark.any_python("reads pages and permissions")

DOCS = Path(__file__).parents[3] / "docs"
READ_LOG: Grant = ("logging.logEntries.list", "project")
LOG_STEP = "```console\n$ gcloud logging read x --limit=1 | sort\n```\n"


def check(page: str, *granted: Grant) -> list[str]:
    return list(permissions.check_page("page.md", page, frozenset(granted)))


@pytest.mark.parametrize("name", permissions.PAGES)
def test_every_command_of_a_runbook_has_its_permissions(name: str) -> None:
    problems = check((DOCS / name).read_text("utf-8"))
    assert [each for each in problems if "unknown command" in each] == []
    assert len(problems) > 5  # commands that operators cannot execute without their rights


def test_an_operator_needs_the_rights_of_each_command() -> None:
    assert check(LOG_STEP, READ_LOG) == []
    assert check(LOG_STEP) == [
        "page.md:2: operators lack logging.logEntries.list on project: "
        "gcloud logging read x --limit=1 | sort"
    ]


@pytest.mark.parametrize(
    "page",
    [
        f"## Task\n\nAs an\nowner, do:\n\n{LOG_STEP}",
        f"## Task\n\nAn owner does these steps.\n\nFirst:\n\n{LOG_STEP}",
        f"## Task\n\nAn owner does these steps.\n\n### A\n\nx\n\n### B\n\n{LOG_STEP}",
        f"## Task\n\n{LOG_STEP}\nOnly an owner can do this.",
        "Only an owner can use `gcloud logging read x`.",
        "Use `gcloud logging read x` as an owner.",
    ],
)
def test_the_text_can_name_the_owner(page: str) -> None:
    assert check(page) == []


@pytest.mark.parametrize(
    "page",
    [
        f"## Other task\n\nAs an owner, install.\n\n## Task\n\n{LOG_STEP}",
        f"## Other task\n\nAn owner does these steps.\n\n## Task\n\n{LOG_STEP}",
        f"## Task\n\nOnly an owner can install.\n\n### Part\n\n{LOG_STEP}",
        f"## Task\n\nAs an owner, install.\n\nOr wait.\n\nThen read:\n\n{LOG_STEP}",
        f"## Task\n\n{LOG_STEP}\nRead it.\n\nOnly an owner can do more.",
        "Use `gcloud logging read x`.\n\nAs an owner, install.",
    ],
)
def test_other_paragraphs_do_not_count(page: str) -> None:
    assert len(check(page)) == 1


def test_an_unknown_command_is_a_problem() -> None:
    assert check("```sh\nuntil gcloud secrets list; do sleep 3; done\n```") == [
        "page.md:2: unknown command in runbooks/needs.py: gcloud secrets list"
    ]
    assert check("As an owner, use `frobnicate --all`.") == [
        "page.md:1: unknown command in runbooks/needs.py: frobnicate --all"
    ]
    assert check("A `Vary: Accept` field and `a = b` are no commands.") == []


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("gcpypi yank acme 1.0", "storage.objects.create on incoming/operators/"),
        ("gcpypi remove acme 1.0 --yes", "storage.objects.get on verdicts"),
        ("gcpypi log acme-1.0.tar.gz", "storage.objects.list on incoming"),
        ('gcloud storage cat "gs://$METADATA_BUCKET/a.json"', "storage.objects.get on metadata"),
        ("gcloud storage ls gs://my-gcpypi-packages/a", "storage.objects.list on packages"),
        (
            'gcloud storage cp a.json "gs://$INCOMING_BUCKET/operators/ada/a.json"',
            "storage.objects.create on incoming/operators/",
        ),
        ('gcloud storage cp "gs://$PACKAGES_BUCKET/a*" b/', "storage.objects.get on packages"),
        ("gcpypi import ./packages", "storage.objects.create on incoming/import/"),
        ("gcloud run jobs execute gcpypi-verify --wait", "run.jobs.run on gcpypi-verify"),
        ("gcloud run jobs execute gcpypi-a --args=b", "run.jobs.runWithOverrides on gcpypi-a"),
        (
            "gcloud run jobs execute gcpypi-a --update-env-vars=B=c",
            "run.jobs.runWithOverrides on gcpypi-a",
        ),
        (".venv/bin/python -m publisher rebuild", "run.jobs.run on gcpypi-rebuild"),
        ("python -m publisher rebuild acme", "run.jobs.runWithOverrides on gcpypi-rebuild"),
        ("reindex <project>", "run.jobs.runWithOverrides on gcpypi-reindex"),
        ("gcpypi token list", "logging.logEntries.list on project"),
        ("gcpypi token revoke ci --publish", "secretmanager.versions.add on gcpypi-uploaders"),
        ("gcpypi identity list", "secretmanager.versions.access on gcpypi-tokens"),
        ("gcloud pubsub topics publish topic-a", "pubsub.topics.publish on topic-a"),
    ],
)
def test_needs_name_their_resource(command: str, needs: str) -> None:
    assert f"page.md:2: operators lack {needs}: {command}" in check(f"```sh\n{command}\n```")


@pytest.mark.parametrize(
    ("command", "permission"),
    [
        ("gcpypi verify", "run.jobs.run"),
        ("gcpypi verify --no-wait", "run.jobs.run"),
        ("gcpypi rebuild --timeout 60 --index-url=https://a/simple/", "run.jobs.run"),
        ("gcpypi verify --bytes", "run.jobs.runWithOverrides"),
        ("gcpypi rebuild --no-wait acme", "run.jobs.runWithOverrides"),
        ("gcpypi reindex acme", "run.jobs.runWithOverrides"),
        ("gcpypi replay --filter project=acme --timeout=60", "run.jobs.runWithOverrides"),
        ("gcpypi rescan --days 7", "run.jobs.runWithOverrides"),
    ],
)
def test_arguments_of_a_job_need_a_right_that_operators_lack(command: str, permission: str) -> None:
    job = f"gcpypi-{command.split()[1]}"
    granted: tuple[Grant, ...] = (READ_LOG, ("run.executions.get", "project"))
    assert check(f"```sh\n{command}\n```", *granted) == [
        f"page.md:2: operators lack {permission} on {job}: {command}"
    ]


@pytest.mark.parametrize(
    "query",
    [
        "'logName:\"cloudaudit.googleapis.com%2Fdata_access\"'",
        "'protoPayload.resourceName:\"acme-1.0.tar.gz\"'",
    ],
)
def test_the_log_of_data_access_needs_another_right(query: str) -> None:
    command = f"gcloud logging read {query}"
    assert check(f"```sh\n{command}\n```", READ_LOG) == [
        f"page.md:2: operators lack logging.privateLogEntries.list on project: {command}"
    ]


def make_resource(kind: str, **values: object) -> PlannedResource:
    return PlannedResource(f"{kind}.this", kind, values)


def test_grants_are_read_from_the_plan() -> None:
    operator = {"member": "group:a"}
    custom = "projects/p/roles/creator"
    bucket = {**operator, "role": custom, "bucket": "acme-gcpypi-incoming"}
    publish = {"role": "roles/pubsub.publisher", "topic": "id-7"}
    found = [
        make_resource(
            "google_project_iam_custom_role", id=custom, permissions=["storage.objects.create"]
        ),
        make_resource("google_project_iam_member", **operator, role="roles/logging.viewer"),
        make_resource("google_storage_bucket_iam_member", **bucket, condition=[]),
        make_resource(
            "google_storage_bucket_iam_member",
            **bucket,
            condition=[{"title": "only operators/ada/, operators/bob/"}],
        ),
        make_resource("google_pubsub_topic", id="id-7", name="commands"),
        make_resource("google_pubsub_topic_iam_member", **operator, **publish),
        make_resource("google_pubsub_topic_iam_member", member="user:other", **publish),
        make_resource("google_cloud_run_v2_job", id="id-8", name="gcpypi-verify"),
        make_resource(
            "google_cloud_run_v2_job_iam_binding",
            members=["group:a"],
            role="roles/run.jobsExecutor",
            name="gcpypi-verify",
        ),
    ]
    assert operator_grants.list_grants(found, "group:a") == {
        READ_LOG,
        ("storage.objects.create", "incoming"),
        ("storage.objects.create", "incoming/operators/"),
        ("pubsub.topics.publish", "commands"),
        ("run.jobs.run", "gcpypi-verify"),
    }


def test_a_missing_alert_is_a_problem() -> None:
    problems = list(alerts.find_problems([], DOCS / "operate.md"))
    assert "the alert error-rate is missing" in problems
    assert len(problems) == len(alerts.PROMISES)
