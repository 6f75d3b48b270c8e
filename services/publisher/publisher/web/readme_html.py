"""Safe HTML of a description: an allow-list of our own after that of readme_renderer.

The result has no script, style, form, frame, SVG, MathML or image, unless images are shown. Links
have the schemes http, https and mailto, or lead to a place in the description. Ids have a prefix,
so that they differ from those of the page. Headings begin below those of the page.
"""

import re
from html import escape
from html.parser import HTMLParser

import nh3

MAX_HTML_LENGTH = 2 << 20
"""Maximum length of the HTML of a description, in characters; a longer one is shown as text."""
ID_PREFIX = "readme-"
"""Prefix of the ids in a description."""

_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
"""Level of each heading on the page, where the heading of the description is an ``h2``."""
_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd"),
    *("del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h3", "h4", "h5", "h6"),
    *("hr", "i", "kbd", "li", "ol", "p", "pre", "s", "section", "small", "span", "strong", "sub"),
    *("summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var"),
}
_ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "code": {"class"},
    "img": {"src", "alt", "width", "height"},
    "input": {"type", "checked"},
    "ol": {"start"},
    "pre": {"class"},
    "span": {"class"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
}
_DROPPED = {"script", "style", "title", "textarea", "iframe", "noscript", "svg", "math", "template"}
"""Elements that are removed with their content."""
_SCHEMES = {"http", "https", "mailto"}
_CLASSES = {
    *("bp", "c", "c1", "ch", "cm", "cp", "cpf", "cs", "dl", "err", "esc", "fm", "g", "gd", "ge"),
    *("ges", "gh", "gi", "go", "gp", "gr", "gs", "gt", "gu", "il", "k", "kc", "kd", "kn", "kp"),
    *("kr", "kt", "l", "ld", "m", "mb", "mf", "mh", "mi", "mo", "n", "na", "nb", "nc", "nd", "ne"),
    *("nf", "ni", "nl", "nn", "no", "nt", "nv", "nx", "o", "ow", "p", "pm", "py", "s", "s1", "s2"),
    *("sa", "sb", "sc", "sd", "se", "sh", "si", "sr", "ss", "sx", "vc", "vg", "vi", "vm", "w", "x"),
}
"""Classes of syntax highlighting (``pygments.token.STANDARD_TYPES``)."""
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
_ID = re.compile(r"\S{1,200}")

_HARMLESS = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (
        *(each for each in range(0x20) if each not in (0x09, 0x0A)),
        *range(0x7F, 0xA0),
        *(0x2028, 0x2029),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
        *(0xFEFF, *range(0xFFF9, 0xFFFC), 0xFFFE, 0xFFFF),
        *range(0xE0000, 0xE0080),
    )
}
"""Control characters, ANSI escapes, bidirectional overrides, surrogates and tags."""


def make_text_harmless(text: str) -> str:
    """Replace the control and bidirectional characters of a text of several lines."""
    return text.replace("\r\n", "\n").translate(_HARMLESS)


def render_text(text: str) -> str:
    """Render a description as preformatted text."""
    return f"<pre>{escape(make_text_harmless(text))}</pre>"


def sanitize(html: str, *, images: bool = False) -> str:
    """Return the HTML of a description, reduced to the allow-list.

    :param images: keep images with the schemes http and https; otherwise each is a link.
    """
    rewriter = _Rewriter(images)
    rewriter.feed(_clean(html, {*_TAGS, *_HEADINGS, "img", "input"}))
    rewriter.close()
    return _clean("".join(rewriter.parts), {*_TAGS, "img"} if images else _TAGS)


def _clean(html: str, tags: set[str]) -> str:
    cleaned = nh3.clean(
        html.translate(_HARMLESS),
        tags=tags,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener",
        strip_comments=True,
    )
    return cleaned.translate(_HARMLESS)


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute on the page; None to remove the attribute."""
    if name == "id":
        return _prefix_id(value) if _ID.fullmatch(value) else None
    if name == "href" and value.startswith("#"):
        return f"#{_prefix_id(value[1:])}"
    if name in ("href", "src"):
        schemes = _SCHEMES if name == "href" else {"http", "https"}
        return value if value.partition(":")[0].lower() in schemes else None
    if name == "class":
        return value if value in _CLASSES else None
    if name in ("start", "colspan", "rowspan", "width", "height"):
        return value if _NUMBER.fullmatch(value) else None
    if name == "align":
        return value if value in ("left", "center", "right") else None
    return value


def _prefix_id(value: str) -> str:
    return f"{ID_PREFIX}{value.removeprefix(ID_PREFIX)}"


class _Rewriter(HTMLParser):
    """Change of headings and images in the well-formed HTML of nh3."""

    def __init__(self, images: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._images = images
        self._links = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and not self._images:
            self._write_image_link(dict(attrs))
        elif tag == "input":
            self._write_check_box(dict(attrs))
        else:
            self._links += tag == "a"
            self.parts.append(f"<{_HEADINGS.get(tag, tag)}{_format_attributes(attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._links -= 1
            if self.parts and self.parts[-1].startswith("<a "):
                self.parts.pop()  # a link without text, which no screen reader can name
                return
        self.parts.append(f"</{_HEADINGS.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False))

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def _write_image_link(self, attributes: dict[str, str | None]) -> None:
        text = escape(attributes.get("alt") or "image")
        source = attributes.get("src")
        if source and not self._links:
            self.parts.append(f'<a href="{escape(source)}">{text}</a>')
        else:
            self.parts.append(text)

    def _write_check_box(self, attributes: dict[str, str | None]) -> None:
        """Write the box of a task list as text, because a page has no form."""
        if attributes.get("type") == "checkbox":
            self.parts.append("☑" if "checked" in attributes else "☐")


def _format_attributes(attributes: list[tuple[str, str | None]]) -> str:
    pairs = ((name, value or "") for name, value in attributes if name != "rel")
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs)
