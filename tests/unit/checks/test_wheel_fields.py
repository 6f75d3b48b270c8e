"""Fields of the WHEEL file (`checks.metadata.wheel_fields`) that are repeated or after a blank."""

import pytest

from checks.distribution import verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from testing.calls import count_calls
from testing.corpus.wheels import DIST_INFO, FILENAME, WHEEL, make_wheel

BUILD = "acme-1.0-1-py3-none-any.whl"
NINJA = (
    b"Wheel-Version: 1.0\nGenerator: skbuild 0.17.6\nRoot-Is-Purelib: true\n\n\nTag: py3-none-any\n"
)


def _verify(wheel_file: bytes, filename: str = FILENAME) -> tuple[str, ...]:
    data = make_wheel(wheel_file=wheel_file, dist_info=DIST_INFO).build()
    return verify(filename, [data], Policy()).warnings


def _blank(line: int, late: str) -> tuple[str, ...]:
    return (
        f"bad-wheel: WHEEL: line {line} is blank: installers do not read the fields after it,"
        f" such as {late}. Remove the blank line.",
    )


def _twice(name: str, values: str, lines: str) -> tuple[str, ...]:
    return (f"bad-wheel: WHEEL: {name} is there 2 times (lines {lines}: {values}). Write it once.",)


@pytest.mark.parametrize(
    ("wheel_file", "warnings"),
    [
        (NINJA, _blank(4, "Tag in line 6")),
        (NINJA.replace(b"\n", b"\r\n"), _blank(4, "Tag in line 6")),
        (WHEEL.replace(b"Tag", b"  \t\nTag"), _blank(4, "Tag in line 5")),
        (WHEEL.replace(b"Root", b"\nRoot"), _blank(3, "Root-Is-Purelib in line 4")),
        (WHEEL.replace(b"\n", b"\n\n"), _blank(2, "Generator in line 3")),
        (WHEEL + b"\n\n\n", ()),
        (WHEEL.rstrip(), ()),
        (WHEEL.replace(b"true", b"\n true"), ()),
    ],
)
def test_fields_after_a_blank_line_are_read_with_a_warning(
    wheel_file: bytes, warnings: tuple[str, ...]
) -> None:
    assert _verify(wheel_file) == warnings


def test_a_folded_field_after_a_blank_line_is_read() -> None:
    folded = WHEEL.replace(b"Tag:", b"\nTag:\n ")
    assert _verify(folded) == _blank(4, "Tag in line 5")


def test_a_wrong_tag_after_a_blank_line_is_found() -> None:
    warnings = _verify(NINJA.replace(b"py3-none", b"py2-none"))
    assert warnings[1].startswith("bad-wheel: WHEEL: Tag 'py2-none-any' is not in the file name")


@pytest.mark.parametrize("blank", [b"\n", b"\r\n", b" \n", b"Generator: x\n\n"])
def test_a_blank_line_before_the_version_is_refused_like_pip_and_uv_do(blank: bytes) -> None:
    with pytest.raises(Refused, match="they find no Wheel-Version") as refused:
        _verify(blank + WHEEL.replace(b"Generator: corpus\n", b""))
    assert refused.value.reason == Reason.BAD_WHEEL


@pytest.mark.parametrize(
    ("more", "filename", "warnings"),
    [
        (b"Wheel-Version: 1.0", FILENAME, _twice("Wheel-Version", "'1.0' and '1.0'", "1 and 2")),
        (
            b"wheel-version: 01.00",
            FILENAME,
            _twice("Wheel-Version", "'01.00' and '1.0'", "1 and 2"),
        ),
        (
            b"Root-Is-Purelib: True",
            FILENAME,
            _twice("Root-Is-Purelib", "'True' and 'true'", "1 and 4"),
        ),
        (b"Build: 1\nBuild: 01", BUILD, _twice("Build", "'1' and '01'", "1 and 2")),
        (b"Generator: other", FILENAME, _twice("Generator", "'other' and 'corpus'", "1 and 3")),
        (b"Tag: py3-none-any", FILENAME, ()),
    ],
)
def test_a_repeated_field_with_an_equal_value_is_a_warning(
    more: bytes, filename: str, warnings: tuple[str, ...]
) -> None:
    assert _verify(more + b"\n" + WHEEL, filename) == warnings


@pytest.mark.parametrize(
    ("more", "filename", "detail"),
    [
        (
            b"Wheel-Version: 1.1",
            FILENAME,
            "WHEEL: Wheel-Version is '1.1' in line 1, but '1.0' in line 2. Write it once.",
        ),
        (
            b"Root-Is-Purelib: FALSE",
            FILENAME,
            "WHEEL: Root-Is-Purelib is 'FALSE' in line 1, but 'true' in line 4. Write it once.",
        ),
        (
            b"Build: 1\nbuild: 1a",
            BUILD,
            "WHEEL: Build is '1' in line 1, but '1a' in line 2. Write it once.",
        ),
    ],
)
def test_a_repeated_field_with_different_values_is_refused_with_both(
    more: bytes, filename: str, detail: str
) -> None:
    with pytest.raises(Refused) as refused:
        _verify(more + b"\n" + WHEEL, filename)
    assert (refused.value.reason, refused.value.detail) == (Reason.BAD_WHEEL, detail)


def test_a_different_value_after_a_blank_line_is_refused() -> None:
    with pytest.raises(Refused, match="'true' in line 3, but 'false' in line 7"):
        _verify(NINJA + b"Root-Is-Purelib: false\n")


def test_many_fields_are_read_in_linear_time() -> None:
    def read(count: int) -> int:
        text = WHEEL.rstrip() + b"".join(b"\nX%d: y" % number for number in range(count))
        return count_calls(lambda: _verify(text))

    assert read(4000) < 2.5 * read(2000)
