"""Blocks of the pages that are not for a shell."""

import re

import pytest

from checks.distribution import check_name
from checks.policy import Policy
from checks.refusal import Refused
from documented import doc_pages
from offline_checks import markdown
from proxy.settings import Settings as ProxySettings
from schemas.tokens import TokenDocument
from testing.fakes.small_wheels import wheel_filename
from upload.legacy.claims import verify_name_claims
from upload.legacy.form_fields import FormClaims

COMMANDS = {markdown.CONSOLE, *markdown.SCRIPTS}
RECIPES = ("ini", "netrc", "toml", "yaml", "dockerfile", "starlark", "javascript")
READ = {
    "json": {"docs/identities.md", "docs/tokens.md", "docs/use.md"},
    "": {"docs/publish.md"},  # by unit/docs/test_publish_page.py
    "dotenv": {"docs/downloads.md", "docs/upstream.md"},
    "terraform": {"docs/install.md", "docs/use.md"},  # by deploy/test_tfvars_examples.py
    # By unit/docs/test_use.py and clients/use.
    **{language: {"docs/use.md"} for language in RECIPES},
    # By unit/docs/test_publish_page.py and test_use.py.
    "toml": {"docs/publish.md", "docs/use.md"},
    "yaml": {"docs/identities.md", "docs/publish.md", "docs/use.md"},
    "text": {"docs/refusals.md"},
}
"""Pages with a test for their blocks, by language."""


def find_blocks(name: str, language: str) -> list[str]:
    return [
        each.text
        for each in markdown.find_blocks(doc_pages.read_page(name))
        if each.language == language
    ]


@pytest.mark.parametrize("name", doc_pages.list_pages())
def test_every_block_has_commands_or_a_test(name: str) -> None:
    page = doc_pages.read_page(name)
    explained = {
        *doc_pages.find_diagrams(page),
        *(block for _, block in doc_pages.find_outputs(page)),
    }
    unread = [
        f"{name}:{block.line}: {block.language}"
        for block in markdown.find_blocks(page)
        if block not in explained
        and block.language not in COMMANDS
        and name not in READ.get(block.language, ())
    ]
    assert not unread


def test_the_document_of_tokens_is_valid() -> None:
    [text] = find_blocks("docs/tokens.md", "json")
    TokenDocument.model_validate_json(re.sub(r"\w+…", "0" * 64, text))


def test_the_document_of_identities_is_valid_and_safe() -> None:
    [text] = find_blocks("docs/identities.md", "json")
    [identity] = TokenDocument.model_validate_json(text).identities
    assert identity.find_fault() is None


def test_the_jobs_of_identities_use_the_audience_of_their_index() -> None:
    jobs = find_blocks("docs/identities.md", "yaml")
    assert len(jobs) == 3
    for job in jobs:
        [audience] = set(re.findall(r"aud\w*[=:] ?(https://[^\s\"]+)", job))
        [index] = re.findall(r"__token__:[^@]+@([^\s\"]+)", job)
        assert audience == f"https://{index}"


def test_the_refusal_of_the_upload_service_is_that_of_a_form_with_another_version() -> None:
    [text] = find_blocks("docs/refusals.md", "text")
    name = check_name(wheel_filename("acme", "1.0"), Policy(), "acme")
    with pytest.raises(Refused) as raised:
        verify_name_claims(FormClaims(version="1.1"), name)
    refused = raised.value
    assert text.splitlines()[1:] == [f"{refused.reason}: {refused.detail}"]


def load_proxy_settings(page: str, monkeypatch: pytest.MonkeyPatch) -> ProxySettings:
    [text] = find_blocks(page, "dotenv")
    fields = ProxySettings.model_fields
    required = [name.upper() for name, field in fields.items() if field.is_required()]
    given = dict(line.split("=", 1) for line in text.splitlines())
    for name, value in {**dict.fromkeys(required, "x"), **given}.items():
        monkeypatch.setenv(name, value)
    return ProxySettings()


def test_the_proxy_accepts_the_settings_for_an_upstream_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load_proxy_settings("docs/upstream.md", monkeypatch)

    assert settings.upstream_index_url == "https://index.example/simple/"
    assert settings.private_names == ("acme-*", "tool")


def test_the_proxy_accepts_the_setting_for_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_proxy_settings("docs/downloads.md", monkeypatch).downloads == "stream"


def test_the_page_asks_for_an_owner_in_the_address_of_the_button() -> None:
    page = doc_pages.read_page("docs/install.md")
    [button] = re.findall(r"\(https://shell\.cloud\.google\.com/\S+\)", page)
    assert "cloudshell_git_repo=https://github.com/OWNER/gcpypi" in button
    [tutorial] = re.findall(r"cloudshell_tutorial=([^&)]+)", button)
    assert tutorial in doc_pages.list_pages()
    beneath = page[page.index(button) :].split("\n\n")[1]
    assert re.search(r"`OWNER`[^.]*\n?replace it", beneath)
