import pytest

from publisher.site.dependency_groups import (
    MAX_DEPENDENCIES,
    Dependency,
    DependencyGroup,
    group_dependencies,
)
from testing.sample_content import METADATA


def test_dependencies_are_grouped_by_extra() -> None:
    groups, further = group_dependencies(METADATA["requires_dist"], METADATA["provides_extra"])
    assert further == 0
    assert [(g.extra, [d.name for d in g.dependencies]) for g in groups] == [
        ("", ["acme-core", "numpy", "numpy", "typing-extensions"]),
        ("plot", ["acme-plot[svg]", "matplotlib"]),
        ("projections", ["pyproj"]),
    ]


@pytest.mark.parametrize(
    ("requirement", "extra", "marker"),
    [
        ("a; extra == 'x'", "x", ""),
        ("a; extra == 'X_y'", "x-y", ""),
        ("a; python_version < '3.13'", "", 'python_version < "3.13"'),
        ("a; os_name == 'nt' and extra == 'x'", "x", 'os_name == "nt"'),
        ("a; extra == 'x' and os_name == 'nt'", "x", 'os_name == "nt"'),
        (
            "a; (os_name == 'nt' or os_name == 'os2') and extra == 'x'",
            "x",
            'os_name == "nt" or os_name == "os2"',
        ),
        (
            "a; os_name == 'nt' or extra == 'x'",
            "x",
            'os_name == "nt" or extra == "x"',
        ),
        ("a; extra == 'x' or extra == 'y'", "", 'extra == "x" or extra == "y"'),
    ],
)
def test_the_marker_has_no_extra_of_its_group(requirement: str, extra: str, marker: str) -> None:
    groups, _ = group_dependencies([requirement], [])
    dependency = Dependency("a", "a", "", marker)
    expected = [DependencyGroup("", [])] if extra else []
    assert groups == [*expected, DependencyGroup(extra, [dependency])]


def test_invalid_requirements_are_text() -> None:
    groups, _ = group_dependencies(["not a requirement"], [])
    assert groups[0].dependencies == [Dependency("", "not a requirement", "", "")]


def test_direct_urls_are_text() -> None:
    groups, _ = group_dependencies(["A @ https://example.com/a.whl"], [])
    assert groups[0].dependencies == [Dependency("a", "A", "@ https://example.com/a.whl", "")]


def test_an_extra_without_dependencies_is_a_group() -> None:
    groups, _ = group_dependencies([], ["Fast"])
    assert groups == [DependencyGroup("", []), DependencyGroup("fast", [])]


def test_the_number_of_dependencies_is_limited() -> None:
    groups, further = group_dependencies([f"a{n}" for n in range(700)], [])
    assert (len(groups[0].dependencies), further) == (MAX_DEPENDENCIES, 200)


def test_a_requirement_that_no_parser_reads_is_shown_as_it_is() -> None:
    text = f"a; {'(' * 3_000}os_name == 'nt'{')' * 3_000}"
    groups, _ = group_dependencies([text], [])
    assert groups == [DependencyGroup("", [Dependency("", text, "", "")])]
