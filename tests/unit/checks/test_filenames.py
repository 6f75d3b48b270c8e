"""Parsing of file names, and the policy for them."""

import pytest
from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from checks.distribution import check_name
from checks.filenames import ParsedName
from checks.policy import Policy
from checks.refusal import Reason, Refused
from schemas.names import parse_filename

WHEEL = "acme-1.0-py3-none-any.whl"
DEFAULTS = Policy()


def _get_reason(filename: str, policy: Policy = DEFAULTS, uploader: str | None = None) -> str:
    with pytest.raises(Refused) as refused:
        check_name(filename, policy, uploader)
    return refused.value.reason


def test_a_wheel_name_has_project_version_build_and_tags() -> None:
    assert check_name("a_b-1!2.0+c.3-7x-py2.py3-none-any.whl", Policy(), None) == ParsedName(
        filename="a_b-1!2.0+c.3-7x-py2.py3-none-any.whl",
        kind="wheel",
        project=canonicalize_name("a-b"),
        version=Version("1!2.0+c.3"),
        build=(7, "x"),
        tags=frozenset({Tag("py2", "none", "any"), Tag("py3", "none", "any")}),
    )


def test_an_sdist_name_has_project_and_version() -> None:
    assert check_name("a_b-2.0.tar.gz", Policy(), None) == ParsedName(
        filename="a_b-2.0.tar.gz",
        kind="sdist",
        project=canonicalize_name("a-b"),
        version=Version("2.0"),
    )


@pytest.mark.parametrize(
    "filename",
    [
        "",
        ".whl",
        "acme.whl",
        "acme-1.0.zip",
        "acme-1.0-py3-none-any.WHL",
        "acme-1.0-py3-none-any.whl.metadata",
        "acme-1.0-py3-none.whl",
        "acme-1.0-x-py3-none-any.whl",
        "acme-one-py3-none-any.whl",
        "a__b-1.0-py3-none-any.whl",
        "_acme-1.0-py3-none-any.whl",
        "acme_-1.0-py3-none-any.whl",
        "acme-1.0-py3-none-any .whl",
        "acme-1.0-py3-none-any\n.whl",
        "a/acme-1.0-py3-none-any.whl",
        "a\\acme-1.0-py3-none-any.whl",
        "größe-1.0-py3-none-any.whl",
        "acme-1.0-" + "a" * 300 + "-none-any.whl",
        "acme-1.0-" + ".".join(["a"] * 20) + "-" + ".".join(["b"] * 60) + "-any.whl",
        "acme-1.0-py3..py2-none-any.whl",
    ],
)
def test_a_bad_wheel_name_is_refused(filename: str) -> None:
    assert _get_reason(filename) == Reason.BAD_FILENAME


@pytest.mark.parametrize(
    "filename",
    [
        ".tar.gz",
        "acme.tar.gz",
        "-1.0.tar.gz",
        "_-1.0.tar.gz",
        "acme-one.tar.gz",
        "a__b-1.0.tar.gz",
        "a-_b-1.0.tar.gz",
        "acme_-1.0.tar.gz",
        "acme-1.0-SNAPSHOT.tar.gz",
        "ac\0me-1.0.tar.gz",
        "größe-1.0.tar.gz",
    ],
)
def test_a_bad_sdist_name_is_refused(filename: str) -> None:
    assert _get_reason(filename) == Reason.SDIST_FILENAME


LEGACY = [
    ("My-Pkg-1.0.tar.gz", "my-pkg", "1.0", "my_pkg-1.0.tar.gz"),
    ("my.pkg-1.0.tar.gz", "my-pkg", "1.0", "my_pkg-1.0.tar.gz"),
    ("my-pkg-1.0.tar.gz", "my-pkg", "1.0", "my_pkg-1.0.tar.gz"),
    ("My_Pkg-1.0.tar.gz", "my-pkg", "1.0", "my_pkg-1.0.tar.gz"),
    ("acme-01.0.tar.gz", "acme", "1.0", "acme-1.0.tar.gz"),
    ("acme-1.0-beta.tar.gz", "acme", "1.0b0", "acme-1.0b0.tar.gz"),
    ("acme-2013b.tar.gz", "acme", "2013b0", "acme-2013b0.tar.gz"),
    ("a-1-2.tar.gz", "a-1", "2", "a_1-2.tar.gz"),
]


@pytest.mark.parametrize(("filename", "project", "version", "normalised"), LEGACY)
def test_a_legacy_sdist_name_has_a_warning(
    filename: str, project: str, version: str, normalised: str
) -> None:
    assert check_name(filename, Policy(), None) == ParsedName(
        filename=filename,
        kind="sdist",
        project=canonicalize_name(project),
        version=Version(version),
        warnings=(
            f"sdist-filename: {filename}: the normalised form is {normalised} (PEP 625)."
            " Build the sdist with a current back end.",
        ),
    )


@pytest.mark.parametrize(("filename", "project", "version", "normalised"), LEGACY)
def test_a_legacy_sdist_name_is_the_same_release_for_ingest_and_proxy(
    filename: str, project: str, version: str, normalised: str
) -> None:
    parsed = check_name(filename, Policy(), None)
    found = parse_filename(filename)
    assert tuple(map(str, found)) == (parsed.project, str(parsed.version))


@pytest.mark.parametrize(("filename", "project", "version", "normalised"), LEGACY)
def test_a_strict_policy_refuses_a_legacy_sdist_name(
    filename: str, project: str, version: str, normalised: str
) -> None:
    assert _get_reason(filename, Policy(strict=True)) == Reason.SDIST_FILENAME


@pytest.mark.parametrize("filename", ["Acme-1.0-py3-none-any.whl", "acme-1.00-py3-none-any.whl"])
def test_a_name_in_another_spelling_has_a_warning(filename: str) -> None:
    (warning,) = check_name(filename, Policy(), None).warnings
    assert warning.startswith(f"bad-filename: {filename}: the normalised form")


def test_a_strict_policy_refuses_a_name_in_another_spelling() -> None:
    assert _get_reason("Acme-1.0-py3-none-any.whl", Policy(strict=True)) == Reason.BAD_FILENAME


def test_without_uploaders_in_the_policy_every_upload_is_allowed() -> None:
    assert check_name(WHEEL, Policy(), None).project == "acme"
    assert check_name(WHEEL, Policy(), "anyone").project == "acme"


@pytest.mark.parametrize("uploader", ["team", "all"])
def test_an_uploader_may_upload_its_projects(uploader: str) -> None:
    policy = Policy(uploaders={"team": ("other", "Ac*"), "all": ("*",)})
    assert check_name(WHEEL, policy, uploader).project == "acme"


@pytest.mark.parametrize("uploader", ["team", "unknown", "", None])
def test_other_uploaders_are_refused(uploader: str | None) -> None:
    policy = Policy(uploaders={"team": ("acme-*",)})
    assert _get_reason(WHEEL, policy, uploader) == Reason.NOT_ALLOWED


def test_an_empty_list_of_uploaders_refuses_every_upload() -> None:
    assert _get_reason(WHEEL, Policy(uploaders={}), "team") == Reason.NOT_ALLOWED


def test_the_prefix_of_operators_has_no_files() -> None:
    assert _get_reason(WHEEL, Policy(), "operators") == Reason.NOT_ALLOWED


def test_a_project_outside_the_allowed_ones_is_reserved() -> None:
    policy = Policy(allowed_projects=("acme_*", "other"))
    assert _get_reason(WHEEL, policy) == Reason.RESERVED_NAME
    assert check_name("acme.x-1.0-py3-none-any.whl", policy, None).project == "acme-x"


def test_names_of_the_standard_library_are_blocked_on_demand() -> None:
    filename = "dummy_threading-1.0-py3-none-any.whl"
    assert check_name(filename, Policy(), None).project == "dummy-threading"
    assert _get_reason(filename, Policy(block_stdlib_names=True)) == Reason.RESERVED_NAME
    assert check_name(WHEEL, Policy(block_stdlib_names=True), None).project == "acme"


@pytest.mark.parametrize(
    "platform",
    [
        "any",
        "win32",
        "win_amd64",
        "win_arm64",
        "macosx_10_9_universal2",
        "manylinux1_x86_64",
        "manylinux2014_aarch64",
        "manylinux_2_28_x86_64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "musllinux_1_2_x86_64",
        "ios_13_0_arm64_iphoneos",
        "android_24_arm64_v8a",
        "pyodide_2024_0_wasm32",
        "linux_armv7l",
    ],
)
def test_installable_platforms_pass_strict_tags(platform: str) -> None:
    filename = f"acme-1.0-cp311-cp311-{platform}.whl"
    assert check_name(filename, Policy(strict_platform_tags=True), None).filename == filename


@pytest.mark.parametrize("platform", ["linux_x86_64", "win_amd64.linux_aarch64", "plan9", "win"])
def test_other_platforms_are_refused_by_strict_tags_only(platform: str) -> None:
    filename = f"acme-1.0-cp311-cp311-{platform}.whl"
    assert check_name(filename, Policy(), None).filename == filename
    assert _get_reason(filename, Policy(strict_platform_tags=True)) == Reason.BAD_TAG


@pytest.mark.parametrize(
    ("platform", "detail"),
    [
        (
            "linux_x86_64",
            "linux_x86_64 does not state which C library the wheel needs (STRICT_PLATFORM_TAGS)."
            " Repair the wheel with auditwheel, which writes a manylinux or musllinux tag.",
        ),
        (
            "plan9",
            "plan9 is not a platform tag with a stated compatibility (STRICT_PLATFORM_TAGS)."
            " Build for a platform such as win_amd64, macosx_11_0_arm64 or any.",
        ),
    ],
)
def test_strict_tags_say_what_the_platform_tag_lacks(platform: str, detail: str) -> None:
    with pytest.raises(Refused) as refused:
        check_name(f"acme-1.0-cp311-cp311-{platform}.whl", Policy(strict_platform_tags=True), None)
    assert refused.value.detail == detail


def test_not_allowed_precedes_reserved_name() -> None:
    policy = Policy(uploaders={"team": ("x",)}, allowed_projects=("x",))
    assert _get_reason(WHEEL, policy, "team") == Reason.NOT_ALLOWED


@pytest.mark.parametrize(
    "filename", ["acme-1.0-py3-none-an(y.whl", "acme-1.0-py3-none-a%2e.whl", "acme-1.0~1.tar.gz"]
)
def test_a_name_with_invalid_characters_is_refused(filename: str) -> None:
    with pytest.raises(Refused) as caught:
        check_name(filename, Policy(), None)
    assert caught.value.reason in (Reason.BAD_FILENAME, Reason.SDIST_FILENAME)
