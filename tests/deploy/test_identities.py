"""The name of an uploader never changes the rights of another identity."""

import json
import random
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from local import topology as local

from .conftest import ROOT, Run

SEED = 15
RESERVED = {
    *("commands", "gcloud", "import", "jti", "messages", "operators", "upload"),
    *("ingest", "indexer", "publisher", "catalog", "proxy", "web", "repair", "local"),
    "images",
}
"""Prefixes of objects, services and images; the source of the images is under ``images/``."""

Resources = list[dict[str, Any]]


def generate_names() -> list[str]:
    """Return all reserved names, names that begin or end with them, and random names."""
    generator = random.Random(SEED)  # noqa: S311 - names for a test
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
    drawn = [f"z{''.join(generator.choices(letters, k=k))}9" for k in (1, 4, 8, 18)]
    return sorted({*RESERVED, "ingest-x", "x-indexer", "publishers", *drawn})


def name_members(resources: Resources) -> dict[str, str]:
    """Return the names of the service accounts by their IAM members, which the mock generates."""
    return {
        each["member"]: each["account_id"]
        for each in resources
        if each["type"] == "google_service_account"
    }


def list_grants(resources: Resources) -> Iterator[tuple[str, ...]]:
    """Yield the identity, the role, the resource and the condition of each grant of an account."""
    names = name_members(resources)
    roles: dict[str, str] = {
        each["id"]: each["role_id"]
        for each in resources
        if each["type"] == "google_project_iam_custom_role"
    }
    topics = {each["id"]: each["name"] for each in resources if each["type"].endswith("_topic")}
    for each in resources:
        if each.get("member") in names and "role" in each:
            conditions = "".join(c["title"] + c["expression"] for c in each.get("condition") or ())
            on: str = each.get("bucket") or topics.get(each.get("topic", "")) or each["type"]
            role = str(each["role"])
            yield names[each["member"]], roles.get(role, role), on, conditions


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, check: Run) -> Resources:
    """Resources of an installation with many more uploaders; no name is reserved there."""
    folder = tmp_path_factory.mktemp("crowd") / "terraform"
    shutil.copytree(ROOT / "deploy/terraform", folder)
    shutil.copytree(ROOT / "deploy/overrides", folder.parent / "overrides")
    variables = folder / "uploaders.tf"
    reserved = re.compile(r"(setintersection\(keys\(var.uploaders\), \[).*?\]", re.DOTALL)
    free, count = reserved.subn(r"\1]", variables.read_text("utf-8"))
    assert count == 1
    variables.write_text(free, "utf-8")
    file = folder / "tests/root.tftest.hcl"
    text = file.read_text("utf-8").partition('run "own_domain"')[0]
    entries = "".join(f'    {each} = {{ projects = ["x"] }}\n' for each in generate_names())
    file.write_text(text.replace("uploaders = {\n", f"uploaders = {{\n{entries}", 1), "utf-8")
    done = check("offline_checks.planned", str(folder))
    assert done.returncode == 0, done.stdout
    found: Resources = json.loads(done.stdout)
    return found


def test_no_name_of_an_uploader_changes_the_rights_of_another_identity(
    resources: Resources, crowd: Resources
) -> None:
    before, after = set(list_grants(resources)), set(list_grants(crowd))
    added = {f"gcpypi-ci-{name}" for name in generate_names()}
    assert before == {grant for grant in after if grant[0] not in added}
    assert {who for who, *_ in after - before} == added


def limit(bucket: str, prefix: str) -> str:
    """Return title and expression of the condition for a prefix of a bucket."""
    objects = f"projects/_/buckets/acme-packages-gcpypi-{bucket}/objects"
    return f'only {prefix}resource.name.startsWith("{objects}/{prefix}")'


def test_each_uploader_has_rights_only_under_its_own_prefix(crowd: Resources) -> None:
    grants = list(list_grants(crowd))
    creator, getter = "gcpypi_object_creator", "gcpypi_object_getter"
    incoming, verdicts = "acme-packages-gcpypi-incoming", "acme-packages-gcpypi-verdicts"
    for name in generate_names():
        assert {tuple(rest) for who, *rest in grants if who == f"gcpypi-ci-{name}"} == {
            (creator, incoming, limit("incoming", f"{name}/")),
            (getter, verdicts, limit("verdicts", f"{name}/")),
            (getter, verdicts, limit("verdicts", f"commands/{name}.")),
            ("roles/pubsub.publisher", "file-uploaded", ""),
        }


def test_an_uploader_with_announce_false_publishes_no_messages(resources: Resources) -> None:
    """The uploader hub of the tests has ``announce = false``."""
    publishers = {(who, on) for who, role, on, _ in list_grants(resources) if "pubsub" in role}
    uploaders = {(who, on) for who, on in publishers if who.startswith("gcpypi-ci-")}
    assert uploaders == {("gcpypi-ci-build", "file-uploaded")}


@pytest.mark.parametrize("file", ["uploaders.tf", "publishers.tf"])
def test_the_names_of_services_and_prefixes_are_reserved(file: str, resources: Resources) -> None:
    text = (ROOT / "deploy/terraform" / file).read_text("utf-8")
    _, _, rest = text.partition(f"setintersection(keys(var.{file[:-3]}), [")
    refused = set(re.findall(r'"([a-z]+)"', rest.partition("]")[0]))
    assert refused == RESERVED
    [message] = re.findall(r'error_message = "These names are reserved.*?: (.*?)\.', text)
    assert set(message.split(", ")) == refused

    services = [each for each in resources if each["type"] == "google_cloud_run_v2_service"]
    images = {each["template"][0]["containers"][0]["image"] for each in services}
    assert {each["name"].removeprefix("gcpypi-") for each in services} <= refused
    assert {image.rpartition("/")[2].partition(":")[0] for image in images} <= refused
    assert local.GCP_PROJECT.removeprefix("gcpypi-") in refused
