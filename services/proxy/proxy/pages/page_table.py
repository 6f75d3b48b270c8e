"""Table of the pages for people: path, object, header fields and readers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache, partial

from proxy.http.small_pages import SMALL_PAGE_POLICY
from proxy.index.representations import Key
from proxy.pages.page_policy import SANDBOX_POLICY, create_page_policy
from proxy.pages.path_templates import PathTemplate
from schemas import layout, web_layout
from schemas.headers import ATOM, HTML, IMMUTABLE, JSON

_REFERRER = ("referrer-policy", "same-origin")
"""Field by which a browser does not tell other hosts the address of the index."""


class Audience(Enum):
    """Tokens that can read a page."""

    READERS = auto()
    """Every token for reading, because the page names no project."""
    SCOPED = auto()
    """Every token for reading; the proxy removes the projects that are out of the token's scope."""
    PROJECT = auto()
    """Tokens for the project."""
    WHOLE_INDEX = auto()
    """Tokens for every project."""


@dataclass(frozen=True, slots=True)
class PageForm:
    """Media type of a page, and its further header fields."""

    media_type: str
    vary: str = "Accept-Encoding"
    policy: str = ""
    """Content security policy; empty for JSON, which browsers do not interpret."""

    def create_key(self, name: str) -> Key:
        """Return the key of an object."""
        fields = (("content-security-policy", self.policy), _REFERRER) if self.policy else ()
        return Key(name, self.media_type, (("vary", self.vary), *fields))


_SHELL = PageForm(HTML, policy=create_page_policy())
_LIST = PageForm(HTML, "Accept-Encoding, Authorization", create_page_policy())
_JSON = PageForm(JSON)
_ARRAY = PageForm(JSON, "Accept-Encoding, Authorization")
_FEED = PageForm(ATOM, policy=SANDBOX_POLICY)


_PROJECTS = web_layout.locate_project_list(1)
PART_OF_LIST: Mapping[str, Key] = {
    _PROJECTS: PageForm(HTML, _LIST.vary, SMALL_PAGE_POLICY).create_key(_PROJECTS)
}
"""Keys of the parts that the proxy renders as pages, by the name of the whole object."""

_ASSETS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Media types by the end of the name (RFC 9239 for scripts)."""
_ASSET_POLICY = (("content-security-policy", SANDBOX_POLICY),)
"""Policy of an asset that a browser opens as a document, such as an icon with a script."""


@dataclass(frozen=True, eq=False)
class ServedPage:
    """ServedPage or document at an address. Its identity is its equality."""

    path: PathTemplate
    locate: Callable[..., str]
    """Function that returns the name of the object for the parameters of the path."""
    form: PageForm
    audience: Audience


def create_page_table(*, remote_images: bool) -> tuple[ServedPage, ...]:
    """Return all pages. The first template that matches a path applies.

    :param remote_images: whether descriptions can show images of other hosts.
    """
    readme = PageForm(HTML, policy=create_page_policy(remote_images=remote_images))
    return (*_list_shells(), *_list_arrays(), *_list_whole_pages(), *_list_project_pages(readme))


@lru_cache(maxsize=4096)
def create_page_key(page: ServedPage, /, **parameters: str | int) -> Key:
    """Return the key of a page for the parameters of its path."""
    return page.form.create_key(page.locate(**parameters))


@lru_cache(maxsize=256)
def create_asset_key(digest: str, name: str) -> Key:
    """Return the key of a style sheet, script or icon. Its name has a digest of its content."""
    media_type = _ASSETS[name.rpartition(".")[2]]
    fields = (("vary", "Accept-Encoding"), ("cache-control", IMMUTABLE), *_ASSET_POLICY)
    return Key(web_layout.locate_asset(digest, name), media_type, fields)


def _list_shells() -> list[ServedPage]:
    create = partial(_create_fixed_page, form=_SHELL, audience=Audience.READERS)
    return [
        create("/", layout.HOME),
        create("/search/", web_layout.SEARCH_PAGE),
        create("/changes/", web_layout.CHANGES_PAGE),
    ]


def _list_arrays() -> list[ServedPage]:
    create = partial(_create_fixed_page, form=_ARRAY, audience=Audience.SCOPED)
    shard = PathTemplate("/search/{key}.json")
    return [
        create("/search.json", web_layout.SEARCH),
        create("/recent.json", web_layout.RECENT),
        create("/changes.json", web_layout.CHANGES),
        ServedPage(shard, web_layout.locate_search_shard, _ARRAY, Audience.SCOPED),
        create("/projects/", _PROJECTS, form=_LIST),
    ]


def _list_whole_pages() -> list[ServedPage]:
    create = partial(_create_fixed_page, audience=Audience.WHOLE_INDEX)
    page = PathTemplate("/projects/page{page}.html")
    return [
        create("/feed.xml", web_layout.FEED, form=_FEED),
        create("/totals.json", web_layout.TOTALS, form=_JSON),
        ServedPage(page, web_layout.locate_project_list, _SHELL, Audience.WHOLE_INDEX),
    ]


def _list_project_pages(readme: PageForm) -> list[ServedPage]:
    """Return the pages of a project. ``history`` and ``releases`` are no versions (PEP 440)."""
    rows: list[tuple[str, Callable[..., str], PageForm]] = [
        ("/projects/{project}/", web_layout.locate_web_page, readme),
        ("/projects/{project}/releases.json", web_layout.locate_releases, _JSON),
        ("/projects/{project}/feed.xml", web_layout.locate_project_feed, _FEED),
        ("/projects/{project}/releases/", web_layout.locate_release_list, _SHELL),
        ("/projects/{project}/history/", web_layout.locate_history, _SHELL),
        (
            "/projects/{project}/releases/page{page}.html",
            web_layout.locate_release_list_page,
            _SHELL,
        ),
        ("/projects/{project}/history/page{page}.html", web_layout.locate_history_page, _SHELL),
        ("/projects/{project}/{version}/", web_layout.locate_release_page, readme),
        ("/pypi/{project}/json", layout.locate_legacy_json, _JSON),
        ("/pypi/{project}/{version}/json", web_layout.locate_release_json, _JSON),
    ]
    return [
        ServedPage(PathTemplate(path), locate, form, Audience.PROJECT)
        for path, locate, form in rows
    ]


def _create_fixed_page(path: str, name: str, form: PageForm, audience: Audience) -> ServedPage:
    return ServedPage(PathTemplate(path), lambda: name, form, audience)
