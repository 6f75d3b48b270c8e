"""Templates of the paths of pages for people, such as ``/projects/{project}/``."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import quote

from cloud.errors import NotFound
from proxy.http.locations import format_path, split_path
from proxy.http.paths import parse_page_number, parse_project, parse_shard_key, parse_version

Parameters = Mapping[str, str | int]
"""Parsed and normalised parameters of a path by name."""

_PARSERS: Mapping[str, Callable[[str], str | int]] = {
    "project": parse_project,
    "version": parse_version,
    "page": parse_page_number,
    "key": parse_shard_key,
}
"""Parser of each parameter. It raises ``NotFound`` for a segment outside the grammar."""

_PARAMETER = re.compile(r"\\\{(\w+)\\\}")
"""Parameter of an escaped template."""


@dataclass(frozen=True)
class PathTemplate:
    """Template of paths in the form of a route of Starlette."""

    text: str
    pattern: re.Pattern[str] = field(init=False)
    """Pattern of the decoded paths of the template, before their parameters are parsed."""

    def __post_init__(self) -> None:
        pattern = _PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(self.text))
        object.__setattr__(self, "pattern", re.compile(pattern))

    def parse(self, segments: Mapping[str, str]) -> Parameters:
        """Return the parameters of a path.

        :param segments: the parameters as the router decoded them.
        :raises NotFound: if one is outside its grammar.
        """
        return {name: _PARSERS[name](segment) for name, segment in segments.items()}

    def format(self, parameters: Parameters) -> str:
        """Return the canonical path, decoded."""
        return self.text.format(**parameters)


def find_canonical_path(path: str, templates: Iterable[PathTemplate]) -> str:
    """Return the canonical path for one with empty segments, ``index.html`` or a wrong last slash.

    :param path: the path, decoded.
    :param templates: the templates of the pages for people.
    :return: the path, percent-encoded.
    :raises NotFound: if there is none, or the path is already canonical.
    """
    segments = split_path(path)
    canonical = format_path(segments, path) or quote(_fill_template(segments, templates))
    if canonical == path:
        raise NotFound("no such URL")
    return canonical


def _fill_template(segments: Iterable[str], templates: Iterable[PathTemplate]) -> str:
    """Return the decoded path of the first template for these segments, with or without a slash."""
    stem = "/" + "/".join(segments)
    for template, path in product(templates, (stem, f"{stem}/")):
        match = template.pattern.fullmatch(path)
        if match is None:
            continue
        try:
            return template.format(template.parse(match.groupdict()))
        except NotFound:
            continue
    raise NotFound("no such URL")
