"""Validation of whole files (`checks.distribution`), and their facts."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from checks.distribution import VerifiedFile, check_name, read_core_metadata, verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from testing.corpus import sdists
from testing.corpus.wheels import FILENAME, make_metadata, make_wheel

FIELDS = make_metadata(
    "Summary: An example",
    "Requires-Python: >=3.11,\n  <4",
    "Requires-Dist: b >=1 ; python_version < '3.12'",
    "Requires-Dist: a[x]",
)


def test_the_facts_of_a_wheel_are_those_of_its_bytes() -> None:
    data = make_wheel(metadata=FIELDS).build()
    assert verify(check_name(FILENAME, Policy(), None), [data], Policy()) == VerifiedFile(
        filename=FILENAME,
        project="acme",
        version="1.0",
        kind="wheel",
        sha256=sha256(data).hexdigest(),
        size=len(data),
        metadata=FIELDS,
        core=read_core_metadata(FIELDS),
        warnings=(),
    )


def test_the_facts_of_an_sdist_are_those_of_its_bytes() -> None:
    data = sdists.BYTES
    assert verify(sdists.FILENAME, [data], Policy()) == VerifiedFile(
        filename=sdists.FILENAME,
        project="acme",
        version="1.0",
        kind="sdist",
        sha256=sha256(data).hexdigest(),
        size=len(data),
        metadata=sdists.PKG_INFO.content,
        core=read_core_metadata(sdists.PKG_INFO.content),
        warnings=(),
    )


@pytest.mark.parametrize(
    ("fields", "keywords"),
    [
        ((), ()),
        (("Keywords:",), ()),
        (("Keywords: one",), ("one",)),
        (("Keywords: one two, three ,,one two,\n  four\tfive",), ("one two", "three", "four five")),
        (("Keywords: naïve,日本",), ("naïve", "日本")),
        (("Keywords: a", "Keywords: b"), ()),
        ((f"Keywords: {'é' * 200},{'x' * 112},{'y' * 111},z",), ("é" * 200, "y" * 111)),
        ((f"Keywords: {','.join(map(str, range(9999)))}",), tuple(map(str, range(155)))),
    ],
)
def test_keywords_are_separated_by_commas_and_limited_to_512_bytes(
    fields: tuple[str, ...], keywords: tuple[str, ...]
) -> None:
    facts = read_core_metadata(make_metadata(*fields))
    assert facts.keywords == keywords
    assert len(",".join(facts.keywords).encode()) <= 512


def test_warnings_of_the_name_come_first() -> None:
    data = make_wheel(metadata=make_metadata("License-File: x")).build()
    warnings = verify("Acme-1.0-py3-none-any.whl", [data], Policy()).warnings
    assert [warning.partition(":")[0] for warning in warnings] == [
        "bad-filename",
        "bad-metadata",
        "bad-metadata",
    ]


def test_a_summary_is_cut_at_a_character_to_512_bytes() -> None:
    data = make_wheel(metadata=make_metadata(f"Summary: x{'ß' * 400}")).build()
    summary = verify(FILENAME, [data], Policy()).core.summary
    assert summary == f"x{'ß' * 255}"


def test_a_direct_url_passes_if_the_policy_allows_it() -> None:
    line = "x @ https://example.invalid/x.whl"
    data = make_wheel(metadata=make_metadata(f"Requires-Dist: {line}")).build()
    assert verify(FILENAME, [data], Policy(allow_direct_urls=True)).core.requires_dist == (line,)


def test_stored_metadata_has_the_facts_of_the_wheel() -> None:
    facts = read_core_metadata(FIELDS)
    assert (facts.name, str(facts.version), facts.summary) == ("acme", "1.0", "An example")
    assert facts.requires_python == ">=3.11, <4"
    assert facts.requires_dist == ("b >=1 ; python_version < '3.12'", "a[x]")


def test_a_file_over_the_limit_is_refused_without_more_reads() -> None:
    data = make_wheel().build()

    def yield_chunks() -> Iterator[bytes]:
        yield data[:-1]
        yield data[-1:]
        raise AssertionError("read beyond the limit")

    with pytest.raises(Refused) as refused:
        verify(FILENAME, yield_chunks(), Policy(max_file_size=len(data) - 1))
    assert refused.value.reason == Reason.TOO_LARGE


def test_a_file_at_the_limit_passes() -> None:
    data = make_wheel().build()
    assert verify(FILENAME, [data], Policy(max_file_size=len(data))).size == len(data)


def test_empty_chunks_are_ignored() -> None:
    data = make_wheel().build()
    assert verify(FILENAME, [b"", data[:50], b"", data[50:], b""], Policy()).size == len(data)


def test_a_broken_stream_is_not_a_refusal() -> None:
    def yield_chunks() -> Iterator[bytes]:
        yield make_wheel().build()[:100]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        verify(FILENAME, yield_chunks(), Policy())


def test_a_refusal_is_one_printable_line_of_bounded_length() -> None:
    assert Refused(Reason.BAD_RECORD, "größe \n\x1b[2J").detail == r"größe \n\x1b[2J"
    assert len(Refused(Reason.BAD_RECORD, "x" * 5000).detail) == 1001


def test_the_text_of_a_refusal_is_its_code_and_sentence() -> None:
    assert str(Refused(Reason.ZIP_BOMB, "too much")) == "zip-bomb: too much"
