"""Lines that a program leaves on a terminal, with their colours."""

import re

_SEQUENCE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>]")


def replay_output(output: str) -> str:
    """Return the last state of the screen after the output of a program.

    It applies line feeds, carriage returns, ``CUU`` (cursor up) and ``EL`` (erase line), which are
    what Rich sends. Sequences of colours (``SGR``) stay in the lines.
    https://ecma-international.org/publications-and-standards/standards/ecma-48/
    """
    lines, row, position = [""], 0, 0
    while position < len(output):
        match = _SEQUENCE.match(output, position)
        if match is None:
            character = output[position]
            position += 1
            if character == "\n":
                row += 1
                lines.extend([""] * (row + 1 - len(lines)))
            elif character == "\r":
                if output[position : position + 1] != "\n":
                    lines[row] = ""
            else:
                lines[row] += character
            continue
        position = match.end()
        if match[2] == "A":
            row = max(0, row - int(match[1] or 1))
        elif match[2] == "K":
            lines[row] = ""
        elif match[2] == "m":
            lines[row] += match[0]
    return "\n".join(lines).rstrip()
