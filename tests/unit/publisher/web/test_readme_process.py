import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from subprocess import PIPE

import pytest

from publisher.errors import ReadmeProcessFailed
from publisher.site.page_content import Readme
from publisher.web.readme_process import ReadmeRenderer
from testing.hostile_readmes import HostileReadme, list_slow_readmes
from testing.processes import Process, list_children

PATIENCE = 600.0
"""Elapsed seconds that no description needs, on a busy machine either."""
ENDLESS = HostileReadme("endless", "<div>" * 20_000 + "x", "text/markdown")


@pytest.fixture
def renderer() -> Iterator[ReadmeRenderer]:
    pool = ReadmeRenderer(children=1, time_limit=PATIENCE)
    yield pool
    pool.close()


def render(pool: ReadmeRenderer, text: str, content_type: str = "text/markdown") -> Readme:
    return pool.render({"description": text, "description_content_type": content_type})


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.05)


def read_cpu_time(child: int) -> float:
    """Return the CPU time of a process in seconds; 0 after its end."""
    try:
        values = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def test_a_description_is_rendered_in_a_child_that_is_reused(renderer: ReadmeRenderer) -> None:
    before = list_children(os.getpid())
    assert render(renderer, "*a*") == Readme("<p><em>a</em></p>\n")
    started = list_children(os.getpid()) - before
    assert render(renderer, "*b*") == Readme("<p><em>b</em></p>\n")
    assert len(started) == 1
    assert list_children(os.getpid()) - before == started


def test_without_a_description_there_is_no_html_and_no_child(renderer: ReadmeRenderer) -> None:
    before = list_children(os.getpid())
    assert renderer.render({}) == Readme()
    assert render(renderer, " \n") == Readme()
    assert list_children(os.getpid()) == before


def test_a_description_above_one_mebibyte_is_cut_and_shown_as_text(
    renderer: ReadmeRenderer,
) -> None:
    readme = render(renderer, "<" * (1 << 20) + "end")
    assert readme.html == f"<pre>{'&lt;' * (1 << 20)}</pre>"
    assert readme.note == (
        "The description is shown as text: it is larger than 1 MiB, and the rest is left out."
    )


def test_a_description_that_takes_too_long_is_text_and_the_next_one_is_rendered() -> None:
    pool = ReadmeRenderer(children=1, cpu_limit=1)
    try:
        readme = render(pool, ENDLESS.text)
        assert readme.html.startswith("<pre>&lt;div&gt;&lt;div&gt;")
        assert readme.note == (
            "The description is shown as text: rendering it takes longer than 1 s."
        )
        assert render(pool, "*a*").html == "<p><em>a</em></p>\n"
    finally:
        pool.close()


def test_a_child_that_is_killed_is_replaced(renderer: ReadmeRenderer) -> None:
    before = list_children(os.getpid())
    render(renderer, "*a*")
    [child] = list_children(os.getpid()) - before
    os.kill(child, signal.SIGKILL)
    assert render(renderer, "*b*") == Readme("<p><em>b</em></p>\n")


def test_a_description_whose_children_are_killed_twice_is_shown_as_text() -> None:
    """A child that has used 2.5 s of CPU time has the description."""
    pool, before = (
        ReadmeRenderer(children=1, cpu_limit=60, time_limit=PATIENCE),
        list_children(os.getpid()),
    )
    found, killed = Queue[Readme](), set[int]()
    thread = threading.Thread(target=lambda: found.put(render(pool, ENDLESS.text)))
    thread.start()
    while thread.is_alive():
        for child in list_children(os.getpid()) - before - killed:
            if read_cpu_time(child) > 2.5:
                os.kill(child, signal.SIGKILL)
                killed.add(child)
        time.sleep(0.05)
    assert found.get().note == "The description is shown as text: its renderer ended with code -9."
    assert len(killed) == 2
    pool.close()


def test_a_stopped_child_delays_only_the_thread_that_waits_for_it() -> None:
    """Two threads render descriptions; one of them meets the stopped child."""
    pool, finished = ReadmeRenderer(children=2, time_limit=PATIENCE), Queue[list[Readme]]()

    def render_some(name: str) -> None:
        finished.put([render(pool, f"*{name}{number}*") for number in range(10)])

    before = list_children(os.getpid())
    render(pool, "*start*")
    [stopped] = list_children(os.getpid()) - before
    os.kill(stopped, signal.SIGSTOP)
    threads = [threading.Thread(target=render_some, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    first = finished.get(timeout=PATIENCE)
    assert [readme.note for readme in first] == [""] * 10
    assert finished.empty()
    os.kill(stopped, signal.SIGKILL)
    second = finished.get(timeout=PATIENCE)
    assert [readme.note for readme in second] == [""] * 10
    for thread in threads:
        thread.join()
    pool.close()


def test_a_child_is_killed_after_the_elapsed_time_even_with_little_cpu_time() -> None:
    """The description needs more than 2.5 s on any machine, and has 1 s."""
    pool = ReadmeRenderer(children=1, cpu_limit=60, time_limit=1)
    assert render(pool, ENDLESS.text).note.endswith("rendering it takes longer than 60 s.")
    pool.close()


def test_children_end_with_the_renderer() -> None:
    before = list_children(os.getpid())
    pool = ReadmeRenderer(children=1, time_limit=PATIENCE)
    render(pool, "*a*")
    assert list_children(os.getpid()) != before
    pool.close()
    assert list_children(os.getpid()) == before


def test_a_child_ends_when_its_parent_is_killed() -> None:
    """The parent prints the number of its child and stops itself."""
    program = (
        "import os\n"
        "from publisher.web.readme_process import ReadmeRenderer\n"
        f"pool = ReadmeRenderer(children=1, time_limit={PATIENCE})\n"
        "pool.render({'description': '*a*', 'description_content_type': 'text/markdown'})\n"
        "print(open(f'/proc/self/task/{os.getpid()}/children').read(), flush=True)\n"
        "input()\n"
    )
    with Process([sys.executable, "-c", program], stdin=PIPE, stdout=PIPE) as parent:
        assert parent.stdout is not None
        child = Path(f"/proc/{int(parent.stdout.readline())}")
        assert child.exists()
        parent.kill()
        parent.wait()
        wait_until(lambda: not child.exists())


def test_a_child_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ReadmeProcessFailed, match="ended at its start with code 1"):
        render(ReadmeRenderer(children=1), "*a*")


@pytest.mark.parametrize("readme", list_slow_readmes(), ids=lambda readme: readme.name)
def test_slow_descriptions_end_within_the_limit(readme: HostileReadme) -> None:
    """Each is rendered, or shown as text with the reason; the next one is rendered."""
    shown = SLOW.render(
        {"description": readme.text, "description_content_type": readme.content_type}
    )
    assert len(shown.html) < 6 << 20
    assert shown.html
    assert render(SLOW, "*a*").html == "<p><em>a</em></p>\n"


SLOW = ReadmeRenderer(children=1, cpu_limit=1)
