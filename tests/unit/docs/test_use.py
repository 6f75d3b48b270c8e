"""``docs/use.md``: parts that are not executed by ``make test-clients``, and its completeness."""

import json
import re

from clients.use.recipes import HOST, TOKEN, UPSTREAM, find_block, read_sections
from clients.use.test_recipes import BUILDS, INSTALLERS
from clients.use.test_unsafe import CONFIGURATIONS
from documented import doc_pages
from proxy.settings import Settings

OPERATOR = "Serve public packages through the index"
COMMAND = "The command gcpypi"
"""Section of ``e2e/test_cli_operate.py``."""
CHECKED = {*INSTALLERS, *BUILDS, OPERATOR, COMMAND, "Renovate", "Dependabot", "Bazel", "micropip"}
URL = f"https://{HOST}/simple/"


def test_each_section_with_a_recipe_is_executed_or_checked() -> None:
    with_blocks = {name for name, text in read_sections().items() if "```" in text}
    assert with_blocks == CHECKED


def test_the_proxy_accepts_the_settings_of_the_operator() -> None:
    written = re.findall(r'^ +([A-Z_]+) += (".*")$', find_block(OPERATOR, "terraform"), re.M)
    values = {name.lower(): json.loads(text) for name, text in written}
    names = values.pop("private_names")
    given = Settings.model_validate(
        {"gcp_project": "p", "static_bucket": "s", "packages_bucket": "p", "tokens_secret": "t"}
        | {**values, "private_names": json.loads(names)}
    )
    assert (given.upstream_index_url, given.private_names) == (UPSTREAM, ("acme-*",))


def test_the_table_lists_the_measured_unsafe_configurations() -> None:
    rows = re.findall(
        r"^\| (\w+) \| (.+?) \| `(.+?)` \| (.+?) \|$", doc_pages.read_page("docs/use.md"), re.M
    )
    assert rows == [
        (one.client, one.words, one.asked, f"installs `{one.asked}` 99.0") for one in CONFIGURATIONS
    ]


def test_no_recipe_names_a_second_index() -> None:
    """Only pdm has a measured safe way to use two."""
    naming = {name for name, text in read_sections().items() if UPSTREAM in text}
    assert naming == {OPERATOR, "pdm with two indexes"}


def test_the_recipe_of_renovate_replaces_the_public_index() -> None:
    recipe = json.loads(find_block("Renovate", "json"))
    assert recipe["packageRules"] == [{"matchDatasources": ["pypi"], "registryUrls": [URL]}]
    assert [rule["matchHost"] for rule in recipe["hostRules"]] == [f"https://{HOST}/"]


def test_the_recipe_of_dependabot_replaces_the_public_index() -> None:
    recipe = find_block("Dependabot", "yaml")
    assert [f"url: {URL}" in recipe, "replaces-base: true" in recipe] == [True, True]


def test_the_recipe_of_bazel_has_this_index_and_the_token_in_netrc() -> None:
    assert f'experimental_index_url = "{URL}"' in find_block("Bazel", "starlark")
    assert find_block("Bazel", "netrc").split() == [
        *("machine", HOST, "login", "__token__", "password", TOKEN)
    ]
