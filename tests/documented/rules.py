"""How each command of README and docs is checked: by a table of the words it begins with.

============= =====================================================================================
RUN           executed on a local index, page by page (``e2e/test_documented.py``)
LATER         executed likewise, by ``make test-clients`` (``clients/test_documented.py``): minutes
PARSED        needs Google Cloud: gcloud or Terraform parse it, by ``make check-deploy``
PLANNED       takes long, or comes without end: ``make -n`` of it succeeds
ARGUMENTS     mentioned without its program, or before a PARSED one: our own parser takes it
HELP          takes long: its flags stand in its ``--help``
NAMED         of an installer or the like: its ``--help`` has it (``clients/test_documented.py``)
ELSEWHERE     executed by the test that the rule names
============= =====================================================================================

A command that no rule fits is an error, so whoever writes one down decides how it is checked.
"""

from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from offline_checks.shell import Command


class Check(Enum):
    """A way to check a command."""

    RUN = auto()
    LATER = auto()
    PARSED = auto()
    PLANNED = auto()
    ARGUMENTS = auto()
    HELP = auto()
    NAMED = auto()
    ELSEWHERE = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with the commands that begin with certain words."""

    words: str
    """The words, each a shell pattern; before them the variable that is set, where it matters."""
    check: Check
    more: str = ""
    """RUN: what is put after the words, so that it does less; ARGUMENTS: what comes before them;
    ELSEWHERE: the test.
    """
    soon: bool = False
    """RUN: whether it is repeated until it succeeds, as it reads what the services are writing."""
    codes: frozenset[int] = frozenset({0})
    """RUN: the exit codes that a page may show."""

    def fits(self, words: list[str]) -> bool:
        """Whether a command begins with the rule's words."""
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
    Rule("make local-down", Check.ELSEWHERE, "e2e/test_documented.py"),
    # Our own programs.
    Rule("python -m publisher verify", RUN, "--patience 1", codes=frozenset({0, 1})),
    Rule("python -m publisher rebuild", RUN),
    Rule("python -m ingest reindex", RUN, codes=frozenset({0, 1})),
    Rule("python -m proxy.tokens *", RUN),
    Rule("python -m benchmarks.*", Check.HELP),
    Rule("python -m benchmarks.cost", Check.ELSEWHERE, "unit/docs/test_cost.py"),
    Rule("rebuild", Check.ARGUMENTS, "python -m publisher"),
    Rule("reindex", Check.ARGUMENTS, "python -m ingest"),
    Rule("revoke", Check.ARGUMENTS, "python -m proxy.tokens"),
    Rule("deploy/install", RUN, "--dry-run"),
    Rule("deploy/uninstall", RUN, "--dry-run"),
    # Google Cloud: what the stand-ins do, and what they do not, as keeping versions. To pull where
    # nothing waits takes 90 s.
    Rule("gcloud", PARSED),
    Rule("gcloud config", RUN),
    Rule("gcloud pubsub topics publish", RUN),
    Rule("gcloud pubsub subscriptions pull", Check.LATER),
    Rule("gcloud pubsub subscriptions ack", Check.LATER),
    Rule("gcloud storage cp *", RUN),
    Rule("gcloud storage cat", RUN, soon=True),
    Rule("gcloud storage ls *", RUN),
    Rule("gcloud storage ls --all-versions", Check.ELSEWHERE, "unit/docs/test_operate.py"),
    Rule("gcloud storage ls -l -a", PARSED),
    Rule("gcloud storage objects describe", RUN),
    Rule("terraform", PARSED),
    Rule("replay", Check.LATER),
    # Who installs, and what else one does with it.
    *(Rule(word, Check.NAMED) for word in ("pip", "pipx", "uv", "poetry", "pdm", "wheel")),
    Rule("pip wheel", RUN),
    Rule("pip download", RUN, soon=True),
    Rule("pip install", RUN, "--target build/installed", soon=True),
    Rule("uv pip install", RUN, soon=True),
    Rule("pip install --require-hashes", Check.NAMED),
    # The shell's own, and its filters: run with what they stand among.
    *(Rule(word, RUN) for word in (".", "export", "read", "case", "esac", "done", "[*]", "printf")),
    Rule("[[]", RUN),
    *(
        Rule(word, RUN)
        for word in (
            "awk",
            "base64",
            "basename",
            "cat",
            "cp",
            "curl",
            "cut",
            "date",
            "sleep",
            "sort",
        )
    ),
)


class Unclassified(Exception):
    """No rule says how a command is checked."""


def rule_of(command: Command) -> Rule:
    """The rule of a command: the one of most words that fits, and of several the last.

    :raises Unclassified: if none does.
    """
    program = command.words[0]
    if "/bin/" in program:
        program = PurePosixPath(program).name
    words = [program, *command.words[1:]]
    fitting = [rule for rule in RULES if rule.fits(words) or rule.fits([*command.settings, *words])]
    if not fitting:
        raise Unclassified(" ".join(command.words))
    return sorted(fitting, key=lambda rule: len(rule.words.split()))[-1]
