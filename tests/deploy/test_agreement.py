"""Settings, topics, subscriptions and names agree between Terraform and the code."""

import re
from typing import Any

import pytest

from chassis.settings import ServiceSettings
from indexer.settings import Settings as IndexerSettings
from ingest.settings import ReplaySettings, RescanSettings
from ingest.settings import Settings as IngestSettings
from local import topology as local
from proxy.settings import Settings as ProxySettings
from publisher.settings import RepairSettings
from publisher.settings import Settings as PublisherSettings
from schemas import __version__, layout
from schemas.discovery import IndexDescription
from schemas.events import ProjectCommand

from .conftest import ROOT

SETTINGS: dict[str, type[ServiceSettings]] = {
    "ingest": IngestSettings,
    "indexer": IndexerSettings,
    "publisher": PublisherSettings,
    "catalog": PublisherSettings,
    "proxy": ProxySettings,
}

Resources = list[dict[str, Any]]


def select(resources: Resources, kind: str) -> Resources:
    return [each for each in resources if each["type"] == kind]


def read_environment(resources: Resources, service: str) -> dict[str, str]:
    found = select(resources, "google_cloud_run_v2_service")
    values = next(each for each in found if each["name"] == f"gcpypi-{service}")
    return read_variables(values["template"][0])


def read_variables(template: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in template["containers"][0]["env"]}


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_starts_with_its_settings(
    service: str, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, given = SETTINGS[service], read_environment(resources, service)
    for field in settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings()
    assert {name.lower() for name in given} <= set(settings.model_fields)


@pytest.mark.parametrize(
    ("job", "settings"),
    [
        ("verify", RepairSettings),
        ("rebuild", RepairSettings),
        ("reindex", IngestSettings),
        ("replay", ReplaySettings),
        ("rescan", RescanSettings),
    ],
)
def test_a_job_has_the_settings_of_its_command(
    job: str,
    settings: type[ServiceSettings],
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = select(resources, "google_cloud_run_v2_job")
    [values] = [each for each in jobs if each["name"] == f"gcpypi-{job}"]
    for field in settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    for name, value in read_variables(values["template"][0]["template"][0]).items():
        monkeypatch.setenv(name, value)
    read = settings().model_dump()
    assert read["gcp_project"] == "acme-packages"
    buckets = {name: value for name, value in read.items() if name.endswith("_bucket")}
    assert buckets == {name: f"acme-packages-gcpypi-{name[:-7]}" for name in buckets}


def test_verify_the_publisher_and_the_catalog_have_the_same_title(resources: Resources) -> None:
    [job] = [
        each
        for each in select(resources, "google_cloud_run_v2_job")
        if each["name"] == "gcpypi-verify"
    ]
    title = read_variables(job["template"][0]["template"][0])["TITLE"]
    titles = {read_environment(resources, name)["TITLE"] for name in ("publisher", "catalog")}
    assert {title} == titles == {"Acme's packages"}


def test_ingest_gets_the_uploaders(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in read_environment(resources, "ingest").items():
        monkeypatch.setenv(name, value)
    assert IngestSettings().build_policy().uploaders == {"hub": ("acme-*",), "build": ("*",)}


def test_the_proxy_declares_less_than_the_limit_of_cloud_run(resources: Resources) -> None:
    assert int(read_environment(resources, "proxy")["MAX_CONTENT_LENGTH"]) < 32 * 1024 * 1024


def test_the_proxy_describes_the_resources_of_the_index(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in read_environment(resources, "proxy").items():
        monkeypatch.setenv(name, value)
    services = {f"gcpypi-{name}": name for name in SETTINGS}
    jobs = [each["name"] for each in select(resources, "google_cloud_run_v2_job")]
    [secret] = select(resources, "google_secret_manager_secret")
    planned = {each["name"] for each in select(resources, "google_cloud_run_v2_service")}
    assert planned == services.keys()
    assert ProxySettings().build_description() == IndexDescription(
        version=__version__,
        gcp_project="acme-packages",
        region="europe-west1",
        buckets={
            role: f"acme-packages-gcpypi-{role}"
            for role in ("incoming", "packages", "verdicts", "metadata", "static")
        },
        topics={name: name for name in local.TOPICS},
        services={name: service for service, name in services.items()},
        jobs={name.removeprefix("gcpypi-"): name for name in jobs},
        tokens_secret=secret["secret_id"],
    )


def test_the_output_description_has_the_fields_of_the_schema() -> None:
    text = (ROOT / "deploy/terraform/outputs.tf").read_text("utf-8")
    [block] = re.findall(r'^output "description" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^    (\w+) +=", block, re.MULTILINE) == list(IndexDescription.model_fields)


def test_the_variable_instances_limits_a_service(resources: Resources) -> None:
    instances = {
        each["name"].removeprefix("gcpypi-"): each["template"][0]["scaling"][0][
            "max_instance_count"
        ]
        for each in select(resources, "google_cloud_run_v2_service")
    }
    assert instances == {"ingest": 10, "indexer": 3, "publisher": 3, "catalog": 1, "proxy": 5}


def test_topics_and_subscriptions_equal_those_of_the_local_runtime(resources: Resources) -> None:
    topics = {each["name"] for each in select(resources, "google_pubsub_topic")}
    assert topics == {*local.TOPICS, *(each.dead_letter for each in local.SUBSCRIPTIONS)}
    pushes = {
        each["name"]: each["push_config"][0]["push_endpoint"]
        for each in select(resources, "google_pubsub_subscription")
        if each["push_config"]
    }
    assert {name: url[url.index("/push") :] for name, url in pushes.items()} == {
        each.name: each.path for each in local.SUBSCRIPTIONS
    }


def test_names_of_buckets_equal_those_of_the_local_runtime(resources: Resources) -> None:
    names = {each["name"] for each in select(resources, "google_storage_bucket")}
    kinds = {bucket.removeprefix(local.GCP_PROJECT) for bucket in local.BUCKETS.values()}
    assert {name.removeprefix("acme-packages-gcpypi") for name in names} == {*kinds, "-builds"}


def test_the_catalog_may_write_only_its_pages(resources: Resources) -> None:
    conditions = [
        each["condition"][0]["expression"]
        for each in select(resources, "google_storage_bucket_iam_member")
        if "catalog writer static" in each["address"]
    ]
    objects = "projects/_/buckets/acme-packages-gcpypi-static/objects"
    pages = (layout.HOME, layout.ROOT_HTML, layout.ROOT_JSON)
    assert conditions == [
        " || ".join(
            [
                f'resource.name.startsWith("{objects}/changelog/")',
                *(f'resource.name == "{objects}/{page}"' for page in pages),
            ]
        )
    ]
    assert layout.locate_changelog(1).startswith("changelog/")


def read_condition(resources: Resources, address: str) -> str:
    """Return the condition of the only grant on a bucket with this part of its address."""
    grants = select(resources, "google_storage_bucket_iam_member")
    [found] = [each for each in grants if address in each["address"]]
    expression: str = found["condition"][0]["expression"]
    return expression


def test_an_uploader_may_read_the_answers_to_its_commands(resources: Resources) -> None:
    condition = read_condition(resources, "hub getter verdicts commands")
    command = layout.derive_command_id("hub/1/yank.command.json", 1)
    prefix = layout.locate_command_verdict(command).rpartition(".json")[0].rpartition(".")[0]
    verdicts = "projects/_/buckets/acme-packages-gcpypi-verdicts/objects"
    assert condition == f'resource.name.startsWith("{verdicts}/{prefix}.")'


def test_an_operator_may_create_only_commands_of_its_own_name(resources: Resources) -> None:
    condition = read_condition(resources, "group:operators@example.com creator incoming")
    author = layout.split_author("operators/operators/yank.command.json")
    assert layout.is_operator(author)
    incoming = "projects/_/buckets/acme-packages-gcpypi-incoming/objects"
    assert condition == f'resource.name.startsWith("{incoming}/{author}/")'


@pytest.mark.parametrize("file", ["uploaders.tf", "publishers.tf"])
def test_the_commands_of_uploaders_are_actions_of_the_schema(file: str) -> None:
    text = (ROOT / "deploy/terraform" / file).read_text("utf-8")
    [allowed] = re.findall(r"setsubtract\(each.commands, \[(.*?)\]", text)
    actions = ProjectCommand.model_json_schema()["properties"]["action"]["enum"]
    assert re.findall(r'"([a-z-]+)"', allowed) == actions
    [default] = re.findall(r"commands += optional\(list\(string\), \[(.*?)\]", text)
    assert default == '"yank", "unyank"'


def test_the_indexer_may_write_the_answers_to_commands(resources: Resources) -> None:
    conditions = [
        each["condition"][0]["title"]
        for each in select(resources, "google_storage_bucket_iam_member")
        if "indexer creator verdicts" in each["address"]
    ]
    assert conditions == ["only commands/"]
    assert layout.locate_command_verdict("1").startswith("commands/")
