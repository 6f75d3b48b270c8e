"""Valid files with an invalid, reserved or refused file name."""

from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus import sdists
from testing.corpus.case import make_refusal
from testing.corpus.wheels import make_wheel

WHEEL = make_wheel()
LINUX = "acme-1.0-py3-none-linux_x86_64.whl"

BAD_FILENAME = [
    make_refusal(Reason.BAD_FILENAME, title, "", WHEEL, filename=filename)
    for title, filename in (
        ("neither a wheel nor an sdist", "README.md"),
        ("another case of .whl", "acme-1.0-py3-none-any.WHL"),
        ("an sdist in another format", "acme-1.0.zip"),
        ("a signature", "acme-1.0-py3-none-any.whl.asc"),
        ("a hyphen in the project", "acme-dash-1.0-py3-none-any.whl"),
        ("a variant label", "acme-1.0-py3-none-any-x86_64_v3.whl"),
        ("too few parts", "acme-1.0-py3-none.whl"),
        ("a version that is none", "acme-one-py3-none-any.whl"),
        ("a build number that is none", "acme-1.0-x-py3-none-any.whl"),
        ("a control character", "acme-1.0-py3-none-any\n.whl"),
        ("not ASCII", "größe-1.0-py3-none-any.whl"),
        ("a separator", "a\\acme-1.0-py3-none-any.whl"),
        ("more than 255 characters", f"acme-1.0-{'a' * 300}-none-any.whl"),
    )
] + [
    make_refusal(
        Reason.BAD_FILENAME,
        "a spelling that is not normalised, where the policy is strict",
        "normalised form",
        WHEEL,
        filename="Acme-1.0-py3-none-any.whl",
        policy=Policy(strict=True),
    )
]

SDIST_FILENAME = [
    make_refusal(Reason.SDIST_FILENAME, title, "", sdists.BYTES, filename=filename)
    for title, filename in (
        ("no version", "acme.tar.gz"),
        ("a version that is none", "acme-one.tar.gz"),
        ("a run of separators in the name", "ac__me-1.0.tar.gz"),
    )
] + [
    make_refusal(
        Reason.SDIST_FILENAME,
        title,
        "normalised form",
        sdists.BYTES,
        filename=filename,
        policy=Policy(strict=True),
    )
    for title, filename in (
        ("a legacy project name, where the policy is strict", "Acme-1.0.tar.gz"),
        ("a legacy version, where the policy is strict", "acme-01.0.tar.gz"),
        ("a legacy hyphen, where the policy is strict", "ac-me-1.0.tar.gz"),
    )
]

RESERVED_NAME = [
    make_refusal(
        Reason.RESERVED_NAME,
        "a project outside the allowed ones",
        "ALLOWED_PROJECTS",
        WHEEL,
        policy=Policy(allowed_projects=("other-*",)),
    ),
    make_refusal(
        Reason.RESERVED_NAME,
        "a module of the standard library",
        "BLOCK_STDLIB_NAMES",
        WHEEL,
        filename="json-1.0-py3-none-any.whl",
        policy=Policy(block_stdlib_names=True),
    ),
]

BAD_TAG = [
    make_refusal(
        Reason.BAD_TAG,
        "a platform without a stated compatibility",
        "linux_x86_64",
        WHEEL,
        filename=LINUX,
        policy=Policy(strict_platform_tags=True),
    )
]
