"""Thousands of mutated paths and header fields.

``make fuzz-proxy`` sends 100 000 requests and prints the number of responses by status code.
``make test`` sends fewer.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Mapping

import pytest

from testing.memory_proxy import (
    LARGE,
    LOCAL,
    NARROW,
    SDIST,
    TOKEN,
    UPLOAD,
    WHEEL,
    AccessLogReader,
    AsgiRequest,
    MemoryProxy,
    encode_basic,
)
from testing.storage import Fault, Faults

ASKED = int(os.environ.get("HOSTILE", "3000"))
SEED = int(os.environ.get("HOSTILE_SEED", "5"))
LEGAL = {200, 301, 308, 400, 401, 404, 405, 406, 414, 431}
ON_CONDITION = {206: "range", 416: "range", 304: "if-none-match"}
"""Status codes that are legal only in response to these fields."""
KEY = re.compile(
    r"static/(blocked\.json|((search|changes)/)?index\.html|(search|recent|changes|totals)\.json"
    r"|search/[a-z0-9][a-z0-9-]?\.json|feed\.xml|projects/page[1-9][0-9]*\.html"
    r"|simple/(PROJECT/)?index\.(html|v1\.json)|pypi/PROJECT/(VERSION/)?json"
    r"|projects/PROJECT/((VERSION/)?index\.html|releases\.json|feed\.xml"
    r"|(releases|history)/(index|page[1-9][0-9]*)\.html)"
    r"|static/[0-9a-f]{16}/[a-z0-9]+([.-][a-z0-9]+)*\.(css|js|svg))"
    r"|packages/[A-Za-z0-9][A-Za-z0-9._+!-]*\.(whl|tar\.gz)(\.metadata)?".replace(
        "PROJECT", "[a-z0-9]+(-[a-z0-9]+)*"
    ).replace("VERSION", r"([0-9]+!)?[0-9][0-9a-z.]*(\+[0-9a-z.]+)?"),
    re.ASCII,
)
"""Pattern of all legal keys: bucket, then name."""
WORDS = r"""/ // . .. /../ /./ \ ; ? # % %2f %2F %5c %2e%2e %252f %252e %00 %0d%0aX-A:1 %c0%af
    %e2%80%ae %u002f %g1 + %2B %20 @ //evil.example http://evil.example/ .metadata .whl .asc - _
    %ef%bc%8f index.v1.json ..%2fblocked.json * $ ${ | ' " <script>"""
ADDRESSES = """/ /simple /simple/ /simple/alpha-pkg/ /simple/Alpha_Pkg /simple/beta/ /pypi/Alpha.Pkg
    /pypi/alpha-pkg/json /pypi/Alpha.Pkg/json /pypi/alpha-pkg/1.0/json /health /ready
    /search/ /search.json /search/al.json /recent.json /changes/ /totals.json /feed.xml
    /projects/ /projects/page1.html /projects/Alpha_Pkg /projects/alpha-pkg/ /projects/beta/1.0.0/
    /projects/alpha-pkg/v1.0/ /projects/alpha-pkg/history/ /projects/alpha-pkg/releases/page1.html
    /projects/alpha-pkg/releases.json /projects/alpha-pkg/feed.xml
    /static/0123456789abcdef/style.css /changelog/page1.html
    /blocked.json /simple/index.html /projects/alpha-pkg.json /packages/ /legacy/"""
SPRINKLED = [
    *WORDS.split(),
    *("\0", "\r\n", "\x7f", "\x80", "\xff", "\xc0\xaf", " ", "\t", "\xb2", "\xdf", "a" * 300),
]
PATHS = [
    *ADDRESSES.split(),
    *(f"/packages/{name}" for name in (WHEEL, LARGE, SDIST, LOCAL, f"{WHEEL}.metadata")),
]
FIELDS = {
    "accept": ["*/*", "text/html", "application/vnd.pypi.simple.v1+json", "image/png", "a/b;q=9"],
    "range": ["bytes=0-9", "bytes=-5", "bytes=99999999999-", "bytes=5-1", "bytes=0-0,2-3", "x=1"],
    "if-range": ['"x"', "W/x", "Tue, 24 Nov 2026 00:00:00 GMT"],
    "if-none-match": ["*", '"x"', 'W/"x", "y"', '"' * 99],
    "user-agent": ["pip/26.3 {}", "\x00", "a" * 900, "uv/1/2/3"],
    "x-cloud-trace-context": ["1/2;o=1", "-" * 40, "////"],
    "traceparent": ["00-a-b-c", "---"],
    "host": ["evil.example", ""],
    "x-forwarded-host": ["evil.example"],
    "x-forwarded-proto": ["http"],
    "content-length": ["0", "-1", "x"],
    "cookie": ["a=b", "c" * 20_000],
    "x-http-method-override": ["DELETE"],
}
AUTHORIZATIONS = [
    *(
        "",
        "Basic",
        "Basic !",
        "Basic ====",
        "Basic \xff",
        "Bearer " + TOKEN,
        encode_basic("wrong"),
        encode_basic(""),
    ),
    *(
        encode_basic("gcpypi_old"),
        encode_basic(TOKEN + "\0"),
        encode_basic("\xff"),
        "basic " + "A" * 9000,
    ),
]
METHODS = ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "\xff"]


class RecordingFaults(Faults):
    """Faults that never occur. It records the requested keys."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: Counter[str] = Counter()

    def pick(self, operation: str, bucket: str, name: str) -> list[Fault]:
        self.keys[f"{bucket}/{name}"] += 1
        return []


class RepeatingClient(AsgiRequest):
    """Client that can repeat header fields."""

    def __init__(self, path: str, headers: Mapping[str, str], method: str) -> None:
        super().__init__(path, headers, method)
        self.fields = [(n.encode(), value.encode("latin-1")) for n, value in headers.items()]
        self.scope["headers"] = self.fields


def is_wrong(line: str) -> bool:
    """Return whether a line of the log is illegal."""
    return TOKEN in line or not line.isprintable() or '"severity":"INFO"' not in line


class RequestGenerator:
    """Generator of mutated legal requests. The same seed gives the same requests."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secrets

    def create_client(self) -> "RepeatingClient":
        dice = self._random
        fields = {
            name: self._create_value(name) for name in dice.sample(list(FIELDS), dice.randrange(4))
        }
        authorization = encode_basic()
        if dice.random() < 0.2:
            authorization = dice.choice(
                [*AUTHORIZATIONS, encode_basic(NARROW), encode_basic(UPLOAD)]
            )
        method = dice.choice(METHODS) if dice.random() < 0.15 else "GET"
        client = RepeatingClient(
            self._create_path(), {"authorization": authorization, **fields}, method
        )
        if dice.random() < 0.05:
            client.fields.extend(client.fields * dice.randrange(2, 50))
        return client

    def _create_path(self) -> str:
        dice = self._random
        path = dice.choice(PATHS)
        for _ in range(dice.choice([0, 1, 1, 1, 2, 3, 8])):
            path = self._mutate(path)
        return path

    def _mutate(self, text: str) -> str:
        dice = self._random
        at, kind = dice.randrange(len(text) + 1), dice.randrange(6)
        if kind == 0:
            return text[:at] + text[at + 1 :]
        if kind == 1:
            return text[:at] + chr(dice.randrange(256)) + text[at:]
        if kind == 2:
            return text[:at] + "".join(f"%{ord(c):02x}" for c in text[at : at + 2]) + text[at + 2 :]
        if kind == 3:
            return text + text[at:] * dice.choice([1, 1, 60])
        return text[:at] + dice.choice(SPRINKLED) + text[at + dice.randrange(2) :]

    def _create_value(self, name: str) -> str:
        dice = self._random
        value = dice.choice(FIELDS[name])
        return value if dice.random() < 0.5 else self._mutate(value)


async def ask(proxy: MemoryProxy, generator: RequestGenerator) -> tuple[Counter[int], list[str]]:
    """Send all requests; return the number of responses by status code, and all problems."""
    counts: Counter[int] = Counter()
    wrong = []
    for _ in range(ASKED):
        client = generator.create_client()
        await proxy.app(client.scope, client.receive, client.send)
        proxy.clock.now += 0.01
        status = client.read_response().status
        counts[status] += 1
        if reason := find_problem(client):
            wrong.append(f"{reason}: {client.scope}")
    return counts, wrong


def find_problem(client: RepeatingClient) -> str:
    """Return the problem of a response; empty if there is none."""
    answer, sent = client.read_response(), dict(client.fields)
    needed = ON_CONDITION.get(answer.status)
    if answer.status not in LEGAL and not (needed and needed.encode() in sent):
        return f"status {answer.status}"
    if any(re.search(r"[^ -~]", value) for value in answer.headers.values()):
        return "a header field that is not printable"
    location = answer.headers.get("location", "./")
    if not location.startswith(("./", "../")) or "//" in location.partition("?")[0]:
        return f"a redirect to {location}"
    if TOKEN in str(answer.headers) or answer.headers["x-content-type-options"] != "nosniff":
        return "the header fields"
    return ""


async def test_no_path_or_field_leads_outside_the_grammar(
    access_log: AccessLogReader,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    proxy = MemoryProxy()
    proxy.storage.faults = recorded = RecordingFaults()

    counts, wrong = await ask(proxy, RequestGenerator(SEED))

    assert len(access_log.read_lines()) == ASKED
    with capsys.disabled():
        print(f"\n{ASKED} requests: {dict(sorted(counts.items()))}; {len(recorded.keys)} keys")
    assert wrong == []
    assert [line for line in access_log.text[:-1].split("\n") if is_wrong(line)] == []
    assert [record for record in caplog.records if record.name.startswith("proxy")] == []
    assert [key for key in recorded.keys if not KEY.fullmatch(key)] == []
    assert {200, 301, 401, 404, 405, 406, 414, 431} <= counts.keys()


@pytest.mark.conformance(5)
async def test_a_file_name_without_a_valid_project_is_404() -> None:
    proxy = MemoryProxy()
    assert (await proxy.ask("/packages/alpha_pkg.-1.0-py3-none-any.whl")).status == 404
