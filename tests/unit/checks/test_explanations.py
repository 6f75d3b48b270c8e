"""Explanations of invalid core metadata (`checks.metadata.explanations`)."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from checks.distribution import read_core_metadata
from checks.metadata.explanations import REQUIREMENT_EXAMPLE
from checks.refusal import Refused
from testing.corpus.wheels import METADATA, make_metadata

ONLY_EQUAL = "but it is allowed only after == and !="
OPERATORS = "(~=, ===, ==, !=, <=, >=, <, >)"


def _refuse(metadata: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_core_metadata(metadata)
    return refused.value.detail


@pytest.mark.parametrize(
    ("value", "reason", "example"),
    [
        (">=3.7.*", f"'>=3.7.*' has `.*` after >=, {ONLY_EQUAL}", ">=3.7"),
        ("3.7+", f"'3.7+' does not begin with an operator {OPERATORS}", ">=3.7"),
        ("3.9", f"'3.9' does not begin with an operator {OPERATORS}", ">=3.9"),
        (">=3, ^3.8", f"'^3.8' begins with '^', not with an operator {OPERATORS}", ">=3.8"),
        ("~3", f"'~3' begins with '~', not with an operator {OPERATORS}", ">=3"),
        ("=>3.6", f"'=>3.6' begins with '=>', not with an operator {OPERATORS}", ">=3.6"),
        (">=3.7 <4", "'>=3.7 <4' has two specifiers without a comma between them", ">=3.7,<4"),
        ("~=3", "'~=3' has one number after ~=, but needs at least two", "~=3.0"),
        (">=3.x", "'>=3.x' has '3.x' after >=, which is not a version (PEP 440)", ">=3"),
        (">=3,<4;x", "'<4;x' has '4;x' after <, which is not a version (PEP 440)", "<4"),
        (">=", "'>=' has no version after >=", ">=3.9,<4"),
        (">=1+x", f"'>=1+x' has a local version after >=, {ONLY_EQUAL}", ">=1"),
        ("'>=3.7'", '"\'>=3.7\'" has quotation marks', ">=3.7"),
        ("python", f"'python' does not begin with an operator {OPERATORS}", ">=3.9,<4"),
    ],
)  # fmt: skip
def test_an_invalid_requires_python_is_explained_with_a_valid_example(
    value: str, reason: str, example: str
) -> None:
    detail = _refuse(make_metadata(f"Requires-Python: {value}"))
    assert detail.endswith(f": {reason}. Write for example {example}.")
    assert detail.startswith("METADATA: Requires-Python ")
    SpecifierSet(example)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("foo>=1.0.*", ".* suffix can only be used with `==` or `!=` operators at character 10"),
        ("foo (>=1.0", "Expected matching RIGHT_PARENTHESIS for LEFT_PARENTHESIS"),
        ("foo bar", "at character 5"),
        ("foo; python_version >= 3", "Expected a marker variable or quoted string at character 24"),
        ("foo=1", "at character 4"),
        ("", "Expected package name"),
    ],
)
def test_an_invalid_requires_dist_is_explained_with_its_place(value: str, reason: str) -> None:
    detail = _refuse(make_metadata("Requires-Dist: a", f"Requires-Dist: {value}"))
    assert detail.startswith(f"METADATA: Requires-Dist '{value}': ")
    assert reason in detail
    assert detail.endswith(f". Write for example {REQUIREMENT_EXAMPLE}.")
    Requirement(REQUIREMENT_EXAMPLE)


@pytest.mark.parametrize(
    ("value", "reason", "example"),
    [
        ("1.0-foo-bar", "'-foo-bar' after 1.0 is not part of a version (PEP 440)", "1.0+foo.bar"),
        ("1.0.x", "'.x' after 1.0 is not part of a version (PEP 440)", "1.0+x"),
        ("1.0+a+b", "'+b' after 1.0+a is not part of a version (PEP 440)", "1.0+a"),
        ("latest", "it does not begin with a number (PEP 440)", "1.0"),
    ],
)
def test_an_invalid_version_is_explained_with_a_valid_example(
    value: str, reason: str, example: str
) -> None:
    detail = _refuse(METADATA.replace(b"Version: 1.0", b"Version: " + value.encode()))
    assert detail == f"METADATA: Version '{value}': {reason}. Write for example {example}."
    Version(example)


ALLOWED = "is not allowed, only letters, digits, `.`, `_` and `-`"
EDGES = "it has to begin and end with a letter or digit"


@pytest.mark.parametrize("field", ["Name", "Provides-Extra"])
@pytest.mark.parametrize(
    ("value", "reason", "example"),
    [
        ("a b", f"' ' {ALLOWED}", "a-b"),
        ("a/b!", f"'/' {ALLOWED}", "a-b"),
        ("-acme_", EDGES, "acme"),
        ("!", f"'!' {ALLOWED}", "acme"),
    ],
)
def test_an_invalid_name_is_explained_with_a_valid_example(
    field: str, value: str, reason: str, example: str
) -> None:
    fields = make_metadata(f"{field}: {value}")
    detail = _refuse(re.sub(rb"Name: acme\n", b"", fields) if field == "Name" else fields)
    assert detail == f"METADATA: {field} '{value}': {reason}. Write for example {example}."
    canonicalize_name(example, validate=True)


def test_a_missing_name_is_explained() -> None:
    assert _refuse(METADATA.replace(b"Name: acme\n", b"")) == (
        "METADATA: Name '': it is empty or missing. Write for example acme."
    )
