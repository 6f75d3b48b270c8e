"""License-File of sdists (`checks.metadata.project.check_license_files`), PEP 639."""

import pytest

from checks.distribution import verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from testing.corpus.sdists import FILENAME
from testing.corpus.tarball import Tar, pack_tar
from testing.corpus.wheels import make_metadata


def _build(*names: str, version: str = "2.4", top: str = "acme-1.0", first: bool = True) -> bytes:
    fields = make_metadata("License-File: LICENSE", "License-File: a/NOTICE", version=version)
    pkg_info = Tar(f"{top}/PKG-INFO".encode(), fields)
    files = [
        Tar(f"{top}/{name}".encode(), kind=b"5" if name.endswith("/") else b"0") for name in names
    ]
    return pack_tar(*([pkg_info, *files] if first else [*files, pkg_info]))


def _verify(data: bytes) -> tuple[str, ...]:
    return verify(FILENAME, [data], Policy()).warnings


@pytest.mark.parametrize("version", ["2.4", "2.5"])
@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ((), "LICENSE"),
        (("LICENSE",), "a/NOTICE"),
        (("LICENSE", "NOTICE"), "a/NOTICE"),
        (("LICENSE", "a/NOTICE/"), "a/NOTICE"),
        (("licenses/LICENSE", "a/NOTICE"), "LICENSE"),
        (("license", "a/NOTICE"), "LICENSE"),
        (("acme.egg-info/LICENSE", "a/NOTICE"), "LICENSE"),
    ],
)
def test_an_sdist_without_a_licence_file_is_refused(
    names: tuple[str, ...], missing: str, version: str
) -> None:
    with pytest.raises(Refused) as refused:
        _verify(_build(*names, version=version))
    assert (refused.value.reason, refused.value.detail) == (
        Reason.SDIST_METADATA,
        f"License-File '{missing}' is not in acme-1.0/."
        " Add the file to the sdist, or remove the field.",
    )


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("top", ["acme-1.0", "Acme-1.0.0"])
def test_an_sdist_with_its_licence_files_is_accepted(top: str, first: bool) -> None:
    assert _verify(_build("LICENSE", "a/NOTICE", top=top, first=first)) == ()


def test_an_older_sdist_without_a_licence_file_is_accepted_with_a_warning() -> None:
    warnings = _verify(_build("LICENSE", version="2.3"))
    assert warnings[0] == (
        "sdist-metadata: License-File 'a/NOTICE' is not in acme-1.0/."
        " Add the file to the sdist, or remove the field."
    )
