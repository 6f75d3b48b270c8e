"""Checks of the upload service: its answer, and the uploaders that may use it."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urljoin

from pydantic import TypeAdapter, ValidationError

from gcpypi.doctor.finding import Finding, Level, collect_failures
from gcpypi.doctor.probes import Probes
from schemas.holders.grants import UploaderGrant, list_service_users

_GRANTS = TypeAdapter(dict[str, UploaderGrant])


def check_upload(probes: Probes) -> Sequence[Finding]:
    """Check that the upload service is ready, which proves that it can read its secret."""
    url = probes.describe().upload_url
    if url is None:
        return [Finding("upload", Level.UNCHECKED, "the index has no upload service")]
    findings = list[Finding]()
    with collect_failures("upload", findings):
        status = probes.fetch_status(urljoin(url, "../ready"))
        if status == HTTPStatus.OK:
            findings.append(Finding("upload", Level.OK, f"{url} is ready"))
        elif status == HTTPStatus.SERVICE_UNAVAILABLE:
            text = (
                f"{url} has no publishing tokens: as an owner, create one with gcpypi token create "
                "--publish, or read the log of the service"
            )
            findings.append(Finding("upload", Level.WARNING, text))
        else:
            text = f"{url} answers {status}: {_WRONG_ADDRESS}"
            findings.append(Finding("upload", Level.ERROR, text))
    return findings


_WRONG_ADDRESS = "check UPLOAD_URL and upload_domain, then run deploy/install again"


def check_uploaders(probes: Probes) -> Sequence[Finding]:
    """Check that an uploader may use the upload service, by the setting of the service."""
    name = probes.describe().services.get("upload")
    if probes.is_local or name is None:
        return []
    findings = list[Finding]()
    with collect_failures("uploaders", findings):
        findings.append(_judge_uploaders(probes.find_service(name).environment.get("UPLOADERS")))
    return findings


def _judge_uploaders(setting: str | None) -> Finding:
    """Return the finding for a value of UPLOADERS; None admits every uploader."""
    try:
        users = list_service_users(None if setting is None else _GRANTS.validate_json(setting))
    except ValidationError:
        text = "UPLOADERS of the upload service is not readable: run deploy/install again"
        return Finding("uploaders", Level.ERROR, text)
    if users is None:
        return Finding("uploaders", Level.OK, "every uploader may use the upload service")
    if not users:
        text = "none may use the upload service: set upload = true for one in terraform.tfvars"
        return Finding("uploaders", Level.WARNING, text)
    return Finding("uploaders", Level.OK, f"may use the upload service: {', '.join(sorted(users))}")
