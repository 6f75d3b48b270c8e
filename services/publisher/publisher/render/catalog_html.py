"""The pages over all projects – ``/simple/``, home, changelog – by dumb-pypi, adapted.

They list every project that has a record, also one that offers no files: its page answers 200, so
a list that lacked it would contradict it, and a name that looks free invites somebody to take it.
The changelog alone lists only projects that offer something, as it is about uploads.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import cycle

from publisher.render import templates
from publisher.render.markup import Attributes, Link, checked, exchanged, with_head
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName

_PLAIN = """
            body { font: 16px/1.6 Helvetica, Arial, sans-serif;
                   max-width: 960px; margin: 0 auto; padding: 16px 20px; }
            a { color: #0b57a4; }
        """

_NAVIGATION = (
    ("Projects", "/"),
    ("Changelog", f"/{layout.changelog(1)}"),
    ("Simple index", "/simple/"),
)

_STYLE = """
            .container { padding: 0 20px 40px; }
            .navigation { padding: 6px 0; }
            .navigation a { color: #0b57a4; margin-right: 16px; }
            .changelog { width: 100%; }
            .package, .changelog { line-height: 1.3; }
        """


def render_root(projects: Sequence[ProjectName]) -> bytes:
    """``/simple/``: exactly one link a project (PEP 503)."""
    page = layout.ROOT_HTML
    html = templates.render("simple.html", package_names=projects)
    html = exchanged(page, html, '<a href="', '<a href="/simple/', len(projects))
    html = exchanged(page, html, '/index.html">', '/">', len(projects))
    html = with_head(page, html, {}, _PLAIN)
    return checked(page, html, [(project, {"href": _address(project)}) for project in projects])


def render_home(entries: Sequence[CatalogEntry], title: str) -> bytes:
    """The home page: every project with its latest version."""
    page, count = layout.HOME, len(entries)
    versions = [(entry.project, entry.latest_version or "none") for entry in entries]
    html = templates.render("index.html", packages=versions, title=title)
    html = exchanged(page, html, 'href="simple/', 'href="/simple/', count)
    html = exchanged(page, html, '/index.html" data-name="', '/" data-name="', count)
    html = exchanged(page, html, ".trim().split()", ".trim().split(/\\s+/)")  # else it is one word
    return checked(page, _framed(page, html), [*_navigation(), *_home_links(versions)])


def render_changelog(entries: Sequence[CatalogEntry], title: str, page: int, pages: int) -> bytes:
    """Page ``page`` of ``pages``, from 1, with ``entries``, newest upload first."""
    name = layout.changelog(page)
    around = _around(page, pages)
    html = templates.render(
        "changelog.html",
        title=title,
        files_newest_first=[templates.project_value(entry) for entry in entries],
        page_number=page,
        page_count=pages,
        **around,
    )
    for old, new in (
        ("<h2>Package Changelog</h2>", "<h2>Latest uploads</h2>"),
        ("<th>Filename</th>", "<th>Project</th>"),
        ("<th>Upload Time</th>", "<th>Latest upload</th>"),
        ("<th>Uploaded By</th>", "<th>Latest version</th>"),
    ):
        html = exchanged(name, html, old, new)
    turning = _pagination(around)
    lines: list[Link] = [(entry.project, {"href": _address(entry.project)}) for entry in entries]
    return checked(name, _framed(name, html), [*_navigation(), *turning, *lines, *turning])


def _address(project: ProjectName) -> str:
    return f"/{layout.project_pages(project)}"


def _home_links(versions: Sequence[tuple[ProjectName, str]]) -> Iterator[Link]:
    for (project, latest), parity in zip(versions, cycle(("odd", "even")), strict=False):
        attributes: Attributes = {"class": f"package {parity}", "href": _address(project)}
        text = f"{project} (latest version: {latest})"
        yield text, {**attributes, "data-name": project}


def _around(page: int, pages: int) -> dict[str, str | None]:
    """The links from a page to others; None for those that lead nowhere."""
    back, on = page > 1, page < pages
    return {
        "pagination_first": "page1.html" if back else None,
        "pagination_last": f"page{pages}.html" if on else None,
        "pagination_prev": f"page{min(page - 1, pages)}.html" if back else None,
        "pagination_next": f"page{page + 1}.html" if on else None,
    }


def _pagination(around: dict[str, str | None]) -> list[Link]:
    signs = (("«", "first"), ("←", "prev"), ("→", "next"), ("»", "last"))
    targets = [(sign, around[f"pagination_{where}"]) for sign, where in signs]
    return [(sign, {"href": target} if target else {}) for sign, target in targets]


def _navigation() -> list[Link]:
    return [(text, {"href": address}) for text, address in _NAVIGATION]


def _framed(page: str, html: str) -> str:
    """``html`` with the ways between these pages, and the declarations in its head."""
    links = "".join(f'<a href="{escape(href)}">{text}</a>' for text, href in _NAVIGATION)
    container = '<div class="container width">\n'
    line = f'{container}            <p class="navigation">{links}</p>\n'
    return with_head(page, exchanged(page, html, container, line), {}, _STYLE)
