"""Permissions that each command of the runbooks needs.

A command without an entry is a problem, so the author of the command states its permissions.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from offline_checks.runbooks.operator_grants import PROJECT, Grant

Words = Sequence[str]

OWNER: Grant = ("resourcemanager.projects.update", PROJECT)
"""Permission in place of the many that a command for owners needs."""
TOKENS = "gcpypi-tokens"
PUBLISHING_TOKENS = "gcpypi-uploaders"
_OVERRIDES = ("--args", "--update-env-vars", "--tasks", "--task-timeout")
"""Flags of ``gcloud run jobs execute`` that override settings of the job."""
_OWN_OPTIONS = r" --no-wait(?= )| --(?:timeout|index-url|description)[ =]\S+"
"""Options of ``gcpypi verify``, …, that are no arguments of the job."""


@dataclass(frozen=True, slots=True)
class Need:
    """Permissions of the commands that begin with certain words."""

    words: str
    """First words, each a shell pattern."""
    list_grants: Callable[[Words], Iterator[Grant]]
    """Function from all words of the command to the necessary rights."""


def list_needs(words: Words) -> list[Grant] | None:
    """Return the rights that a command needs; None if the command is unknown."""
    matching = [need for need in NEEDS if _is_match(need, words)]
    if not matching:
        return None
    best = max(matching, key=lambda need: len(need.words.split()))
    return list(best.list_grants(words))


def _is_match(need: Need, words: Words) -> bool:
    patterns = need.words.split()
    return len(patterns) <= len(words) and all(map(fnmatchcase, words, patterns))


def _fixed(*grants: Grant) -> Callable[[Words], Iterator[Grant]]:
    return lambda words: iter(grants)


def _execute_job(words: Words) -> Iterator[Grant]:
    """Execute a job by gcloud. Each flag that changes the execution needs another permission."""
    job = next(word for word in words[4:] if not word.startswith("-"))
    yield _run_job(job, any(word.startswith(_OVERRIDES) for word in words))
    yield ("run.executions.get", PROJECT)


def _run_as_job(words: Words) -> Iterator[Grant]:
    """In Google Cloud an operator executes the job with the name of the command."""
    command, *arguments = words[3:] if words[0] == "python" else words
    yield _run_job(f"gcpypi-{command}", bool(arguments))


def _repair(words: Words) -> Iterator[Grant]:
    """Execute the job with the name of the command of gcpypi, and read its log."""
    arguments = re.sub(_OWN_OPTIONS, " ", " ".join(["", *words[2:], ""]))
    yield _run_job(f"gcpypi-{words[1]}", bool(arguments.strip()))
    yield ("run.executions.get", PROJECT)
    yield ("logging.logEntries.list", PROJECT)


def _run_job(job: str, has_arguments: bool) -> Grant:
    """Other arguments than those of the job need another permission, which operators lack."""
    return ("run.jobs.runWithOverrides" if has_arguments else "run.jobs.run", job)


def _read_log(words: Words) -> Iterator[Grant]:
    """Read a log. The audit log of data access is private."""
    yield ("logging.logEntries.list", PROJECT)
    if any("data_access" in word or "protoPayload" in word for word in words):
        yield ("logging.privateLogEntries.list", PROJECT)


def _publish(words: Words) -> Iterator[Grant]:
    yield ("pubsub.topics.publish", words[4])


def _consume(words: Words) -> Iterator[Grant]:
    yield ("pubsub.subscriptions.consume", words[4])


def _objects(verb: str) -> Callable[[Words], Iterator[Grant]]:
    """Return the needs of a command that does one thing with all objects that it names."""

    def list_grants(words: Words) -> Iterator[Grant]:
        for bucket, _ in _find_objects(words):
            yield (f"storage.objects.{verb}", bucket)

    return list_grants


def _copy(words: Words) -> Iterator[Grant]:
    """Read all objects apart from the destination, which may be on this machine."""
    sources = _find_objects(words)
    if _find_objects(words[-1:]):
        bucket, path = sources.pop()
        yield ("storage.objects.create", f"{bucket}/{path.partition('/')[0]}/")
    yield from (("storage.objects.get", source) for source, _ in sources)


def _find_objects(words: Words) -> list[tuple[str, str]]:
    """Return the buckets and paths of all ``gs://`` words."""
    found = (re.match(r"gs://([^/]+)/?(.*)", word) for word in words)
    return [(each[1].rpartition("-gcpypi-")[2], each[2]) for each in found if each]


def _read_secret(words: Words) -> Iterator[Grant]:
    """Read the secret for reading, or with ``--publish`` that for publishing, and the log."""
    yield ("secretmanager.versions.access", _name_secret(words))
    yield ("serviceusage.services.use", PROJECT)
    yield ("logging.logEntries.list", PROJECT)


def _change_secret(words: Words) -> Iterator[Grant]:
    yield ("secretmanager.versions.add", _name_secret(words))
    yield ("secretmanager.versions.access", _name_secret(words))
    yield ("serviceusage.services.use", PROJECT)


def _name_secret(words: Words) -> str:
    return PUBLISHING_TOKENS if "--publish" in words else TOKENS


_LOCAL = (
    *("[*]", "[[]", "awk", "base64", "case", "curl", "cut", "date"),
    *("done", "esac", "export", "local", "make *", "pip install", "printf", "read", "sleep"),
    *("echo", "gcloud auth", "git", "sort", "tr", "uniq", ".", "python -m local"),
    *("python -m testing.compatibility", "uv publish"),
)
"""Commands without a request to Google Cloud."""

_COMMANDS = (
    *("yank", "unyank", "remove", "restore"),
    *("quarantine", "archive", "deprecate", "activate"),
)
"""Commands of gcpypi that create an object under the prefix of an operator."""
_GIVE_COMMANDS = (
    ("storage.objects.create", "incoming/operators/"),
    ("storage.objects.get", "verdicts"),
    ("storage.objects.get", "metadata"),
)
_IMPORT = (
    ("storage.objects.create", "incoming/import/"),
    ("storage.objects.create", "incoming/operators/"),
    ("storage.objects.get", "verdicts"),
)
_STORY = ("incoming", "verdicts", "metadata")
"""Buckets with the story of a file."""

NEEDS = (
    *(Need(words, _fixed()) for words in _LOCAL),
    *(Need(f"gcpypi {word}", _fixed()) for word in ("check", "list", "show")),
    *(Need(f"gcpypi {word}", _fixed(*_GIVE_COMMANDS)) for word in _COMMANDS),
    Need("gcpypi import", _fixed(*_IMPORT)),
    Need("gcpypi log", _fixed(*(("storage.objects.list", each) for each in _STORY))),
    Need("gcpypi doctor", _fixed()),  # without a right, it says "not checked"
    Need("deploy/install", _fixed(OWNER)),
    Need("deploy/uninstall", _fixed(OWNER)),
    Need("terraform", _fixed(OWNER)),
    Need(
        "gcloud alpha monitoring policies list", _fixed(("monitoring.alertPolicies.list", PROJECT))
    ),
    Need("gcloud artifacts", _fixed(OWNER)),
    Need("gcloud iam service-accounts disable", _fixed(OWNER)),
    Need("gcloud logging read", _read_log),
    Need("gcloud pubsub subscriptions ack", _consume),
    Need("gcloud pubsub subscriptions modify-push-config", _fixed(OWNER)),
    Need("gcloud pubsub subscriptions pull", _consume),
    Need("gcloud pubsub subscriptions seek", _consume),
    Need("gcloud pubsub topics publish", _publish),
    Need("gcloud run jobs execute", _execute_job),
    Need("gcloud run services describe", _fixed(("run.services.get", PROJECT))),
    Need("gcloud secrets versions access", _fixed(("secretmanager.versions.access", TOKENS))),
    Need("gcloud secrets versions add", _fixed(("secretmanager.versions.add", TOKENS))),
    Need("gcloud secrets versions destroy", _fixed(("secretmanager.versions.destroy", TOKENS))),
    Need("gcloud secrets versions list", _fixed(("secretmanager.versions.list", TOKENS))),
    Need("gcloud transfer", _fixed(OWNER)),
    Need("gcloud storage cat", _objects("get")),
    Need("gcloud storage cp", _copy),
    Need("gcloud storage ls", _objects("list")),
    Need("gcloud storage objects describe", _objects("get")),
    Need("gcloud storage objects list", _objects("list")),
    Need("gcloud storage rsync", _fixed(OWNER)),
    Need("gcloud storage restore", _objects("restore")),
    Need("gcpypi token", _change_secret),
    Need("gcpypi identity", _change_secret),
    Need("gcpypi token list", _read_secret),
    Need("gcpypi identity list", _read_secret),
    *(
        Need(words, _run_as_job)
        for module, command in (
            *(("publisher", "verify"), ("publisher", "rebuild")),
            *(("ingest", "reindex"), ("ingest", "replay"), ("ingest", "rescan")),
        )
        for words in (f"python -m {module} {command}", command)
    ),
    *(
        Need(f"gcpypi {command}", _repair)
        for command in ("verify", "rebuild", "reindex", "replay", "rescan")
    ),
    Need("story", _fixed(("logging.logEntries.list", PROJECT))),
)
