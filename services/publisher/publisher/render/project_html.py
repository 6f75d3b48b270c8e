"""HTML page of a project: dumb-pypi's, adapted to simple API 1.4 (PEP 503, 592, 714, 792)."""

from html import escape

from publisher.render import templates
from publisher.render.anchors import join_anchor_lines, verify_anchor_lines
from publisher.render.listing import ListedFile, Listing, make_printable
from publisher.render.markup import Attributes, Link, add_head, replace_exactly, verify_links
from schemas import layout

_STYLE = """
            body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #222;
                   max-width: 960px; margin: 0 auto; padding: 16px 20px; }
            h1 { font-size: 24px; margin: 0 0 10px; }
            li { color: #666; overflow-wrap: anywhere; }
            code { font-size: 14px; padding: 4px 6px; border: 1px solid #ccc;
                   -webkit-user-select: all; user-select: all; }
            a { color: #0b57a4; }
            a[data-yanked] { text-decoration: line-through; color: #888; }
            a[data-yanked]::after { content: "yanked: " attr(data-yanked); color: #a33;
                                    display: inline-block; margin-left: 1ch; }
            a[data-yanked='']::after { content: "yanked"; }
            .status { background: #fff3d6; border: 1px solid #e8d5a0; padding: 8px 12px; }
        """

_REQUIREMENT_INPUT = """        <p>
            Latest version:
            <input
                type="text"
                value="{requirement}"
                id="requirement"
                style="font-family: monospace; width: {length}ch;"
                readonly="readonly"
            />
        </p>
"""

_SELECTION_SCRIPT = """
        <script>
            document.getElementById('requirement').onfocus = (e) => e.target.select();
        </script>
"""
"""dumb-pypi's script, which selects the requirement on a click; ``_STYLE`` also does this."""


def render(listing: Listing) -> bytes:
    """Render the page, newest release first, with each anchor on one line.

    :raises UnexpectedHtml: if dumb-pypi did not write exactly one correct link per file.
    """
    page = layout.locate_project_html(listing.project)
    html = templates.render(
        "package.html",
        package_name=listing.project,
        files=[templates.make_file(file) for file in listing.files],
        requirement=_format_requirement(listing),
    )
    html = add_head(page, html, _build_meta(listing), _STYLE)
    html = replace_exactly(page, html, "</h1>\n", f"</h1>\n{_render_remarks(listing)}")
    html = _replace_input(page, html, listing)
    links = [_make_link(file) for file in reversed(listing.files)]
    html = join_anchor_lines(html)
    data = verify_links(page, html, links)
    verify_anchor_lines(page, html, links)
    return data


def _format_requirement(listing: Listing) -> str:
    if listing.latest is None:
        return listing.project
    return f"{listing.project}=={listing.latest.facts.version}"


def _replace_input(page: str, html: str, listing: Listing) -> str:
    """Replace the input field of the requirement by text, and remove its script.

    The page then needs no script, and the proxy's Content-Security-Policy can forbid scripts. If
    the project has no files, also leave out the requirement.
    """
    requirement = _format_requirement(listing)
    old = _REQUIREMENT_INPUT.format(requirement=requirement, length=len(requirement))
    new = f"        <p>Latest version: <code>{requirement}</code></p>\n" if listing.latest else ""
    return replace_exactly(page, replace_exactly(page, html, old, new), _SELECTION_SCRIPT, "")


def _build_meta(listing: Listing) -> dict[str, str]:
    meta: dict[str, str] = {"pypi:project-status": listing.status}
    if listing.status_reason:
        meta["pypi:project-status-reason"] = listing.status_reason
    return meta


def _render_remarks(listing: Listing) -> str:
    """Render the notes below the title: summary, status, and that there are no files."""
    remarks = []
    if listing.latest and listing.latest.facts.summary:
        remarks.append(f"<p>{escape(make_printable(listing.latest.facts.summary))}</p>")
    if listing.status != "active":
        status = f"This project is {listing.status}"
        reason = f": {listing.status_reason}" if listing.status_reason else "."
        remarks.append(f'<p class="status">{escape(status + reason)}</p>')
    if not listing.files:
        remarks.append("<p>It offers no files.</p>")
    return "".join(f"        {remark}\n" for remark in remarks)


def _make_link(file: ListedFile) -> Link:
    digest = file.facts.metadata_sha256
    attributes: Attributes = {"href": f"{file.link}#sha256={file.facts.sha256}"}
    if file.requires_python:
        attributes["data-requires-python"] = file.requires_python
    if digest:
        attributes["data-core-metadata"] = f"sha256={digest}"
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    return file.facts.filename, attributes
