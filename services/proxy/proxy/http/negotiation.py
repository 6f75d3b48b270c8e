"""Negotiation of the representation of a page: media type and content coding.

PEP 691, "Version + Format Selection"; RFC 9110 §12.

The weights of the client decide. On a tie JSON wins if the client names it, directly or as
``application/*``. If the client sends only ``*/*``, HTML wins, because that client is
probably used by a person.
"""

import re
from functools import lru_cache
from urllib.parse import parse_qs

from proxy.http.errors import NotAcceptable
from schemas.headers import SIMPLE_JSON

V1_HTML = "application/vnd.pypi.simple.v1+html"
HTML = "text/html"

_OFFERS = (SIMPLE_JSON, V1_HTML, HTML)
"""Media types of a page in the order of preference."""

_ALIASES = {
    "application/vnd.pypi.simple.latest+json": SIMPLE_JSON,
    "application/vnd.pypi.simple.latest+html": V1_HTML,
}

_CODING_ALIASES = {"x-gzip": "gzip"}
"""Codings with two names (RFC 9110 §8.4.1.3)."""

_MEDIA_RANGE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]*)?|1(?:\.0*)?)", re.ASCII)


@lru_cache(maxsize=128)
def negotiate(accept: str, query: str) -> str:
    """Return the media type of the response.

    :param accept: the ``Accept`` field; empty is the same as ``*/*``.
    :param query: the query string; its ``format`` overrides ``accept``.
    :raises NotAcceptable: if nothing matches.
    """
    formats = parse_qs(query, keep_blank_values=True).get("format", []) if query else []
    if formats:
        return _match_format(formats)
    weights = _parse_weights(accept.strip() or "*/*")
    rank, media_type = max((_rank_offer(offer, weights), offer) for offer in _OFFERS)
    if rank[0] <= 0:
        raise NotAcceptable
    return media_type


@lru_cache(maxsize=128)
def prefers_html(accept: str) -> bool:
    """Return whether the client names HTML and prefers no other media type to it, as browsers do.

    Installers name HTML with a low weight or not at all.

    :param accept: the ``Accept`` field.
    """
    weights = _parse_weights(accept)
    weight = weights.get(HTML, 0.0)
    return weight > 0 and weight >= max(weights.values())


@lru_cache(maxsize=128)
def prefers_gzip(accept_encoding: str) -> bool:
    """Return whether the client accepts gzip, and does not prefer an uncoded body to it.

    An uncoded body is the coding ``identity`` (RFC 9110 §12.5.3).

    :param accept_encoding: the ``Accept-Encoding`` field. Empty if it is absent; then any coding is
        permitted, but such clients support none.
    """
    weights: dict[str, float] = {}
    for element in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in element.split(";"))
        weight = _parse_weight(parameters)
        if weight is not None:
            name = _CODING_ALIASES.get(coding, coding)
            weights[name] = max(weight, weights.get(name, 0.0))
    other = weights.get("*", 0.0)
    weight = weights.get("gzip", other)
    return weight > 0 and weight >= weights.get("identity", other)


def _match_format(formats: list[str]) -> str:
    """Return the media type in ``format``. A space is a raw ``+``: no media type has a space."""
    requested = formats[0].replace(" ", "+")
    media_type = _ALIASES.get(requested, requested)
    if len(formats) > 1 or media_type not in _OFFERS:
        raise NotAcceptable
    return media_type


def _parse_weights(accept: str) -> dict[str, float]:
    """Return the weight of each media range, without invalid elements."""
    weights: dict[str, float] = {}
    for element in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in element.split(";"))
        weight = _parse_weight(parameters)
        if weight is not None and _MEDIA_RANGE.fullmatch(media_range):
            name = _ALIASES.get(media_range, media_range)
            weights[name] = max(weight, weights.get(name, 0.0))
    return weights


def _parse_weight(parameters: list[str]) -> float | None:
    """Return the value of ``q``: 1 if it is absent, None if it is invalid."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _WEIGHT.fullmatch(value := value.strip()) else None
    return 1.0


def _rank_offer(offer: str, weights: dict[str, float]) -> tuple[float, int]:
    """Return the weight of an offer by its most specific range, and its rank on a tie."""
    preference = len(_OFFERS) - _OFFERS.index(offer)
    for media_range in (offer, f"{offer.partition('/')[0]}/*"):
        if media_range in weights:
            return weights[media_range], preference
    return weights.get("*/*", 0.0), 0 if offer == HTML else -1
