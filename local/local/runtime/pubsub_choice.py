"""Which Pub/Sub the native runtime starts: Google's emulator where it can, else the built-in."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local.layout import HOST

JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
LOGGING = Path(__file__).with_name("emulator-logging.properties")


@dataclass(frozen=True, slots=True)
class PubsubChoice:
    """A Pub/Sub, and why it is this one."""

    words: str
    """For the terminal."""
    command: tuple[str, ...]
    google: bool
    """Whether it is Google's, which also speaks REST, and so to gcloud."""


def choose(port: int) -> PubsubChoice:
    """Return Google's emulator if gcloud, its emulator and Java are there, else the built-in."""
    java, gcloud = _java(), shutil.which("gcloud")
    jar = _jar(gcloud) if gcloud else None
    if java is None or jar is None:
        words = f"the built-in one, in memory, because there is no {_missing(java, gcloud)}"
        built_in = (sys.executable, "-P", "-m", "local.stand_ins.pubsub", f"--port={port}")
        return PubsubChoice(words, built_in, google=False)
    # A start of 1.2 s instead of 1.7 s: it lives too briefly for the optimising compiler.
    options = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m")
    quiet = f"-Djava.util.logging.config.file={LOGGING}"
    emulator = (java, *options, quiet, "-jar", str(jar), f"--host={HOST}", f"--port={port}")
    return PubsubChoice(f"Google's emulator {_version(jar)}", emulator, google=True)


def _missing(java: str | None, gcloud: str | None) -> str:
    if gcloud and java:
        return "emulator in gcloud (gcloud components install pubsub-emulator brings it)"
    return " and no ".join(
        name for name, found in (("gcloud", gcloud), ("java", java)) if not found
    )


def _java() -> str | None:
    """Return a Java that runs: on macOS a ``java`` is on the PATH even where none is installed."""
    java = shutil.which("java")
    if java and subprocess.run([java, "-version"], capture_output=True).returncode == 0:
        return java
    return None


def _jar(gcloud: str) -> Path | None:
    # The link's target stands in the SDK's bin; a wrapper has to be asked, which takes a second.
    jars = _jars(Path(gcloud).resolve().parent.parent) or _jars(_asked(gcloud))
    return jars[-1] if jars else None


def _jars(root: Path) -> list[Path]:
    return sorted(root.glob(JAR))


def _asked(gcloud: str) -> Path:
    command = [gcloud, "info", "--format=value(installation.sdk_root)"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return Path(answer.stdout.strip() or "/nonexistent")


def _version(jar: Path) -> str:
    found = re.search(r"\d+(\.\d+)+", jar.name)
    return found[0] if found else "of unknown version"
