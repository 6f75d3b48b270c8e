"""Rules for the check of each command of README and docs, by its first words.

============= =====================================================================================
RUN           executed on a local index, page by page (``e2e/test_documented_locally.py``)
PARSED        needs Google Cloud: gcloud or Terraform parse it, by ``make check-deploy``
PLANNED       takes long, or does not end: ``make -n`` of it succeeds
ARGUMENTS     mentioned without its program, or before a PARSED one: our parser accepts it
HELP          takes long: its ``--help`` has its flags
COMMAND_LINE  of gcpypi, needs more than the local index: its application accepts the words
NAMED         of an installer or tool: its ``--help`` has it (``clients/test_client_docs.py``)
OTHER_TEST    executed by the test that the rule names
============= =====================================================================================

The application of gcpypi parses each line of it, also one with another check. A command without a
rule is an error, so its author chooses a check.
"""

from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from functools import cache
from pathlib import PurePosixPath

from offline_checks.shell import Command


class Check(Enum):
    """Kind of check of a command."""

    RUN = auto()
    PARSED = auto()
    PLANNED = auto()
    ARGUMENTS = auto()
    HELP = auto()
    COMMAND_LINE = auto()
    NAMED = auto()
    OTHER_TEST = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """Check of the commands that begin with certain words."""

    words: str
    """First words, each a shell pattern, and before them an assignment if it is significant."""
    check: Check
    more: str = ""
    """RUN: options after the words, to do less; ARGUMENTS: the program; OTHER_TEST: the test."""
    soon: bool = False
    """RUN: true to repeat the command until it succeeds, because the services write its input."""
    codes: frozenset[int] = frozenset({0})
    """RUN: valid exit codes."""

    def is_match(self, words: list[str]) -> bool:
        """Return whether a command begins with the words of the rule."""
        mine = self.words.split()
        return len(mine) <= len(words) and all(map(fnmatchcase, words, mine))


RUN, PARSED = Check.RUN, Check.PARSED

RULES = (
    # The targets of the Makefile.
    Rule("make", Check.PLANNED),
    Rule("make bench ARGS=*", Check.HELP),
    Rule("make demo", RUN),
    Rule("make local-up", RUN),
    Rule("RUNTIME=docker make local-up", Check.PLANNED),
    Rule("make local-logs FILE=*", Check.OTHER_TEST, "e2e/test_file_story.py"),
    Rule("make local-down", Check.OTHER_TEST, "e2e/test_documented_locally.py"),
    # Programs of gcpypi.
    Rule("python -m publisher verify", RUN, "--patience 1", codes=frozenset({0, 1})),
    Rule("python -m publisher rebuild", RUN),
    Rule("python -m ingest reindex", RUN, codes=frozenset({0, 1})),
    Rule("python -m ingest replay", RUN),
    Rule("python -m ingest rescan", RUN),
    Rule("gcpypi --version", RUN),
    Rule("gcpypi doctor", RUN),
    Rule("gcpypi token", RUN),
    Rule("gcpypi identity", RUN),
    Rule("gcpypi verify", RUN, "--patience 1", codes=frozenset({0, 1})),
    Rule("gcpypi rebuild", RUN),
    Rule("gcpypi reindex", RUN, codes=frozenset({0, 1})),
    Rule("gcpypi replay", RUN),
    Rule("gcpypi rescan", RUN),
    Rule("python -m local", Check.HELP),
    Rule("python -m benchmarks.*", Check.HELP),
    Rule("python -m pytest tests/*", Check.HELP),
    Rule("python -m testing.compatibility", Check.HELP),
    Rule("python -m testing.rings", Check.HELP),
    Rule("python -m testing.safeguards", Check.HELP),
    Rule("python -m benchmarks.cost", Check.OTHER_TEST, "unit/docs/test_cost.py"),
    Rule("gcpypi", Check.COMMAND_LINE),
    Rule("gcpypi publish dist*", RUN),
    Rule("gcpypi check dist*", RUN),
    *(Rule(f"gcpypi {word}", RUN) for word in ("yank", "unyank", "remove", "restore")),
    *(Rule(f"gcpypi {word}", RUN) for word in ("quarantine", "archive", "deprecate", "activate")),
    *(Rule(f"gcpypi {word}", RUN, soon=True) for word in ("list", "show", "log")),
    Rule("rebuild", Check.ARGUMENTS, "python -m publisher"),
    Rule("reindex", Check.ARGUMENTS, "python -m ingest"),
    Rule("replay", Check.ARGUMENTS, "python -m ingest"),
    Rule("rescan", Check.ARGUMENTS, "python -m ingest"),
    Rule("deploy/install", RUN, "--dry-run"),
    Rule("deploy/uninstall", RUN, "--dry-run"),
    Rule("git pull", Check.OTHER_TEST, "unit/docs/test_upgrade.py"),
    Rule("git checkout", Check.OTHER_TEST, "unit/docs/test_upgrade.py"),
    # Google Cloud: RUN on the stand-ins, PARSED for features that they lack, such as versions of an
    # object.
    Rule("gcloud", PARSED),
    Rule("gcloud config", RUN),
    Rule("story", Check.OTHER_TEST, "unit/docs/test_story_query.py"),
    Rule("gcloud pubsub topics publish", RUN),
    Rule("gcloud storage cp *", RUN),
    Rule("gcloud storage cat", RUN, soon=True),
    Rule("gcloud storage cat gs://my-packages-*", PARSED),
    Rule("gcloud storage ls *", RUN),
    Rule("gcloud storage ls --all-versions", Check.OTHER_TEST, "unit/docs/test_operate.py"),
    Rule("gcloud storage ls --soft-deleted", PARSED),
    Rule("gcloud storage ls --buckets", PARSED),
    Rule("gcloud storage objects describe", RUN),
    Rule("terraform", PARSED),
    # Installers.
    *(Rule(word, Check.NAMED) for word in ("pip", "pipx", "uv", "poetry", "pdm", "wheel")),
    *(Rule(word, Check.NAMED) for word in ("twine", "hatch", "flit")),
    Rule("docker build", Check.OTHER_TEST, "clients/use/test_recipes.py"),  # the command of RUN
    Rule("pip wheel", RUN),
    Rule("pip download", RUN, soon=True),
    Rule("pip install", RUN, "--target build/installed", soon=True),
    Rule("uv pip install", RUN, soon=True),
    Rule("uv publish dist/*", RUN),
    Rule("pip install --require-hashes", Check.NAMED),
    Rule("uv publish --publish-url", Check.OTHER_TEST, "e2e/test_trusted_publishing.py"),
    # Shell built-ins and filters, run together with the commands around them.
    *(Rule(word, RUN) for word in (".", "export", "read", "case", "esac", "done", "[*]", "printf")),
    Rule("[[]", RUN),
    *(
        Rule(word, RUN)
        for word in (
            "awk",
            "base64",
            "basename",
            "bash examples/publish.sh",
            "cat",
            "cp",
            "curl",
            "cut",
            "date",
            "echo",
            "local",
            "sed",
            "sleep",
            "sort",
            "tr",
            "uniq",
        )
    ),
)


class UnclassifiedCommandError(Exception):
    """No rule matches a command."""


@cache
def find_rule(command: Command) -> Rule:
    """Return the matching rule with the most words, and the last of several.

    :raises UnclassifiedCommandError: if no rule matches.
    """
    program = command.words[0]
    if "/bin/" in program:
        program = PurePosixPath(program).name
    words = [program, *command.words[1:]]
    matching = [
        rule for rule in RULES if rule.is_match(words) or rule.is_match([*command.settings, *words])
    ]
    if not matching:
        raise UnclassifiedCommandError(" ".join(command.words))
    return sorted(matching, key=lambda rule: len(rule.words.split()))[-1]
