"""Checks of buckets, topics, the secret and the services, by the names of the description."""

from collections.abc import Collection, Mapping, Sequence

from cloud.errors import MissingBucket, NotFound
from gcpypi.doctor.finding import Finding, Level, collect_failures
from gcpypi.doctor.probes import Probes
from schemas import __version__

CREATE, GET, LIST = (f"storage.objects.{verb}" for verb in ("create", "get", "list"))
PUBLISH = "pubsub.topics.publish"
OPERATE: Mapping[str, Sequence[str]] = {
    "incoming": (GET, LIST),
    "packages": (GET, LIST),
    "verdicts": (GET, LIST),
    "metadata": (GET, LIST),
    "static": (),
}
"""Rights of an operator by bucket (docs/security.md)."""
COMMANDS = ("file-uploaded", "project-command")
"""Topics to which people publish."""
PAGES = "project-indexed"
WRITERS: Mapping[str, str] = {
    "publisher": "publisher-project",
    "catalog": "publisher-catalog",
    "web": "web-project",
}
"""Subscription of each service that writes pages, on the topic ``project-indexed``."""
REINSTALL = "run deploy/install, which creates it again"
_UNNAMED = "the description does not name it: upgrade the index by deploy/install"
SUFFIX = "-dead-letter"


def check_buckets(probes: Probes) -> Sequence[Finding]:
    """Check that each bucket exists, and which rights the caller has on it."""
    findings = list[Finding]()
    for role, name in probes.describe().buckets.items():
        subject = f"bucket {role}"
        with collect_failures(subject, findings):
            wanted = OPERATE.get(role, ())
            rights = (*wanted, CREATE) if role == "incoming" else wanted
            try:
                found = probes.list_bucket_rights(name, rights or (LIST,))
            except (NotFound, MissingBucket):
                text = f"gs://{name} does not exist: restore it (docs/operate.md), or {REINSTALL}"
                findings.append(Finding(subject, Level.ERROR, text))
                continue
            findings.append(Finding(subject, Level.OK, f"gs://{name}: {_describe(found, rights)}"))
    for role in OPERATE.keys() - probes.describe().buckets.keys():
        findings.append(Finding(f"bucket {role}", Level.UNCHECKED, _UNNAMED))
    return findings


def _describe(found: Collection[str], wanted: Collection[str]) -> str:
    if not wanted:
        return "exists"
    words = [right.rpartition(".")[2] for right in wanted if right in found]
    missing = [right.rpartition(".")[2] for right in wanted if right not in found]
    text = f"you can {', '.join(words)}" if words else "exists"
    return f"{text}; no {', '.join(missing)} on the whole bucket" if missing else text


def check_roles(probes: Probes) -> Sequence[Finding]:
    """Report whether the caller can publish and operate.

    The right to create can be limited to a prefix, which no request for the whole bucket shows.
    """
    findings, buckets = list[Finding](), probes.describe().buckets
    with collect_failures("rights", findings):
        can = {
            role: set(probes.list_bucket_rights(buckets[role], (*rights, CREATE)))
            for role, rights in OPERATE.items()
            if role in buckets and rights
        }
        if CREATE in can.get("incoming", ()):
            findings.append(Finding("can publish", Level.OK, "yes, under every prefix"))
        else:
            text = "no right on the whole bucket; rights on a prefix show only when you publish"
            findings.append(Finding("can publish", Level.UNCHECKED, text))
        lacking = [role for role, rights in can.items() if not set(OPERATE[role]) <= rights]
        unnamed = [role for role, rights in OPERATE.items() if rights and role not in can]
        if lacking:
            text = f"no right to read {', '.join(lacking)}: an owner adds you to operators"
            findings.append(Finding("can operate", Level.WARNING, text))
        elif unnamed:
            text = f"the description does not name the buckets {', '.join(unnamed)}"
            findings.append(Finding("can operate", Level.UNCHECKED, text))
        else:
            findings.append(Finding("can operate", Level.OK, "yes"))
    return findings


def check_topics(probes: Probes) -> Sequence[Finding]:
    """Check that each topic exists, and that its messages have a subscription.

    The messages ``project-indexed`` have one for each service that writes pages.
    """
    findings, subscribed = list[Finding](), None
    with collect_failures("subscriptions", findings):
        subscribed = probes.list_subscriptions()
    topics = probes.describe().topics
    for message in COMMANDS:
        if message not in topics:
            findings.append(Finding(f"topic {message}", Level.UNCHECKED, _UNNAMED))
    for message, name in topics.items():
        with collect_failures(f"topic {message}", findings):
            findings.append(_check_topic(probes, message, name, subscribed))
    return findings


def _check_topic(
    probes: Probes, message: str, name: str, subscribed: Mapping[str, str] | None
) -> Finding:
    """Check a topic.

    :param subscribed: topic of each subscription; None if they are not known.
    """
    subject = f"topic {message}"
    try:
        rights = probes.list_topic_rights(name, (PUBLISH,))
    except NotFound:
        return Finding(subject, Level.ERROR, f"{name} does not exist: {REINSTALL}")
    if subscribed is not None and message not in _OPTIONAL:
        if name not in subscribed.values():
            return Finding(subject, Level.ERROR, f"{name} has no subscription: {REINSTALL}")
        if message == PAGES and (lost := _list_lost_writers(probes, name, subscribed)):
            text = f"{name} has no subscription {', '.join(lost)}: {REINSTALL}"
            return Finding(subject, Level.ERROR, text)
    can = "you can publish" if PUBLISH in rights else "you cannot publish"
    return Finding(subject, Level.OK, f"{name}: {can}" if message in COMMANDS else f"{name} exists")


def _list_lost_writers(probes: Probes, topic: str, subscribed: Mapping[str, str]) -> Sequence[str]:
    """Return the absent subscriptions of the services that write pages."""
    roles = WRITERS if probes.is_local else probes.describe().services
    names = [name for role, name in WRITERS.items() if role in roles]
    return [name for name in names if subscribed.get(name) != topic]


_LOOK = "look again in some minutes, or run gcpypi replay --dry-run"
_OPTIONAL = ("file-refused", "project-published")
"""Messages for subscribers outside of the index."""


def check_dead_letters(probes: Probes) -> Sequence[Finding]:
    """Count the dead letters."""
    findings = list[Finding]()
    with collect_failures("dead letters", findings):
        names = [name for name in probes.list_subscriptions() if name.endswith(SUFFIX)]
        known = probes.count_dead_letters(names)
        counts = {name: count for name, count in known.items() if count}
        for name, count in sorted(counts.items()):
            text = f"{count} in {name}: correct the cause, then run gcpypi replay"
            findings.append(Finding("dead letters", Level.WARNING, text))
        if not names:
            text = f"no subscription is named …{SUFFIX}: {REINSTALL}"
            findings.append(Finding("dead letters", Level.WARNING, text))
        elif unknown := sorted(set(names) - known.keys()):
            text = f"Cloud Monitoring has no value of {', '.join(unknown)}: {_LOOK}"
            findings.append(Finding("dead letters", Level.UNCHECKED, text))
        elif not counts:
            findings.append(Finding("dead letters", Level.OK, "none"))
    return findings


def check_secret(probes: Probes) -> Sequence[Finding]:
    """Check that the secret has a readable document with a live token."""
    findings = list[Finding]()
    with collect_failures("tokens", findings):
        count = probes.count_tokens()
        text = f"{count} live" if count else "none is live: gcpypi token create NAME"
        findings.append(Finding("tokens", Level.OK if count else Level.WARNING, text))
    return findings


def check_services(probes: Probes) -> Sequence[Finding]:
    """Check that each service is ready, and compare the release of its image."""
    services = probes.describe().services
    if probes.is_local or not services:
        reason = "a local index has no Cloud Run" if probes.is_local else "no names of services"
        return [Finding("services", Level.UNCHECKED, reason)]
    findings = list[Finding]()
    for role, name in services.items():
        with collect_failures(f"service {role}", findings):
            findings.append(_check_service(probes, f"service {role}", name))
    return findings


def _check_service(probes: Probes, subject: str, name: str) -> Finding:
    try:
        state = probes.find_service(name)
    except NotFound:
        return Finding(subject, Level.ERROR, f"{name} does not exist: {REINSTALL}")
    if not state.is_ready:
        reason = state.message or "Cloud Run states no condition"
        text = f"{name} is not ready: {reason}. Read its log, and run deploy/install again"
        return Finding(subject, Level.ERROR, text)
    if state.tag and not state.tag.startswith(f"{__version__}-"):
        text = f"{name} has the image {state.tag}, the command is {__version__}: deploy/install"
        return Finding(subject, Level.WARNING, text)
    return Finding(subject, Level.OK, f"{name}: ready, image {state.tag or 'without a tag'}")
