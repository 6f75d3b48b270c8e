"""``/simple/``, the list of all projects for installers, rendered with dumb-pypi and adapted.

It has every project with a record, including projects without files. Such a project has a page, and
a user must see that its name is in use.
"""

from collections.abc import Sequence

from publisher.render import templates
from publisher.render.anchors import verify_anchor_lines
from publisher.render.markup import Link, add_head, replace_exactly, verify_links
from schemas import layout
from schemas.names import ProjectName

_ROOT_STYLE = """
            body { font: 16px/1.6 Helvetica, Arial, sans-serif;
                   max-width: 960px; margin: 0 auto; padding: 16px 20px; }
            a { color: #0b57a4; }
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
