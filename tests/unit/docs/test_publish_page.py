"""Blocks of ``docs/publish.md`` that are not for a shell: a table, a hook and settings."""

import re
import tomllib
from pathlib import Path

import pytest

from checks.distribution import check_name, verify
from checks.policy import Policy
from checks.refusal import Refused
from documented import doc_pages
from documented.cli_parser import parse_command_line
from gcpypi.publishing.publication import Publication, Stage
from gcpypi.publishing.results import print_results
from gcpypi.settings import Settings
from offline_checks import markdown
from testing.fakes.small_wheels import build_wheel

RENAMED = "acme_widgets-1.5-py3-none-any.whl"


def find_block(language: str) -> str:
    blocks = markdown.find_blocks(doc_pages.read_page("docs/publish.md"))
    [text] = [each.text for each in blocks if each.language == language]
    return text


def refuse_renamed_wheel() -> Publication:
    file = Publication(Path(RENAMED))
    parsed = check_name(RENAMED, Policy(), "acme")
    data = build_wheel("acme_widgets", "1.4")
    with pytest.raises(Refused) as raised:
        verify(parsed, iter([data]), Policy(), len(data))
    file.refuse(raised.value)
    return file


def test_the_table_of_a_refusal_is_that_of_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    published = [
        Publication(Path(f"acme_{n}-1.0.tar.gz"), stage=Stage.PUBLISHED) for n in range(299)
    ]

    print_results([*published, refuse_renamed_wheel()])

    assert capsys.readouterr().out.split() == find_block("").split()


def test_the_hook_checks_the_files_of_dist() -> None:
    hook = dict(re.findall(r"^ *(entry|files): (.+)$", find_block("yaml"), re.M))

    program, *words = hook["entry"].split()
    assert program == "gcpypi"
    for name in (RENAMED, "acme_widgets-1.4.tar.gz"):
        assert re.search(hook["files"], f"dist/{name}")
        parse_command_line([*words, f"dist/{name}"])


def test_the_settings_of_a_project_are_known() -> None:
    settings = tomllib.loads(find_block("toml"))["tool"]["gcpypi"]

    assert settings.keys() <= Settings.model_fields.keys()
