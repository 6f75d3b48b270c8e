"""Last state of a terminal after the output of a program."""

import pytest

from testing.terminal.screen import replay_output

BAR = "upload  1/2\r\npublish 0/2"


@pytest.mark.parametrize(
    ("output", "screen"),
    [
        ("one\r\ntwo\r\n", "one\ntwo"),
        ("50 %\r100 %\r\n", "100 %"),
        (f"{BAR}\r\x1b[2K\x1b[1A\x1b[2Kdone\r\n", "done"),
        ("\x1b[?25l\x1b[1mbold\x1b[0m\x1b[?25h\r\n", "\x1b[1mbold\x1b[0m"),
    ],
)
def test_bars_that_a_program_draws_again_leave_no_lines(output: str, screen: str) -> None:
    assert replay_output(output) == screen
