"""Small pages that the proxy renders itself, with an inline style sheet and no other resource.

The pages in the static bucket have a style sheet of their own. Its name has a digest, so the proxy
does not know it.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape

from schemas.headers import HTML

_STYLE = (
    ":root{color-scheme:light dark;background:Canvas;color:CanvasText}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1rem}"
    "ul{padding:0;list-style:none}"
)
_STYLE_SOURCE = f"sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}"
"""Hash source of the style sheet. https://www.w3.org/TR/CSP3/#grammardef-hash-source"""

SMALL_PAGE_POLICY = (
    f"default-src 'none'; style-src '{_STYLE_SOURCE}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy of a small page: its own style sheet, and nothing else."""
SMALL_PAGE_FIELDS = {"content-type": HTML, "content-security-policy": SMALL_PAGE_POLICY}
"""Header fields of a small page."""


def render_small_page(title: str, content: str, home: str) -> bytes:
    """Return a page with a heading, its content and a link to the home page.

    :param content: HTML.
    :param home: relative URL of the home page.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><main>"
        f"<h1>{escape(title)}</h1>\n{content}\n"
        f'<p><a href="{escape(home)}">Home page</a></p></main></body></html>\n'
    ).encode()
