"""Commands with help pages in plain text: all sentences, no types of Python, a fast start.

Typer's own pages load Rich, markdown-it and Pygments, which take longer than all the rest.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperGroup, TyperOption

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter  # Typer exports no names for them


class HelpCommand(TyperCommand):
    """Command of which the arguments have no types in the help."""

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the arguments, then the options."""
        arguments = [(name.partition(" <")[0], text) for name, text in self._rows(ctx, "argument")]
        _write_section(formatter, "Arguments", arguments)
        _write_section(formatter, "Options", list(self._rows(ctx, "option")))

    def _rows(self, ctx: "Context", kind: str) -> Iterator[tuple[str, str]]:
        records = (
            each.get_help_record(ctx)
            for each in self.get_params(ctx)
            if each.param_type_name == kind
        )
        return (record for record in records if record)


class HelpGroup(TyperGroup):
    """Group of commands. Its page has the whole first sentence of each command."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Parse the arguments of the group.

        Flags of Typer itself have no default, and Typer loads Pydantic for the value
        None. With False, the help of a command does without it.
        """
        for flag in self.get_params(ctx):
            if isinstance(flag, TyperOption) and flag.is_bool_flag and flag.default is None:
                flag.default = False
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write a section for each panel of commands."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            panel = getattr(command, "rich_help_panel", None) or "Commands"
            sentence = ((command and command.help) or "").partition("\n\n")[0]
            panels.setdefault(str(panel), []).append((name, " ".join(sentence.split())))
        for panel, rows in panels.items():
            _write_section(formatter, panel, rows)


def _write_section(
    formatter: "HelpFormatter", heading: str, rows: Sequence[tuple[str, str]]
) -> None:
    if rows:
        with formatter.section(heading):
            formatter.write_dl(rows)
