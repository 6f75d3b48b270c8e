"""Names of incoming objects that are commands (`schemas.layout`)."""

import pytest

from schemas import layout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme/42/yank.command.json", True),
        ("operators/ada/yank.command.json", True),
        ("operators/ada/2026/yank.command.json", True),
        ("acme/yank.command.json", False),
        ("upload/acme/42/yank.command.json", True),
        ("upload/acme/yank.command.json", False),
        ("yank.command.json", False),
        ("acme/42/yank.json", False),
        ("acme/42/acme-1.0-py3-none-any.whl", False),
    ],
)
def test_a_command_has_its_own_suffix(name: str, expected: bool) -> None:
    assert layout.is_command_name(name) is expected


def test_the_author_is_the_uploader_or_the_operator() -> None:
    assert layout.split_author("acme/42/yank.command.json") == "acme"
    assert layout.split_author("operators/ada/yank.command.json") == "operators/ada"
    assert layout.split_author("upload/acme/42/yank.command.json") == "acme"
    assert not layout.is_operator(layout.split_author("upload/operators/ada/yank.command.json"))
    assert not layout.is_operator("acme")
    assert layout.is_operator("operators/ada")
    assert layout.is_operator(None)


def test_the_id_of_a_command_depends_on_its_name_and_generation() -> None:
    first = layout.derive_command_id("acme/42/yank.command.json", 7)
    assert first.startswith("acme.")
    assert len(first) == len("acme.") + 32
    others = [("acme/42/yank.command.json", 8), ("acme/43/yank.command.json", 7)]
    assert first not in [layout.derive_command_id(*other) for other in others]
    assert layout.derive_command_id("upload/acme/42/x.command.json", 1).startswith("acme.")
    assert layout.derive_command_id("operators/ada/x.command.json", 1).startswith("operators.")
