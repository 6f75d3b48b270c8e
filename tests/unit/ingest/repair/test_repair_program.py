"""Programs ``python -m ingest replay`` and ``rescan``, on the stand-ins of Google Cloud."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.pubsub_v1.types import Subscription, Topic

import ingest.__main__
from local import topology
from local.stand_ins.pubsub_messages import PubsubMessage
from testing.processes import Process
from testing.services.ingest_processes import WatchedBroker, make_ingest_environment, serve_broker
from testing.storage import FakeStorage, StorageServer

UPLOADS = "ingest-file-uploaded"
LETTERS = f"{UPLOADS}-dead-letter"
NAME = "acme/1/acme-1.0-py3-none-any.whl"
PARENT = f"projects/{topology.GCP_PROJECT}"
LETTERS_AT_SIGNAL = 300
"""Letters of which a signal interrupts the replay: more than the program has in progress."""
NOTICE = "replay: stopping after the letters in progress\n"
GUARD = 600.0
"""Seconds until a test that hangs ends."""


@dataclass(frozen=True)
class ReplaySite:
    """Pub/Sub with all topics and subscriptions, and Cloud Storage with all buckets."""

    broker: WatchedBroker
    storage: FakeStorage
    environment: Mapping[str, str]

    def post(self, *data: bytes, letters: str = LETTERS, **attributes: str) -> None:
        """Publish dead letters, before the programs run."""
        messages = [PubsubMessage(data=each, attributes=attributes) for each in data]
        self.broker.publish(f"{PARENT}/topics/{letters}", messages, time.time())
        self.broker.published.clear()

    def count(self, subscription: str) -> int:
        """Return the number of messages that are not acknowledged."""
        return len(self.broker.find_backlog(f"{PARENT}/subscriptions/{subscription}"))

    def lease_all(self, subscription: str) -> list[bytes]:
        """Return the data of the messages that no client holds."""
        path = f"{PARENT}/subscriptions/{subscription}"
        return [each.message.data for each in self.broker.pull(path, 1000, time.time())]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplaySite]:
    broker = WatchedBroker()
    for each in topology.SUBSCRIPTIONS:
        broker.create_topic(Topic(name=f"{PARENT}/topics/{each.dead_letter}"))
        for name, topic in ((each.name, each.topic), (each.dead_letter, each.dead_letter)):
            path, source = f"{PARENT}/subscriptions/{name}", f"{PARENT}/topics/{topic}"
            subscription = Subscription(name=path, topic=source, ack_deadline_seconds=600)
            broker.create_subscription(subscription)
    with StorageServer() as server, serve_broker(broker) as address:
        for bucket in topology.BUCKETS.values():
            server.storage.create_bucket(bucket)
        environment = make_ingest_environment(server.url, address)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield ReplaySite(broker, server.storage, environment)


def test_nothing_to_replay_is_said(site: ReplaySite, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingest.__main__.main(["replay"]) == 0
    words = capsys.readouterr()
    assert words.out == ""
    assert words.err.endswith("replay: no dead letters\n")


def test_a_subscription_that_is_not_installed_is_no_error_unless_it_is_named(
    site: ReplaySite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.broker.delete_subscription(f"{PARENT}/subscriptions/{LETTERS}")
    assert ingest.__main__.main(["replay"]) == 0
    assert f"replay: {PARENT}/subscriptions/{LETTERS}: " in capsys.readouterr().err
    assert ingest.__main__.main(["replay", "--subscription", UPLOADS]) == 2
    assert capsys.readouterr().err.endswith("replay: no letters were replayed\n")


@pytest.mark.parametrize("name", [UPLOADS, LETTERS])
def test_letters_are_replayed_with_a_line_for_each(
    site: ReplaySite, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.post(json.dumps({"name": NAME}, indent=2).encode())
    site.post(b"{}", letters="publisher-project-dead-letter")
    assert ingest.__main__.main(["replay", "--subscription", name]) == 0
    words = capsys.readouterr()
    assert words.out.startswith(f"replayed {LETTERS}/")
    assert words.out.endswith(f'{{"name": "{NAME}"}}\n')
    assert words.err == "replay: 1 letters replayed, 0 left\n"
    assert (site.count(LETTERS), site.count(UPLOADS)) == (0, 1)
    assert site.count("publisher-project-dead-letter") == 1


def test_a_dry_run_and_a_filter_leave_the_letters(
    site: ReplaySite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.post(b'{"name": "acme/1"}', b'{"name": "zeta/1"}')
    arguments = ["replay", "--subscription", UPLOADS, "--filter", "name=acme/1"]
    assert ingest.__main__.main([*arguments, "--dry-run"]) == 0
    words = capsys.readouterr()
    assert words.out.startswith(f"would replay {LETTERS}/")
    assert words.err == "replay: 1 letters would be replayed, 1 left\n"
    assert (site.count(LETTERS), site.broker.published) == (2, [])
    assert ingest.__main__.main(arguments) == 0
    assert capsys.readouterr().err == "replay: 1 letters replayed, 1 left\n"
    assert site.lease_all(LETTERS) == [b'{"name": "zeta/1"}']


def test_a_topic_that_does_not_exist_is_an_error_and_keeps_the_letters(
    site: ReplaySite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOPIC_FILE_UPLOADED", "absent")
    site.post(b"1")
    assert ingest.__main__.main(["replay", "--subscription", UPLOADS]) == 2
    assert f"replay: {PARENT}/topics/absent: " in capsys.readouterr().err
    assert site.lease_all(LETTERS) == [b"1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_replay_cleanly(
    site: ReplaySite, number: signal.Signals, tmp_path: Path
) -> None:
    """Each letter is either published and acknowledged, or available again at once."""
    site.post(*(b"%d" % letter for letter in range(LETTERS_AT_SIGNAL)))
    command = [sys.executable, "-m", "ingest", "replay", "--subscription", UPLOADS]
    log = tmp_path / "errors"
    with (
        log.open("wb") as errors,
        Process(
            command, environment=dict(site.environment), stdout=subprocess.PIPE, stderr=errors
        ) as program,
    ):
        sent: list[signal.Signals] = []

        def interrupt(step: str) -> None:
            if len(site.broker.published) == 25 and not sent:
                sent.append(number)
                program.send_signal(number)
                await_text(log, NOTICE)  # this thread answers no other request

        site.broker.before = interrupt
        output, _ = program.communicate(timeout=GUARD)
    lines = output.splitlines()
    published = [data for _, data in site.broker.published]
    assert program.returncode == 1, log.read_text()
    assert 25 < len(published) == len(lines) < LETTERS_AT_SIGNAL
    left = site.lease_all(LETTERS)
    assert sorted([*published, *left]) == sorted(
        b"%d" % letter for letter in range(LETTERS_AT_SIGNAL)
    )
    assert log.read_text().startswith(f"{NOTICE}replay: {len(lines)} letters replayed, ")


def await_text(path: Path, text: str) -> None:
    """Wait until a file has the text; a test that hangs ends."""
    until = time.monotonic() + GUARD / 2
    while text not in path.read_text():
        assert time.monotonic() < until, f"{path} has no {text!r}"
        time.sleep(0.01)


def test_a_pub_sub_that_does_not_answer_is_an_error(
    site: ReplaySite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        assert ingest.__main__.main(["replay", "--subscription", UPLOADS]) == 2
    assert "no connection to Pub/Sub" in capsys.readouterr().err


def test_an_unknown_subscription_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        ingest.__main__.main(["replay", "--subscription", "indexer"])
    assert caught.value.code == 2
    assert "indexer-project-command" in capsys.readouterr().err


def test_rescan_announces_the_uploads_without_an_answer(
    site: ReplaySite, capsys: pytest.CaptureFixture[str]
) -> None:
    generation = site.storage.insert(topology.INCOMING, NAME, b"x").generation
    assert ingest.__main__.main(["rescan", "--dry-run"]) == 0
    line = f"{NAME}#{generation} has no answer\n"
    assert capsys.readouterr() == (line, "rescan: 1 uploads would be announced\n")
    assert site.broker.published == []
    assert ingest.__main__.main(["rescan"]) == 0
    assert capsys.readouterr() == (line, "rescan: 1 uploads announced\n")
    [(topic, data)] = site.broker.published
    expected = {"bucket": topology.INCOMING, "name": NAME, "generation": str(generation)}
    assert topic == "file-uploaded"
    assert expected.items() <= json.loads(data).items()


@pytest.mark.parametrize("days", ["0", "46", "x"])
def test_rescan_refuses_a_wrong_number_of_days(
    days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        ingest.__main__.main(["rescan", "--days", days])
    assert caught.value.code == 2
    assert "argument --days" in capsys.readouterr().err


def test_rescan_of_an_absent_bucket_is_an_error(
    site: ReplaySite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.storage.buckets.clear()
    assert ingest.__main__.main(["rescan"]) == 2
    assert "rescan: gs://" in capsys.readouterr().err
