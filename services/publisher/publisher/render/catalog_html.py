"""HTML pages of the catalog: ``/simple/``, home and changelog, rendered with dumb-pypi and adapted.

``/simple/`` and home list every project with a record, including projects without files. Such a
project has a page, and a user must see that its name is in use.
The changelog lists uploads, so it has only projects that offer files.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle

from publisher.render import templates
from publisher.render.anchors import format_anchor, verify_anchor_lines
from publisher.render.markup import Attributes, Link, add_head, replace_exactly, verify_links
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName

_ROOT_STYLE = """
            body { font: 16px/1.6 Helvetica, Arial, sans-serif;
                   max-width: 960px; margin: 0 auto; padding: 16px 20px; }
            a { color: #0b57a4; }
        """

_NAVIGATION = (
    ("Projects", ""),
    ("Changelog", layout.locate_changelog(1)),
    ("Simple index", "simple/"),
)
"""Texts and addresses of the navigation, relative to the home page."""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%230b57a4' d='M8 0l7 4v8l-7 4-7-4V4z'/%3E"
    "%3Cpath fill='none' stroke='%23fff' d='M1 4l7 4 7-4M8 8v8'/%3E%3C/svg%3E"
)
"""Icon of the pages for people: a parcel, as a URL. A browser then asks for no ``/favicon.ico``.

Pages for installers have no icon, because some readers take each ``href=`` for a file.
"""

_CATALOG_STYLE = """
            .container { padding: 0 20px 40px; }
            .navigation { padding: 6px 0; }
            .navigation a { color: #0b57a4; margin-right: 16px; }
            .changelog { width: 100%; }
            .package, .changelog { line-height: 1.3; }
        """


def render_root(projects: Sequence[ProjectName]) -> bytes:
    """Render ``/simple/`` with exactly one link per project (PEP 503), alone on its line."""
    page, count = layout.ROOT_HTML, len(projects)
    html = templates.render("simple.html", package_names=projects)
    html = replace_exactly(page, html, "<li><a ", f"<li>\n{20 * ' '}<a ", count)
    html = replace_exactly(page, html, "</a></li>", f"</a>\n{16 * ' '}</li>", count)
    html = replace_exactly(page, html, '/index.html">', '/">', count)
    html = add_head(page, html, {}, _ROOT_STYLE)
    links: list[Link] = [(project, {"href": f"{project}/"}) for project in projects]
    data = verify_links(page, html, links)
    verify_anchor_lines(page, html, links)
    return data


def render_home(entries: Sequence[CatalogEntry], title: str) -> bytes:
    """Render the home page: every project with its latest version."""
    page, count = layout.HOME, len(entries)
    versions = [(entry.project, entry.latest_version or "none") for entry in entries]
    html = templates.render("index.html", packages=versions, title=title)
    html = replace_exactly(page, html, '/index.html" data-name="', '/" data-name="', count)
    # Let the search box accept several words; without the separator, split() returns one.
    html = replace_exactly(page, html, ".trim().split()", ".trim().split(/\\s+/)")
    navigation = _list_navigation_links("./")
    html = _add_navigation(page, html, navigation)
    return verify_links(page, html, [*navigation, *_list_home_links(versions)])


def render_changelog(entries: Sequence[CatalogEntry], title: str, number: int, pages: int) -> bytes:
    """Render page ``number`` of ``pages``, counted from 1, with ``entries`` in the given order."""
    page = layout.locate_changelog(number)
    pagination = _paginate(number, pages)
    html = templates.render(
        "changelog.html",
        title=title,
        files_newest_first=[templates.make_project(entry) for entry in entries],
        page_number=number,
        page_count=pages,
        **pagination,
    )
    for old, new in (
        ("<h2>Package Changelog</h2>", "<h2>Latest uploads</h2>"),
        ("<th>Filename</th>", "<th>Project</th>"),
        ("<th>Upload Time</th>", "<th>Latest upload</th>"),
        ("<th>Uploaded By</th>", "<th>Latest version</th>"),
    ):
        html = replace_exactly(page, html, old, new)
    pagination_links = _list_pagination_links(pagination)
    project_links: list[Link] = [
        (entry.project, {"href": f"../{layout.locate_project_pages(entry.project)}"})
        for entry in entries
    ]
    navigation = _list_navigation_links("../")
    return verify_links(
        page,
        _add_navigation(page, html, navigation),
        [*navigation, *pagination_links, *project_links, *pagination_links],
    )


def _list_home_links(versions: Sequence[tuple[ProjectName, str]]) -> Iterator[Link]:
    for (project, latest), parity in zip(versions, cycle(("odd", "even")), strict=False):
        address = layout.locate_project_pages(project)
        attributes: Attributes = {"class": f"package {parity}", "href": address}
        text = f"{project} (latest version: {latest})"
        yield text, {**attributes, "data-name": project}


def _paginate(number: int, pages: int) -> dict[str, str | None]:
    """Return the pagination variables of the template; None for a link without a target."""
    has_previous, has_next = number > 1, number < pages
    return {
        "pagination_first": "page1.html" if has_previous else None,
        "pagination_last": f"page{pages}.html" if has_next else None,
        "pagination_prev": f"page{min(number - 1, pages)}.html" if has_previous else None,
        "pagination_next": f"page{number + 1}.html" if has_next else None,
    }


def _list_pagination_links(pagination: dict[str, str | None]) -> list[Link]:
    labels = (("«", "first"), ("←", "prev"), ("→", "next"), ("»", "last"))
    targets = [(label, pagination[f"pagination_{position}"]) for label, position in labels]
    return [(label, {"href": target} if target else {}) for label, target in targets]


def _list_navigation_links(home: str) -> list[Link]:
    """Return the links of the navigation; ``home`` is the link to the home page."""
    return [(text, {"href": home + address}) for text, address in _NAVIGATION]


def _add_navigation(page: str, html: str, navigation: Sequence[Link]) -> str:
    """Add the links of ``navigation`` to the body of ``html``, and tags to its head."""
    links = "".join(map(format_anchor, navigation))
    container = '<div class="container width">\n'
    line = f'{container}            <p class="navigation">{links}</p>\n'
    return add_head(page, replace_exactly(page, html, container, line), {}, _CATALOG_STYLE, ICON)
