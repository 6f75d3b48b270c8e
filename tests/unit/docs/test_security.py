"""Tables and queries of docs/security.md against Terraform and the access log."""

import inspect
import re
from pathlib import Path

from chassis import request_log
from cloud.errors import PermissionDenied
from cloud.ports import Headers
from local.topology import SUBSCRIPTIONS
from proxy.http import access_log
from schemas.events import ProjectIndexed
from schemas.names import ProjectName
from testing.services.memory_index import MemoryIndex
from unit.publisher.publisher_fixtures import Hook, PublisherInstance, Store, make_record

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/security.md").read_text("utf-8")
ACCESS = ROOT / "deploy/terraform/modules/access"
GROUPS = {"name": "uploaders", "who": "operators"}
"""Identities of the page by their variables in the tables of Terraform."""


def read_rows(columns: str) -> list[list[str]]:
    """Return the cells of the table with this beginning of its head."""
    _, _, rest = PAGE.partition(f"| {columns}")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in lines]


def find_grants(pattern: str, file: str) -> set[tuple[str, ...]]:
    found = re.findall(pattern, (ACCESS / file).read_text("utf-8"))
    return {(GROUPS.get(who, who.strip('"')), *rest) for who, *rest in found}


def test_the_page_has_every_right_on_a_bucket() -> None:
    said = {(who, role, bucket) for who, bucket, role, _ in read_rows("identity | bucket")}

    pattern = r'who\s*=\s*("?\w+"?),\s*role\s*=\s*"(\w+)",\s*bucket\s*=\s*"(\w+)"'
    assert said == find_grants(pattern, "main.tf")


def test_the_page_has_the_permissions_of_every_role() -> None:
    said = {role: permissions.split(", ") for role, permissions in read_rows("role | permissions")}

    found = re.findall(
        r"(\w+)\s*=\s*{ title = .*permissions = \[(.*?)\]", (ACCESS / "roles.tf").read_text("utf-8")
    )
    assert said == {role: re.findall(r'"(\w+)"', permissions) for role, permissions in found}


def test_the_page_has_every_right_on_a_topic() -> None:
    said = {(who, topic) for who, topic in read_rows("identity | publishes")}

    assert said == find_grants(r'who = ("?\w+"?), topic = "([\w-]+)"', "topics.tf")


def test_the_page_has_every_role_on_the_project() -> None:
    said = {role for _, role, _ in read_rows("identity | role on the project")}

    checked = (ROOT / "deploy/offline_checks/planned.py").read_text("utf-8")
    allowed = checked.partition("PROJECT_ROLES = ")[2].partition(")")[0]
    assert said == set(re.findall(r"roles/[\w.]+", allowed))


def test_no_role_with_delete_is_granted_on_packages_or_incoming() -> None:
    deleting = {
        role for role, permissions in read_rows("role | permissions") if "delete" in permissions
    }

    assert {
        bucket for _, bucket, role, _ in read_rows("identity | bucket") if role in deleting
    } == {
        "metadata",
        "static",
    }


def test_the_rights_of_the_catalog_are_enough() -> None:
    """Include a stray object and damaged custom metadata: for both the catalog reads a record."""
    store = Store()
    store.index(make_record("acme-1.tar.gz"), make_record(project="zebra"))
    whole = store.metadata.read("projects/acme.json")
    assert whole is not None
    store.metadata.put("projects/acme.json", whole.data, Headers("application/json", ""))
    store.metadata.put("projects/", b"")

    assert PublisherInstance(store, _forbid_others("catalog")).catalog.publish() == 2


def test_the_rights_of_web_are_enough() -> None:
    index, written = MemoryIndex(), set[str]()
    others = frozenset(each.name for each in SUBSCRIPTIONS if each.service != "web")
    index.pipeline.silent = frozenset({"web-project"})
    index.run(index.upload("acme", "1.0"))
    index.pipeline.silent = others
    forbid = _forbid_others("web")

    def check(operation: str, bucket: str, name: str) -> None:
        forbid(operation, bucket, name)
        if operation == "objects.insert":
            written.add(name.partition("/")[0])

    for name in ("metadata", "static", "packages"):
        index.buckets[name].before = check
    for force in (False, True):
        index.run(ProjectIndexed(project=ProjectName("acme"), record_revision=0, force=force))
    assert "projects/acme/1.0/index.html" in index.data("static")
    assert written == {"projects", "pypi"}


def _forbid_others(who: str) -> Hook:
    """Forbid all operations that the page does not grant to the identity."""
    permissions = {role: set(said.split(", ")) for role, said in read_rows("role | permissions")}
    granted = {
        (bucket, permission)
        for name, bucket, role, _ in read_rows("identity | bucket")
        if name == who
        for permission in permissions[role]
    }
    needed = {"objects.insert": "create", "objects.download": "get"}

    def check(operation: str, bucket: str, name: str) -> None:
        if (bucket, needed.get(operation, operation.removeprefix("objects."))) not in granted:
            raise PermissionDenied(f"gs://{bucket}/{name}", f"{who} may not {operation}")

    return check


def test_queries_ask_for_fields_that_the_proxy_logs() -> None:
    asked = set(re.findall(r"jsonPayload\.(\w+)", PAGE))

    source = "".join(map(inspect.getsource, (request_log, access_log)))
    written = set(re.findall(r'^ +"(\w+)": ', source, re.MULTILINE))
    assert asked
    assert asked <= written
