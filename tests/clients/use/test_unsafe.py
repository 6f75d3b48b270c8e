"""Configurations that ``docs/use.md`` warns of: each asks the public index for a private name."""

from dataclasses import dataclass, replace

import pytest

from clients.use.conftest import TwoIndexes
from clients.use.public_index import NEVER
from clients.use.recipes import TOKEN, RecipeRunner

pytestmark = pytest.mark.clients

BARE = "https://packages.example.com/simple/"
PRIVATE = f"https://__token__:{TOKEN}@packages.example.com/simple/"
PUBLIC = "https://index.example/simple/"


@dataclass(frozen=True)
class Unsafe:
    """Configuration with the row of ``docs/use.md``."""

    client: str
    words: str
    """The configuration in the table."""
    asked: str
    """Private name that the public index is asked for, and of which 99.0 is installed."""
    commands: tuple[str, ...]
    pyproject: str = ""


def make_source(tool: str, name: str, url: str, more: str = "") -> str:
    table = "index" if tool == "uv" else "source"
    return f'[[tool.{tool}.{table}]]\nname = "{name}"\nurl = "{url}"\n{more}\n'


UV = (
    f"export UV_INDEX_GCPYPI_USERNAME=__token__ UV_INDEX_GCPYPI_PASSWORD={TOKEN}",
    "uv add acme-tool",
)
POETRY = (
    f"export POETRY_HTTP_BASIC_GCPYPI_USERNAME=__token__ POETRY_HTTP_BASIC_GCPYPI_PASSWORD={TOKEN}",
)
CONFIGURATIONS = (
    Unsafe(
        "pip",
        "`--extra-index-url`",
        "acme-tool",
        (f"pip install --index-url {PRIVATE} --extra-index-url {PUBLIC} acme-tool",),
    ),
    Unsafe(
        "uv",
        "`explicit` index and `tool.uv.sources`",
        "acme-core",
        UV,
        make_source("uv", "gcpypi", BARE, "explicit = true")
        + make_source("uv", "public", PUBLIC, "default = true")
        + '[tool.uv.sources]\nacme-tool = { index = "gcpypi" }\n',
    ),
    Unsafe(
        "uv",
        "this index first, the public one as default",
        "acme-future",
        UV,
        make_source("uv", "gcpypi", BARE) + make_source("uv", "public", PUBLIC, "default = true"),
    ),
    Unsafe(
        "poetry",
        "`explicit` source",
        "acme-core",
        (*POETRY, "poetry add --source gcpypi acme-tool"),
        make_source("poetry", "public", PUBLIC, 'priority = "primary"')
        + make_source("poetry", "gcpypi", BARE, 'priority = "explicit"'),
    ),
    Unsafe(
        "poetry",
        "`primary` source, the public one as `supplemental`",
        "acme-future",
        (*POETRY, "poetry add acme-tool"),
        make_source("poetry", "gcpypi", BARE, 'priority = "primary"')
        + make_source("poetry", "public", PUBLIC, 'priority = "supplemental"'),
    ),
    Unsafe(
        "pdm",
        "two sources without patterns",
        "acme-tool",
        ("pdm add acme-tool",),
        make_source("pdm", "gcpypi", PRIVATE) + make_source("pdm", "pypi", PUBLIC),
    ),
)


@pytest.mark.parametrize("unsafe", CONFIGURATIONS, ids=lambda one: f"{one.client}-{one.asked}")
def test_an_unsafe_configuration_installs_the_attackers_release(
    unsafe: Unsafe, runner: RecipeRunner, indexes: TwoIndexes
) -> None:
    """If a client becomes safe, this test fails: change the table on the page then."""
    runner_of_row = replace(
        runner, wanted="acme-future" if unsafe.asked == "acme-future" else "acme-tool"
    )
    runner_of_row.write("pyproject.toml", unsafe.pyproject)

    installed = runner_of_row.type(dict.fromkeys(unsafe.commands, ""))

    name = unsafe.asked.replace("-", "_")
    assert (indexes.public.private_names, installed[name]) == ({unsafe.asked}, NEVER)
