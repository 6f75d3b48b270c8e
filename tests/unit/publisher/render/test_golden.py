"""Golden files with the bytes of every kind of page: a difference is intended or a mistake.

``.venv/bin/python -m unit.publisher.render.test_golden`` (in ``tests/``) writes them again.
"""

from pathlib import Path

import pytest

from publisher.render import catalog_html, project_html, simple_json
from publisher.render.listing import Listing
from schemas.names import ProjectName
from unit.publisher.publisher_fixtures import ACME, make_hostile_record

GOLDEN = Path(__file__).parent / "golden"


def render_golden_pages() -> dict[str, bytes]:
    listing = Listing.from_record(make_hostile_record())
    projects = [ACME, ProjectName("empty")]
    return {
        "project.html": project_html.render(listing),
        "project.json": simple_json.render_project(listing),
        "root.html": catalog_html.render_root(projects),
        "root.json": simple_json.render_root(projects),
    }


@pytest.mark.parametrize("name", render_golden_pages())
def test_a_page_has_the_golden_bytes(name: str) -> None:
    assert render_golden_pages()[name].decode() == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_same_record_gives_the_same_bytes() -> None:
    assert render_golden_pages() == render_golden_pages()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for page, data in render_golden_pages().items():
        (GOLDEN / page).write_bytes(data)
