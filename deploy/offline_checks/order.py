"""Check of the order in which Terraform creates parts of the installation, by its own graph."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from offline_checks import upgrade

NOTHING_INSTALLED = {"version": 4, "terraform_version": "1.5.0", "serial": 1, "resources": []}
SUBSCRIPTIONS = "module.messaging.google_pubsub_subscription.this"
RIGHTS = "module.access.google_pubsub_topic_iam_member.this"
"""Rights to publish of all services, uploaders and operators."""

_EDGE = re.compile(r'^ +"([^"]+)" -> "([^"]+)";$', re.MULTILINE)


def find_problems(folder: Path) -> Iterator[str]:
    """Yield a problem if the rights to publish can precede the subscriptions.

    Pub/Sub drops a message on a topic without a subscription.
    """
    done = upgrade.run_with_state(folder, NOTHING_INSTALLED, "", [("graph",)])
    if done.returncode:
        yield f"Terraform draws no graph: {done.stdout}"
        return
    if SUBSCRIPTIONS not in list_dependencies(parse_graph(done.stdout), RIGHTS):
        yield f"{RIGHTS}: can precede the subscriptions, so a message is lost"


def parse_graph(text: str) -> Mapping[str, frozenset[str]]:
    """Return the direct dependencies of each resource in the output of ``terraform graph``."""
    edges = _EDGE.findall(text)
    return {
        source: frozenset(target for first, target in edges if first == source)
        for source, _ in edges
    }


def list_dependencies(graph: Mapping[str, frozenset[str]], resource: str) -> frozenset[str]:
    """Return the direct and indirect dependencies of a resource."""
    found: set[str] = set()
    waiting = {resource}
    while waiting:
        new = frozenset().union(*(graph.get(each, frozenset()) for each in waiting)) - found
        found |= new
        waiting = set(new)
    return frozenset(found)
