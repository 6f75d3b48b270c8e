"""Environment of the templates of the pages for people.

All values are hostile. Each output is escaped, is on one line without unprintable characters, and
has a limited length. Only :class:`markupsafe.Markup` stays as it is.
A template with an unknown variable fails (``StrictUndefined``).
"""

from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from publisher.render.listing import make_printable
from publisher.site.assets import ASSETS
from publisher.site.page_content import Site

MAX_TEXT = 2048
"""Maximum length of a value in a page, in characters; the rest is an ellipsis."""


def render_page(template: str, *, site: Site, root: str, **variables: object) -> bytes:
    """Render a page for people.

    :param template: file name in ``templates/``; it extends ``base.html``.
    :param root: relative URL of the home page, for example ``../../``; ``./`` on the home page.
    """
    page = _create_environment().get_template(template)
    return page.render(site=site, root=root, **variables).encode()


def make_harmless(value: object) -> object:
    """Return a value for a page: text without bidirectional and control characters, limited."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        # Cut first, so that the cost of a value does not depend on its length.
        text = make_printable(value[: MAX_TEXT + 1])
        return text if len(value) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return value


def mark_safe(html: str) -> Markup:
    """Return sanitised HTML as a value that templates do not escape."""
    return Markup(html)  # noqa: S704 - nh3 sanitised it


def format_day(time: datetime) -> Markup:
    """Return a time element with the day in UTC."""
    return Markup('<time datetime="{}">{}</time>').format(
        f"{time:%Y-%m-%dT%H:%M:%SZ}", f"{time:%Y-%m-%d}"
    )


def format_moment(time: datetime) -> Markup:
    """Return a time element with day and time in UTC."""
    return Markup('<time datetime="{}">{}</time>').format(
        f"{time:%Y-%m-%dT%H:%M:%SZ}", f"{time:%Y-%m-%d %H:%M} UTC"
    )


def format_count(number: int, noun: str) -> str:
    """Return a number with its noun, in the singular or plural."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun}"


@pass_context
def _link_asset(context: Context, name: str) -> str:
    """Return the relative URL of an asset, from the page that is rendered."""
    return f"{context['root']}{ASSETS[name].object_name}"


@cache
def _create_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("publisher", "site/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=make_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = _link_asset
    environment.filters |= {"day": format_day, "moment": format_moment, "count": format_count}
    return environment
