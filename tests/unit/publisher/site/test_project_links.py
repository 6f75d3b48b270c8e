import pytest

from publisher.site.project_links import MAX_LINKS, find_host, list_project_links
from testing.sample_content import HOSTILE_METADATA, METADATA


@pytest.mark.parametrize(
    ("label", "icon"),
    [
        ("Homepage", "homepage"),
        ("Source Code", "source"),
        ("Bug-Tracker", "issues"),
        ("What's New?", "changelog"),
        ("docs", "documentation"),
        ("Sponsor", "funding"),
        ("Chat", "link"),
    ],
)
def test_well_known_labels_have_an_icon(label: str, icon: str) -> None:
    (link,), _ = list_project_links({"project_urls": {label: "https://example.com/a"}})
    assert (link.label, link.icon, link.host) == (label, icon, "example.com")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://example.com/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//example.com/",
        "/relative",
        "https:example.com",
        "https://example.com@evil.example/",
        "https://example.com\\@evil.example/",
        "https://exa mple.com/",
        "https://exämple.com/",
        "https://[::1/",
        "mailto:ada@example.com",
        "https://example.com/" + "x" * 2000,
        "",
    ],
)
def test_other_urls_are_shown_as_text(url: str) -> None:
    assert find_host(url) == ""
    (link,), _ = list_project_links({"project_urls": {"Docs": url}})
    assert (link.url, link.text) == ("", url.strip())


def test_a_url_is_shown_once() -> None:
    links, _ = list_project_links({**METADATA, "home_page": "https://maps.example.com/"})
    assert [link.label for link in links] == list(METADATA["project_urls"])


def test_the_number_of_links_is_limited() -> None:
    urls = {f"Label {number}": f"https://example.com/{number}" for number in range(70)}
    links, further = list_project_links({"project_urls": urls})
    assert (len(links), further) == (MAX_LINKS, 20)


def test_links_of_hostile_metadata_are_safe() -> None:
    links, _ = list_project_links(HOSTILE_METADATA)
    assert {link.host for link in links if link.url} <= {"example.com", f"{'l' * 63}.example"}
