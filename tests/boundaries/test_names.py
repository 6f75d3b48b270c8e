"""Names of the repository: unique modules and public classes, no functions with participles."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_python("reads the sources")

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "schemas",
    "checks",
    "cloud",
    "chassis",
    "access",
    "services/ingest",
    "services/indexer",
    "services/publisher",
    "services/proxy",
    "services/upload",
    "cli",
    "local",
    "deploy",
    "testing",
    "benchmarks",
    "tests",
)
"""Folders of the packages. Of two places of a name, the later package gets another name."""
REPEATED_MODULES = {
    *("__init__", "__main__", "app", "conftest", "errors", "main", "settings"),
    *("test_app", "test_errors", "test_main", "test_settings"),
    "test_names",  # this module, and the tests of ``schemas.names``
}
REPEATED_CLASSES = {"Clients", "Settings"}
"""Classes of each service: all services have one dialect."""
LARGEST_SHARE = 0.02
"""Largest share of functions with a past participle as their first word, by package."""
PARTICIPLE = re.compile(
    """
    [a-z]+ed
    | be(en|gun) | bo(und|ught) | bred | brought | built | caught | chosen | done | drawn | driven
    | fed | felt | forgotten | found | given | gone | got(ten)? | grown | heard | held | hidden
    | hung | kept | known | laid | led | left | lent | lit | lost | made | meant | met | paid | said
    | seen | sent | shown | slept | sold | sought | spent | spoken | spun | stolen | stood | struck
    | sung | swept | sworn | taken | taught | thought | thrown | told | torn | understood | woken
    | won | worn | wound | written
    """,
    re.VERBOSE,
)
"""Past participles, except those with the form of an imperative (``read``, ``set``)."""
IMPERATIVES = {
    *("bed", "embed", "exceed", "feed", "need", "proceed"),
    *("red", "seed", "shed", "speed", "succeed"),
}
"""Words in ``ed`` that are no past participles."""


def is_participle(function: str) -> bool:
    """Return True if the first word of a function's name is a past participle."""
    word = function.strip("_").split("_")[0]
    return PARTICIPLE.fullmatch(word) is not None and word not in IMPERATIVES


@cache
def parse_modules(package: str) -> Mapping[Path, ast.Module]:
    """Parse the modules of a package."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return {path: ast.parse(path.read_text("utf-8")) for path in paths if ".venv" not in path.parts}


def format_place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def find_repetitions(names: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line with all places for each name with more than one place."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in names:
        places[name].append(place)
    return [f"{name}: {', '.join(each)}" for name, each in sorted(places.items()) if len(each) > 1]


def list_modules() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in parse_modules(package):
            if path.stem not in REPEATED_MODULES:
                yield path.stem, format_place(path, 1)


def list_classes() -> Iterator[tuple[str, str]]:
    """Yield the public classes at the top level of all modules, with their places."""
    for package in PACKAGES:
        for path, tree in parse_modules(package).items():
            for node in tree.body:
                if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                    continue
                if node.name not in REPEATED_CLASSES:
                    yield node.name, format_place(path, node.lineno)


def list_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield functions and methods, except tests, dunder methods, properties and fixtures."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = " ".join(map(ast.unparse, node.decorator_list))
            is_noun = re.search("property|fixture", decorators) is not None
            if not is_noun and not node.name.startswith(("test_", "__")):
                yield node


def test_no_two_modules_share_a_name() -> None:
    repetitions = find_repetitions(list_modules())
    assert not repetitions, "\n".join(["rename the later module:", *repetitions])


def test_no_two_public_classes_share_a_name() -> None:
    repetitions = find_repetitions(list_classes())
    assert not repetitions, "\n".join(["rename the later class:", *repetitions])


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_not_named_by_a_past_participle(package: str) -> None:
    functions = [
        (node.name, format_place(path, node.lineno))
        for path, tree in parse_modules(package).items()
        for node in list_functions(tree)
    ]
    participles = [f"{place}: {name}" for name, place in functions if is_participle(name)]
    share = len(participles) / len(functions)
    assert share <= LARGEST_SHARE, "\n".join(["rename to an imperative:", *participles])


@pytest.mark.parametrize("name", ["covered", "_sent", "found_in", "__exchanged_links"])
def test_a_past_participle_is_recognised(name: str) -> None:
    assert is_participle(name)


@pytest.mark.parametrize("name", ["feed", "read_page", "set", "_seed_dice", "find_loaded", "need"])
def test_an_imperative_is_no_past_participle(name: str) -> None:
    assert not is_participle(name)


def test_repetitions_name_all_places() -> None:
    names = [("a", "one.py:1"), ("b", "two.py:1"), ("a", "three.py:7")]
    assert find_repetitions(names) == ["a: one.py:1, three.py:7"]
