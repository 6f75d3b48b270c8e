"""Output of all commands: text of documents is printed as it is."""

import pytest

from gcpypi.output import create_console, escape_unprintable, print_table

TEXTS = ("[bold]", r"\[bold]", r"\[/nope]", "gs://a:100:b", "[1]", "ends with \\")


@pytest.mark.parametrize("text", TEXTS)
def test_text_has_neither_markup_nor_emoji(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    create_console().print(f"[red]<[/red]{escape_unprintable(text)}[red]>[/red]")
    print_table(create_console(), ["text"], [[text]])

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [f"<{text}>", "text", text]


def test_control_characters_are_printed_as_escapes() -> None:
    assert escape_unprintable("a\x1b[31mb") == r"a\x1b[31mb"
