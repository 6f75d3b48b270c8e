"""Settings, topics, subscriptions and names agree between Terraform and the code."""

import re
from typing import Any

import pytest

from benchmarks.publish.render import CATALOG_MIB
from chassis.settings import ServiceSettings
from checks.policy import Policy
from indexer.settings import Settings as IndexerSettings
from ingest.settings import ReplaySettings, RescanSettings
from ingest.settings import Settings as IngestSettings
from local import topology as local
from proxy.settings import Settings as ProxySettings
from publisher.__main__ import README_CHILDREN
from publisher.settings import RepairSettings
from publisher.settings import Settings as PublisherSettings
from publisher.web.readme_child import MEMORY
from publisher.web.readme_process import CHILDREN
from publisher.web.settings import Settings as WebSettings
from schemas import __version__, layout, web_layout
from schemas.discovery import IndexDescription
from schemas.events import ProjectCommand
from schemas.names import normalize_project
from upload.settings import Settings as UploadSettings

from .conftest import ROOT

SETTINGS: dict[str, type[ServiceSettings]] = {
    "ingest": IngestSettings,
    "indexer": IndexerSettings,
    "publisher": PublisherSettings,
    "catalog": PublisherSettings,
    "web": WebSettings,
    "proxy": ProxySettings,
    "upload": UploadSettings,
}

MODULES = {"web": "publisher.web"}
"""Package of each service that shares the image of another service."""

BASE_MEMORY = 256 * 1024**2
"""Bytes of a process without its children and without the catalog."""
UNITS = {"Mi": 1024**2, "Gi": 1024**3}

Resources = list[dict[str, Any]]


def select(resources: Resources, kind: str) -> Resources:
    return [each for each in resources if each["type"] == kind]


def read_memory(template: dict[str, Any]) -> int:
    """Return the memory of the only container in bytes."""
    limit = template["containers"][0]["resources"][0]["limits"]["memory"]
    return int(limit[:-2]) * UNITS[limit[-2:]]


def read_environment(resources: Resources, service: str) -> dict[str, str]:
    found = select(resources, "google_cloud_run_v2_service")
    values = next(each for each in found if each["name"] == f"gcpypi-{service}")
    variables = read_variables(values["template"][0])
    # The image reads it, and starts the module main of this package.
    assert variables.pop("SERVICE", None) == MODULES.get(service)
    return variables


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


def test_renderers_of_hostile_descriptions_fit_into_the_memory(resources: Resources) -> None:
    """Cloud Run ends an instance or job that exceeds its memory, so no other project is served."""
    web = select(resources, "google_cloud_run_v2_service")
    [service] = [each for each in web if each["name"] == "gcpypi-web"]
    jobs = select(resources, "google_cloud_run_v2_job")
    [verify] = [each for each in jobs if each["name"] == "gcpypi-verify"]

    assert read_memory(service["template"][0]) >= CHILDREN * MEMORY + BASE_MEMORY
    needed = README_CHILDREN * MEMORY + BASE_MEMORY + int(CATALOG_MIB) * 1024**2
    assert read_memory(verify["template"][0]["template"][0]) >= needed


def test_all_services_with_pages_and_verify_have_the_same_title(resources: Resources) -> None:
    [job] = [
        each
        for each in select(resources, "google_cloud_run_v2_job")
        if each["name"] == "gcpypi-verify"
    ]
    title = read_variables(job["template"][0]["template"][0])["TITLE"]
    titles = {
        read_environment(resources, name)["TITLE"] for name in ("publisher", "catalog", "web")
    }
    assert {title} == titles == {"Acme's packages"}


def test_ingest_gets_the_uploaders(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in read_environment(resources, "ingest").items():
        monkeypatch.setenv(name, value)
    assert IngestSettings().build_policy().uploaders == {
        "hub": ("acme-*",),
        "build": ("*",),
        "tokens": ("tools-*",),
    }


def test_the_upload_service_has_the_uploaders_and_the_limits_of_ingest(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in read_environment(resources, "upload").items():
        monkeypatch.setenv(name, value)
    policy = UploadSettings().build_policy()
    assert policy.uploaders == {"tokens": ("tools-*",)}
    assert policy.strict


def test_limits_of_the_checks_are_settings_of_both_services() -> None:
    text = (ROOT / "deploy/terraform/main.tf").read_text("utf-8")
    [block] = re.findall(r"check_settings = \{(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    limits = {name.lower() for name in re.findall(r'"([A-Z_]+)"', block)}
    assert limits == {name for name in Policy.__dataclass_fields__ if name != "uploaders"}
    assert limits <= set(IngestSettings.model_fields) & set(UploadSettings.model_fields)


def test_the_public_services_know_each_others_addresses(resources: Resources) -> None:
    proxy, upload = (read_environment(resources, name) for name in ("proxy", "upload"))
    addresses = {name: upload[name] for name in ("INDEX_URL", "UPLOAD_URL")}
    assert addresses == {name: proxy[name] for name in addresses}
    assert addresses == {
        "INDEX_URL": "https://gcpypi-proxy-42.europe-west1.run.app/simple/",
        "UPLOAD_URL": "https://gcpypi-upload-42.europe-west1.run.app/legacy/",
    }


def test_the_proxy_declares_less_than_the_limit_of_cloud_run(resources: Resources) -> None:
    assert int(read_environment(resources, "proxy")["MAX_CONTENT_LENGTH"]) < 32 * 1024 * 1024


def test_the_proxy_describes_the_resources_of_the_index(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in read_environment(resources, "proxy").items():
        monkeypatch.setenv(name, value)
    services = {f"gcpypi-{name}": name for name in SETTINGS}
    jobs = [each["name"] for each in select(resources, "google_cloud_run_v2_job")]
    secrets = {each["secret_id"] for each in select(resources, "google_secret_manager_secret")}
    assert secrets == {local.TOKENS_SECRET, local.UPLOADERS_SECRET}
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
        tokens_secret=local.TOKENS_SECRET,
        upload_url="https://gcpypi-upload-42.europe-west1.run.app/legacy/",
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
    assert instances == {
        **{"ingest": 10, "indexer": 3, "publisher": 3, "catalog": 1, "web": 3, "proxy": 5},
        "upload": 2,
    }


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
    conditions = [read_condition(resources, "catalog writer static changelog/")]
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


def test_the_catalog_may_write_its_objects_for_people(resources: Resources) -> None:
    condition = read_condition(resources, "catalog writer static changes/")
    objects = "projects/_/buckets/acme-packages-gcpypi-static/objects"
    names = ("CHANGES", "FEED", "RECENT", "SEARCH", "TOTALS")
    of_projects = web_layout.locate_project_list(1).removesuffix("1.html")
    assert condition == " || ".join(
        [
            f'resource.name.startsWith("{objects}/changes/")',
            f'resource.name.startsWith("{objects}/search/")',
            *(f'resource.name == "{objects}/{getattr(web_layout, name)}"' for name in names),
            f'resource.name.startsWith("{objects}/{of_projects}")'
            f' && resource.name.extract("{objects}/projects/{{folder}}/") == ""',
        ]
    )
    assert web_layout.CHANGES_PAGE.startswith("changes/")
    assert web_layout.SEARCH_PAGE.startswith("search/")
    assert web_layout.locate_search_shard("ac").startswith("search/")


def test_the_catalog_may_only_create_assets(resources: Resources) -> None:
    objects = "projects/_/buckets/acme-packages-gcpypi-static/objects"
    condition = read_condition(resources, "catalog creator static")
    assert condition == f'resource.name.startsWith("{objects}/{web_layout.ASSETS}")'


def test_web_may_write_only_pages_of_projects(resources: Resources) -> None:
    condition = read_condition(resources, "web writer static")
    objects = "projects/_/buckets/acme-packages-gcpypi-static/objects"
    assert condition == (
        f'resource.name.startsWith("{objects}/projects/")'
        f' || resource.name.startsWith("{objects}/pypi/")'
    )
    acme = normalize_project("acme")
    assert web_layout.locate_web_pages(acme).startswith("projects/")
    assert layout.locate_legacy_json(acme).startswith("pypi/")
    written = {
        each["address"]
        for each in select(resources, "google_storage_bucket_iam_member")
        if '["web ' in each["address"] and "reader" not in each["address"]
    }
    assert len(written) == 1


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
    condition = read_condition(resources, "group:operators@example.com creator incoming operators/")
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
