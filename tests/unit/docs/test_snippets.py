"""What stands in blocks that are not for a shell is read by what it is meant for."""

import json
import re

import pytest

from documented import pages
from offline_checks import markdown
from proxy.settings import Settings as ProxySettings
from schemas.tokens import TokenDocument

COMMANDS = {markdown.CONSOLE, *markdown.SCRIPTS}
READ = {
    "json": {"docs/tokens.md"},
    "dotenv": {"docs/upstream.md"},
    "terraform": {"docs/install.md"},  # by deploy/test_documented.py
}
"""The languages of blocks that are no commands, and the pages that a test reads them on."""


def blocks(name: str, language: str) -> list[str]:
    return [each.text for each in markdown.blocks(pages.text(name)) if each.language == language]


@pytest.mark.parametrize("name", pages.names())
def test_every_block_is_commands_or_read_by_a_test(name: str) -> None:
    page = pages.text(name)
    explained = {*pages.diagrams(page), *(block for _, block in pages.outputs(page))}
    unread = [
        f"{name}:{block.line}: {block.language}"
        for block in markdown.blocks(page)
        if block not in explained
        and block.language not in COMMANDS
        and name not in READ.get(block.language, ())
    ]
    assert not unread


def test_the_document_of_tokens_is_one() -> None:
    [text] = blocks("docs/tokens.md", "json")
    TokenDocument.model_validate_json(re.sub(r"\w+…", "0" * 64, text))


def test_the_proxy_takes_the_settings_for_an_upstream_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [text] = blocks("docs/upstream.md", "dotenv")
    given = dict(line.split("=", 1) for line in text.splitlines())
    required = ("project", "tokens_secret", "packages_bucket", "static_bucket")
    for name, value in {**dict.fromkeys(map(str.upper, required), "x"), **given}.items():
        monkeypatch.setenv(name, value)

    settings = ProxySettings().model_dump(mode="json")

    assert settings["upstream_index_url"] == given["UPSTREAM_INDEX_URL"]
    assert settings["private_names"] == json.loads(given["PRIVATE_NAMES"])


def test_the_reader_is_told_to_put_an_owner_into_the_buttons_address() -> None:
    page = pages.text("docs/install.md")
    [button] = re.findall(r"\(https://shell\.cloud\.google\.com/\S+\)", page)
    assert "cloudshell_git_repo=https://github.com/OWNER/gcpypi" in button
    [tutorial] = re.findall(r"cloudshell_tutorial=([^&)]+)", button)
    assert tutorial in pages.names()
    beneath = page[page.index(button) :].split("\n\n")[1]
    assert re.search(r"`OWNER`[^.]*\n?replace it", beneath)
