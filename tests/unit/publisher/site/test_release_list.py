import json

from publisher.render.listing import Listing
from publisher.render.numbered_pages import INDEX
from publisher.site.release_list import (
    RELEASES_PER_PAGE,
    divide_releases,
    list_releases,
    render_release_list,
    render_releases,
)
from schemas.names import Version
from schemas.records import ProjectRecord, Registers
from testing.fakes.examples import make_file_record
from testing.sample_content import SITE, make_large_record, make_record, make_registers

NAMES = ("acme-1.0-py3-none-any.whl", "acme-1.0.tar.gz", "acme-2.0rc1-py3-none-any.whl")


def make_listing(**fields: object) -> Listing:
    return Listing.from_record(make_small_record(**fields))


def make_small_record(**fields: object) -> ProjectRecord:
    return make_record("acme", [make_file_record(name) for name in NAMES], **fields)


def render(record: ProjectRecord, page: int = INDEX) -> str:
    listing, versions = Listing.from_record(record), divide_releases(record)
    return render_release_list(listing, versions, SITE, page).decode()


def test_releases_json_lists_the_newest_version_first() -> None:
    assert json.loads(render_releases(make_listing(yanked=make_registers("1.0")))) == {
        "project": "acme",
        "latest": "2.0rc1",
        "releases": [
            {
                "version": "2.0rc1",
                "time": "2026-11-24T12:00:00.000000Z",
                "files": 1,
                "yanked": False,
            },
            {"version": "1.0", "time": "2026-11-24T12:00:00.000000Z", "files": 2, "yanked": True},
        ],
    }


def test_final_releases_precede_pre_releases_as_the_latest() -> None:
    assert json.loads(render_releases(make_listing()))["latest"] == "1.0"


def test_a_project_without_releases_has_one_page() -> None:
    record = make_record("acme", [])
    assert divide_releases(record).count == 0
    assert json.loads(render_releases(Listing.from_record(record))) == {
        "project": "acme",
        "latest": None,
        "releases": [],
    }
    assert "No release is offered." in render(record)


def test_every_release_is_on_one_page() -> None:
    record = make_large_record(350, 1)
    pages = [render(record, page) for page in (1, 2, INDEX)]
    assert divide_releases(record).count == 2
    releases = list_releases(Listing.from_record(record))
    links = [f'<a href="../{release.version}/">' for release in releases]
    counts = [sum(link in page for link in links) for page in pages]
    assert counts == [RELEASES_PER_PAGE, RELEASES_PER_PAGE, 150]
    assert links[0] in pages[2]
    assert links[-1] in pages[0]
    assert "350 releases" in pages[2]
    assert '<a rel="next" href="page2.html">' in pages[2]


def test_a_removal_moves_no_other_release() -> None:
    record = make_large_record(350, 1)
    removed = make_registers("120")
    shorter = record.model_copy(update={"removed": Registers.model_validate(removed)})
    pages = [render(record, page) == render(shorter, page) for page in (1, 2, INDEX)]
    assert pages == [True, False, False]
    assert '"../120.0/"' not in render(shorter, 2)


def test_yanks_and_pre_releases_are_marked() -> None:
    page = render(make_small_record(yanked=make_registers("1.0")))
    assert '<span class="tag warning">yanked</span>' in page
    assert '<span class="tag">pre-release</span>' in page


def test_a_page_after_the_last_one_leads_to_the_newest_releases() -> None:
    """A restored record can have fewer releases; pages are never deleted."""
    page = render(make_small_record(), 2)
    assert '<a href="./">Newest releases</a>' in page
    assert "offered" not in page


def test_a_page_of_removed_releases_says_so() -> None:
    record = make_large_record(250, 1)
    [register] = Registers.model_validate(make_registers("1")).versions.values()
    versions = {Version(str(n)): register for n in range(1, RELEASES_PER_PAGE + 1)}
    shorter = record.model_copy(update={"removed": Registers(versions=versions)})
    assert "None of these releases is offered any more." in render(shorter, 1)
