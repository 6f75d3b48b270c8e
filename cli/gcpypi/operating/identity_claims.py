"""Issuer and claims of a new identity, from the options of the command."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gcpypi.errors import CommandFailure

GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
GOOGLE = "https://accounts.google.com"
_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """Options that name the holder of ID tokens; None: not given."""

    issuer: str | None = None
    """Issuer, for example of GitLab on an own host."""
    claims: Sequence[str] = ()
    """Claims as ``NAME=VALUE``."""
    github: str | None = None
    """Id of a repository of GitHub."""
    gitlab: str | None = None
    """Id of a project of GitLab."""
    google_service_account: str | None = None
    """Email of a service account of Google Cloud."""

    def build(self) -> tuple[str, Mapping[str, str]]:
        """Return the issuer and the claims.

        :raises CommandFailure: if they are missing, contradict each other or have a wrong form.
        """
        presets = [each for each in (self._github(), self._gitlab(), self._google()) if each]
        if len(presets) > 1:
            raise CommandFailure(
                "give only one of --github, --gitlab and --google-service-account: an ID token has "
                "one issuer"
            )
        issuer, claims = presets[0] if presets else (None, {})
        issuer = self.issuer or issuer
        if issuer is None:
            raise CommandFailure(
                "the issuer is missing: add --issuer URL, --github, --gitlab or "
                "--google-service-account"
            )
        return issuer, _add_claims(claims, self.claims)

    def _github(self) -> tuple[str, Mapping[str, str]] | None:
        if self.github is None:
            return None
        if not _ID.fullmatch(self.github):
            raise CommandFailure(
                f"--github needs the id of a repository, not {self.github!r}, because a name can "
                "be taken over: gh api repos/OWNER/REPO --jq .id prints it"
            )
        return GITHUB, {"repository_id": self.github}

    def _gitlab(self) -> tuple[str, Mapping[str, str]] | None:
        if self.gitlab is None:
            return None
        if not _ID.fullmatch(self.gitlab):
            raise CommandFailure(
                f"--gitlab needs the id of a project, not {self.gitlab!r}, because a path can be "
                "taken over: the settings of the project show it"
            )
        return GITLAB, {"project_id": self.gitlab}

    def _google(self) -> tuple[str, Mapping[str, str]] | None:
        email = self.google_service_account
        if email is None:
            return None
        if not _EMAIL.fullmatch(email):
            raise CommandFailure(f"--google-service-account needs an email, not {email!r}")
        return GOOGLE, {"email": email}


def _add_claims(claims: Mapping[str, str], options: Sequence[str]) -> Mapping[str, str]:
    """Return the claims with those of ``--claim``.

    :raises CommandFailure: if one has no value, or is given twice.
    """
    found = dict(claims)
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name or not value:
            raise CommandFailure(f"--claim needs NAME=VALUE, not {option!r}")
        if name in found:
            raise CommandFailure(f"the claim {name} is given twice")
        found[name] = value
    return found
