"""Recipes of ``docs/use.md`` for installers and builds: ``make test-clients``.

The public index has an attacker's release of each private name, and counts the requested names.
"""

import re
from dataclasses import replace

import pytest

from clients.use.conftest import TwoIndexes
from clients.use.recipes import TOKEN, RecipeFailed, RecipeRunner, find_block

pytestmark = pytest.mark.clients

INSTALLED = {"acme_core": "1.0", "acme_tool": "1.0", "pub_base": "1.0", "pub_tool": "1.0"}
ASKED = {"pub-base", "pub-tool"}
INSTALLERS = (
    "",  # the introduction
    "pip with a configuration file",
    "pip with environment variables",
    "uv",
    "poetry",
    "pdm",
    "pdm with two indexes",
    "pipx",
)
BUILDS = ("Dockerfile", "GitHub Actions", "GitLab CI", "Cloud Build")


@pytest.mark.parametrize("section", INSTALLERS)
def test_a_recipe_asks_the_public_index_only_for_public_projects(
    section: str, runner: RecipeRunner, indexes: TwoIndexes
) -> None:
    installed = runner.follow(section)

    found = (installed, indexes.public.asked, indexes.public.credentials)
    assert found == (INSTALLED, ASKED, set())


@pytest.mark.parametrize("section", INSTALLERS)
def test_a_recipe_installs_no_private_project_without_a_release(
    section: str, runner: RecipeRunner, indexes: TwoIndexes
) -> None:
    with pytest.raises(RecipeFailed, match="acme-future"):
        replace(runner, wanted="acme-future").follow(section)

    assert indexes.public.asked == set()


def list_build_commands(section: str) -> list[str]:
    """Return the commands of a build's file, with the variables that its service sets."""
    if section == "Dockerfile":
        text = find_block(section, "dockerfile").replace("\\\n", "")
        commands = re.findall(r"^RUN (?:--\S+ +)*(.+)$", text, re.MULTILINE)
        return [each.replace("/run/secrets/", "$HOME/") for each in commands]
    text = find_block(section, "yaml")
    if section == "Cloud Build":
        return [each.replace("$$", "$") for each in re.findall(r"- (pip .+)$", text, re.MULTILINE)]
    text = re.sub(r"\$\{\{ secrets\.(\w+) \}\}", r"${\1}", text)
    values = re.findall(r"^ +(PIP_\w+): (.+)$", text, re.MULTILINE)
    commands = re.findall(r"- (?:run: )?(pip .+)$", text, re.MULTILINE)
    return [*(f'export {name}="{value}"' for name, value in values), *commands]


@pytest.mark.parametrize("section", BUILDS)
def test_a_build_asks_the_public_index_only_for_public_projects(
    section: str, runner: RecipeRunner, indexes: TwoIndexes
) -> None:
    runner.write("~/gcpypi_token", f"{TOKEN}\n")

    installed = runner.type(
        dict.fromkeys([f"GCPYPI_TOKEN={TOKEN}", *list_build_commands(section)], "")
    )

    found = (installed, indexes.public.asked, indexes.public.credentials)
    assert found == (INSTALLED, ASKED, set())


def test_a_token_for_private_projects_installs_public_ones_too(
    runner: RecipeRunner, indexes: TwoIndexes
) -> None:
    url = runner.index_url.replace(indexes.token, indexes.create_token("acme-*"))

    installed = replace(runner, index_url=url).follow("pip with environment variables")

    assert (installed, indexes.public.asked) == (INSTALLED, ASKED)
