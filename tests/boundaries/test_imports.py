"""Imports and dependencies: each service loads only its declared packages."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SERVICES = ("ingest", "indexer", "publisher", "proxy", "upload")
FORBIDDEN = {
    "ingest": {"jinja2", "dumb_pypi", "google.cloud.secretmanager", "google.cloud.storage"},
    "indexer": {"jinja2", "dumb_pypi", "google.cloud.secretmanager", "google.cloud.storage"},
    "publisher": {"google.cloud.secretmanager", "google.cloud.storage"},
    "proxy": {
        "jinja2",
        "dumb_pypi",
        "google.cloud.pubsub",
        "google.cloud.pubsub_v1",
        "google.cloud.storage",
    },
    "upload": {
        "jinja2",
        "dumb_pypi",
        "google.cloud.pubsub",
        "google.cloud.pubsub_v1",
        "google.cloud.storage",
        "uvicorn",
    },
}
OPTIONAL = {"python-multipart"}
"""Distributions that Starlette imports where they are installed, as in this environment."""
OPTIONAL_OF_GRANIAN = {"upload": {"uvloop"}}
"""Distributions that granian imports where they are installed. It gets the loop of asyncio."""
SHELL = {"app.py", "granian_server.py", "main.py", "protocol.py", "push_endpoint.py", "server.py"}
"""Modules of a service that can import the web framework or the server."""
PROXY_SHELL = {
    "access_log.py",
    "cors.py",
    "endpoints.py",
    "error_responses.py",
    "handlers.py",
    "icon.py",
    "page_handlers.py",
    "requests.py",
    "resources.py",
    "responses.py",
}
"""Modules of the proxy that can import Starlette's requests and responses."""


def is_shell_of_upload(path: Path) -> bool:
    """Return whether a module of the upload service can import requests and responses."""
    return "http" in path.parts or path.stem.endswith(("_handler", "_routes"))


SOURCES = sorted(
    path
    for member in (
        "schemas/schemas",
        "checks/checks",
        "access/access",
        "chassis/chassis",
        "cloud/cloud",
        *(f"services/{s}/{s}" for s in SERVICES),
    )
    for path in (ROOT / member).rglob("*.py")
)


@cache
def load_alone(module: str) -> dict[str, str]:
    """Import ``module`` in a new interpreter; return all additional modules with their files."""
    program = (
        "import sys\n"
        "bare = set(sys.modules)\n"
        f"import {module}\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name not in bare:\n"
        "        print(name, getattr(module, '__file__', None) or '-', sep='\\t')\n"
    )
    # Isolated (-I): modules come neither from the current folder nor from PYTHONPATH.
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(line.split("\t") for line in done.stdout.splitlines())


@cache
def map_files() -> dict[str, str]:
    """Return the normalised name of the distribution of each installed file."""
    return {
        str(distribution.locate_file(file)): canonicalize_name(distribution.name)
        for distribution in distributions()
        for file in distribution.files or ()
        if file.suffix in (".py", ".so")
    }


def read_pins(service: str) -> set[str]:
    """Return the distributions that the image of a service installs from the public index."""
    text = (ROOT / "requirements" / f"{service}.txt").read_text()
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


MEMBERS = {
    path.parent.name: path
    for path in (*ROOT.glob("*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml"))
}
"""Project files of the workspace members, by package."""


def find_dependencies(member: str) -> set[str]:
    """Return the member and its direct and indirect dependencies among the members."""
    project = tomllib.loads(MEMBERS[member].read_text("utf-8"))["project"]
    direct = re.findall(r"^gcpypi-(\w+)", "\n".join(project["dependencies"]), re.MULTILINE)
    return {member}.union(*map(find_dependencies, direct))


def read_imports(path: Path) -> set[str]:
    """Return the names of the modules that a source file imports."""
    tree = ast.parse(path.read_text("utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_loads_nothing_it_must_not(service: str) -> None:
    loaded = load_alone(f"{service}.main").keys()
    assert f"{service}.main" in loaded
    assert loaded.isdisjoint(FORBIDDEN[service])


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    loaded = {name.partition(".")[0] for name in load_alone(f"{service}.main")}
    assert loaded & set(SERVICES) == {service}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_loads_only_distributions_that_its_image_installs(service: str) -> None:
    files = load_alone(f"{service}.main").values()
    used = {map_files()[file] for file in files if file in map_files()}
    assert {"starlette", "pydantic"} <= used
    optional = OPTIONAL | OPTIONAL_OF_GRANIAN.get(service, set())
    assert used - optional <= read_pins(service)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_imports_only_members_that_it_declares(member: str) -> None:
    sources = (MEMBERS[member].parent / member).rglob("*.py")
    imports = {name.partition(".")[0] for path in sources for name in read_imports(path)}
    assert imports & MEMBERS.keys() <= find_dependencies(member)


@pytest.mark.parametrize("member", sorted(MEMBERS.keys() - {"testing"}))
def test_no_package_of_the_product_needs_the_equipment_of_tests(member: str) -> None:
    assert "testing" not in find_dependencies(member)


def test_no_image_has_the_equipment_of_tests() -> None:
    copied = re.findall(r"^COPY ([a-z]+) ", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    admitted = re.findall(r"^!([a-z]+)/", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert {"cloud", "services"} <= set(copied) <= set(admitted)
    assert set(admitted).isdisjoint({"testing", "tests", "benchmarks"})


@pytest.mark.parametrize(
    ("service", "absent"),
    [
        ("proxy", {"dumb-pypi", "jinja2", "google-cloud-pubsub", "google-cloud-storage"}),
        ("ingest", {"dumb-pypi", "jinja2", "google-cloud-secret-manager", "google-cloud-storage"}),
        ("indexer", {"dumb-pypi", "jinja2", "google-cloud-secret-manager", "google-cloud-storage"}),
        ("publisher", {"google-cloud-secret-manager", "google-cloud-storage"}),
        (
            "upload",
            {"dumb-pypi", "jinja2", "google-cloud-pubsub", "google-cloud-storage"}
            | {"h11", "httptools", "uvicorn", "uvloop"},
        ),
    ],
)
def test_an_image_installs_nothing_its_service_has_no_use_for(
    service: str, absent: set[str]
) -> None:
    assert read_pins(service).isdisjoint(absent)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_frameworks_and_the_environment_stay_in_their_files(path: Path) -> None:
    imports = {name.partition(".")[0] for name in read_imports(path)}
    if path.name not in SHELL:
        assert "uvicorn" not in imports
        is_proxy_shell = "proxy" in path.parts and path.name in PROXY_SHELL
        is_upload_shell = "upload" in path.parts and is_shell_of_upload(path)
        assert is_proxy_shell or is_upload_shell or "starlette" not in imports
    if path.name != "settings.py":
        assert imports.isdisjoint({"os", "pydantic_settings"}) or "environ" not in path.read_text()
    if "publisher" not in path.parts:
        assert imports.isdisjoint({"dumb_pypi", "jinja2"})
    if "cloud" not in path.parts:
        assert "google" not in imports


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if ROOT / "checks" in path.parents],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_checks_import_only_packaging_and_schemas(path: Path) -> None:
    imports = {name.partition(".")[0] for name in read_imports(path)}
    assert imports - sys.stdlib_module_names <= {"checks", "packaging", "schemas"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_imports_and_definitions(path: Path) -> None:
    """Allow docstrings, imports, definitions and constants at the top level of a module."""
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Assign() | ast.AnnAssign():
                continue
            case ast.If(test=test):
                assert ast.unparse(test) in ("__name__ == '__main__'", "TYPE_CHECKING")
            case _:
                assert isinstance(node, allowed), ast.unparse(node)


WATCHED = """
import logging, os, sys, threading
seen = []
def watch(event, arguments):
    if event in ("socket.connect", "subprocess.Popen", "os.system", "os.putenv"):
        seen.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"open {arguments[0]}")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
import {module}
assert not seen, seen
assert threading.active_count() == 1, threading.enumerate()
assert not logging.getLogger().handlers, logging.getLogger().handlers
"""


@pytest.mark.parametrize("service", SERVICES)
def test_importing_a_service_does_nothing(service: str) -> None:
    """Forbid connections, written files, processes, threads and log handlers.

    (urllib3 binds a socket to detect IPv6.)
    """
    program = WATCHED.replace("{module}", f"{service}.main")
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
