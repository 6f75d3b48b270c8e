"""Details of refused file names: presumed kind of the file, accepted kinds, remedy."""

import pytest

from checks.distribution import check_name
from checks.policy import Policy
from checks.refusal import Refused

BOTH = "This index accepts wheels (.whl) and sdists (.tar.gz)"
ONLY = "It accepts wheels (.whl) and sdists (.tar.gz)"
FORM = "{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl"
WHEEL = "acme-1.0-py3-none-any.whl"


def _explain(filename: str) -> str:
    with pytest.raises(Refused) as refused:
        check_name(filename, Policy(), None)
    return refused.value.detail


@pytest.mark.parametrize(
    ("suffix", "remedy"),
    [
        (".zip", "build my_pkg-1.0.tar.gz with python -m build --sdist"),
        (".tar.bz2", "build my_pkg-1.0.tar.gz with python -m build --sdist"),
        (".tar.xz", "build my_pkg-1.0.tar.gz with python -m build --sdist"),
        (".tar.zst", "build my_pkg-1.0.tar.gz with python -m build --sdist"),
        (".tar", "build my_pkg-1.0.tar.gz with python -m build --sdist"),
    ],
)
def test_an_sdist_in_another_format_is_named_with_its_new_name(suffix: str, remedy: str) -> None:
    assert _explain(f"My-Pkg-1.0{suffix}") == (
        f"My-Pkg-1.0{suffix} is taken for an sdist in the format {suffix}."
        f" Sdists are accepted only as .tar.gz (PEP 625): {remedy}."
    )


def test_a_tgz_is_renamed() -> None:
    assert _explain("acme-1.0.tgz") == (
        "acme-1.0.tgz is taken for an sdist with the suffix .tgz."
        " Sdists are accepted only as .tar.gz (PEP 625): rename the file to acme-1.0.tar.gz."
    )


def test_an_sdist_without_a_version_has_a_pattern_as_new_name() -> None:
    assert _explain("foo.zip") == (
        "foo.zip is taken for an sdist in the format .zip. Sdists are accepted only as .tar.gz"
        " (PEP 625): build foo-{version}.tar.gz with python -m build --sdist."
    )


@pytest.mark.parametrize(
    ("filename", "kind", "reason"),
    [
        ("acme-1.0-py3.11.egg", "an egg", "pip and uv do not install eggs"),
        ("acme-1.0.win32.exe", "a Windows installer", "pip and uv do not execute installers"),
        ("acme-1.0.win-amd64.msi", "a Windows installer", "pip and uv do not execute installers"),
        ("acme-1.0-1.noarch.rpm", "an RPM package", "it belongs in an RPM repository"),
        ("python3-acme_1.0-1_all.deb", "a Debian package", "it belongs in a Debian repository"),
        ("acme-1.0-py311_0.conda", "a conda package", "it belongs in a conda channel"),
    ],
)
def test_another_package_is_to_be_built_as_a_wheel(filename: str, kind: str, reason: str) -> None:
    assert _explain(filename) == (
        f"{filename} is taken for {kind}: {reason}."
        f" {BOTH}: build a wheel with python -m build --wheel."
    )


@pytest.mark.parametrize("base", [WHEEL, "acme-1.0.tar.gz"])
@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        (".asc", "a PGP signature"),
        (".sig", "a signature"),
        (".sigstore.json", "a signature (Sigstore)"),
        (".publish.attestation", "an attestation (PEP 740)"),
        (".provenance", "a provenance file (PEP 740)"),
        (".sha256", "a checksum"),
    ],
)
def test_a_companion_of_a_file_is_named_with_that_file(base: str, suffix: str, kind: str) -> None:
    assert _explain(f"{base}{suffix}") == (
        f"{base}{suffix} is taken for {kind}, and this index stores none."
        f" {ONLY}: upload only {base}."
    )


def test_core_metadata_is_made_by_the_index() -> None:
    assert _explain(f"{WHEEL}.metadata") == (
        f"{WHEEL}.metadata is taken for core metadata (PEP 658); the index extracts it from the"
        f" file itself. {BOTH}: upload only {WHEEL}."
    )


@pytest.mark.parametrize(
    ("filename", "kind", "suffix", "wanted"),
    [
        ("acme-1.0-py3-none-any.WHL", "a wheel", ".WHL", WHEEL),
        ("acme-1.0.Tar.GZ", "an sdist", ".Tar.GZ", "acme-1.0.tar.gz"),
    ],
)
def test_a_suffix_in_upper_case_is_renamed(
    filename: str, kind: str, suffix: str, wanted: str
) -> None:
    assert _explain(filename) == (
        f"{filename} is taken for {kind}, but its suffix {suffix} is not in lower case."
        f" Only {suffix.lower()} is accepted: rename the file to {wanted}."
    )


@pytest.mark.parametrize(
    ("filename", "detail"),
    [
        (f"{WHEEL}.zip", f"an archive of {WHEEL}. {BOTH}: upload {WHEEL} itself."),
        (
            "acme-1.0-py3-none-any.zip",
            "a wheel with the suffix .zip. Wheels are accepted only as .whl:"
            f" rename it to {WHEEL}.",
        ),
        (
            "acme-1.0-variants.json",
            f"an index of wheel variants (PEP 825, a draft). {BOTH}: upload wheels without a"
            " variant.",
        ),
    ],
)
def test_a_wheel_in_disguise_is_recognised(filename: str, detail: str) -> None:
    assert _explain(filename) == f"{filename} is taken for {detail}"


@pytest.mark.parametrize("filename", ["README.md", "acme", f"{WHEEL}.part"])
def test_any_other_file_is_neither(filename: str) -> None:
    assert _explain(filename) == (
        f"{filename} is neither a wheel nor an sdist. {BOTH}: upload only files of python -m build."
    )


@pytest.mark.parametrize(
    ("filename", "project", "wanted"),
    [
        ("acme-dash-1.0-py3-none-any.whl", "acme-dash", "acme_dash-1.0-py3-none-any.whl"),
        ("A-b-C-1.0-py3-none-any.whl", "A-b-C", "A_b_C-1.0-py3-none-any.whl"),
        ("acme-dash-1.0-1-py3-none-any.whl", "acme-dash", "acme_dash-1.0-1-py3-none-any.whl"),
        ("acme-2-dash-1.0-py3-none-any.whl", "acme-2-dash", "acme_2_dash-1.0-py3-none-any.whl"),
    ],
)
def test_a_hyphen_in_the_project_is_escaped(filename: str, project: str, wanted: str) -> None:
    assert _explain(filename) == (
        f"{filename} is taken for a wheel, but the project name {project} has a hyphen, which"
        f" separates parts. Write _ for it: {wanted}."
    )


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("acme-1.0-cp311-cp311-linux_x86_64-x86_64_v3", "x86_64_v3"),
        ("acme-1.0-1-cp311-abi3-manylinux_2_28_x86_64-cu128", "cu128"),
        ("acme-1.0-py3-none-any-null", "null"),
    ],
)
def test_a_variant_label_is_named(stem: str, label: str) -> None:
    assert _explain(f"{stem}.whl") == (
        f"{stem}.whl is taken for a wheel, but its last part {label} is a variant label (PEP 825,"
        " a draft). pip does not install such wheels: build one without a variant."
    )


@pytest.mark.parametrize(
    ("filename", "fault"),
    [
        ("acme.whl", f"it has no version and no tags. The form is {FORM}"),
        (
            "acme-py3-none-any.whl",
            f"it has no version. Write the version after the name, as in {WHEEL}",
        ),
        (
            "acme-2.0.whl",
            "it has 2 parts instead of five or six. Name the tags, python, abi and platform, as in"
            " acme-2.0-py3-none-any.whl",
        ),
        (
            "acme-1.0-py3-none.whl",
            "it has 4 parts instead of five or six. Name the tags, python, abi and platform, as in"
            f" {WHEEL}",
        ),
        (
            "acme-1.0-x-y-z-py3-none-any.whl",
            f"it has 8 parts instead of five or six. The form is {FORM}",
        ),
        (
            "acme-one-py3-none-any.whl",
            "'one' is not a PEP 440 version. Build with a version such as 1.0",
        ),
        (
            "acme-2024.01.15.gitabc-py3-none-any.whl",
            "'2024.01.15.gitabc' is not a PEP 440 version."
            " Build with a version such as 2024.1.15+gitabc",
        ),
        (
            "acme-1.0-SNAPSHOT-py3-none-any.whl",
            "'SNAPSHOT' is in the place of the build number, which begins with a digit."
            " Write 1SNAPSHOT, or build with the version 1.0+snapshot",
        ),
        (
            "acme-1.0-rc1-py3-none-any.whl",
            "'rc1' is in the place of the build number, which begins with a digit."
            " Write 1rc1, or build with the version 1.0rc1",
        ),
        (
            "a__b-1.0-py3-none-any.whl",
            "'a__b' is not a project name in escaped form. Write a_b-1.0-py3-none-any.whl",
        ),
        (
            "acme_-1.0-py3-none-any.whl",
            f"'acme_' is not a project name in escaped form. Write {WHEEL}",
        ),
        (
            "acme-1.0-py3..py2-none-any.whl",
            "'py3..py2-none-any' is not a tag of the form python-abi-platform."
            " Write one as in py3-none-any",
        ),
    ],
)
def test_a_fault_in_the_parts_of_a_wheel_is_named(filename: str, fault: str) -> None:
    assert _explain(filename) == f"{filename} is taken for a wheel, but {fault}."


@pytest.mark.parametrize(
    ("filename", "fault"),
    [
        (
            "acme.tar.gz",
            "it has no version. Write acme-{version}.tar.gz, as in acme-1.0.tar.gz",
        ),
        (
            "acme-one.tar.gz",
            "'one' is not a PEP 440 version."
            " Build with a valid version, for example acme-1.0.tar.gz",
        ),
        (
            "acme-1.0-SNAPSHOT.tar.gz",
            "'1.0-SNAPSHOT' is not a PEP 440 version."
            " Build with a valid version, for example acme-1.0+snapshot.tar.gz",
        ),
        (
            "acme_-1.0.tar.gz",
            "'acme_' is not a valid project name. Build it as acme-1.0.tar.gz",
        ),
    ],
)
def test_a_fault_in_the_parts_of_an_sdist_is_named(filename: str, fault: str) -> None:
    assert _explain(filename) == f"{filename} is taken for an sdist, but {fault}."


@pytest.mark.parametrize(
    ("filename", "fault"),
    [
        (f"_{WHEEL}", f"a file name begins with a letter or a digit. Write {WHEEL}."),
        (
            ".tar.gz",
            "a file name begins with a letter or a digit. Write {name}-{version} before the rest.",
        ),
        ("acme-1.0~1.tar.gz", "'~' is in the name. Use only letters, digits and -_.+!"),
        ("acme-1.0-py3-none-an(y.whl", "'(' is in the name. Use only letters, digits and -_.+!"),
    ],
)
def test_an_invalid_character_is_named(filename: str, fault: str) -> None:
    assert _explain(filename) == f"'{filename}': {fault}"
