"""Examples for trusted publishing, executed step by step: ``make test-clients``.

The shell steps of each example run with the real pip, build, uv and gcloud. A local issuer signs
the ID tokens, and a local server stands for IAM. The runners and Jenkins itself do not run.
"""

import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clients.installers import Installer
from clients.publishing_tools import Project
from e2e.ci_runner import Runner, name_gitlab_variable, runner
from e2e.conftest import ROOT
from testing.fakes.google_api_server import run_google_api

__all__ = ["runner"]

pytestmark = pytest.mark.clients

GITHUB, GITLAB = "github-actions-uv.yml", "gitlab-ci-uv.yml"
CLOUD_BUILD, JENKINS = "cloudbuild-uv.yaml", "Jenkinsfile"
HOST = "https://upload.example.com"
"""Origin of the upload service in the examples."""
GCP_PROJECT = "my-project"
_CLAIMS = {
    "--github": "repository_id",
    "--gitlab": "project_id",
    "--google-service-account": "email",
}
"""Claim of each flag of ``gcpypi identity add``."""


def read_example(name: str) -> str:
    return (ROOT / "examples" / name).read_text("utf-8")


def parse_yaml(text: str) -> dict[str, Any]:
    python = Installer("pyyaml", "pyyaml").find_python()
    program = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    done = subprocess.run(
        [str(python), "-c", program], input=text, capture_output=True, text=True, check=True
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def read_claims(name: str) -> dict[str, str]:
    """Return the claims of ``gcpypi identity add`` in the comment of an example."""
    comment = re.sub(r"^(?:#|//) ?", "", read_example(name), flags=re.MULTILINE)
    found = re.search(r"gcpypi identity add ((?:.*\\\n)*.*)", comment)
    assert found
    words = shlex.split(found[1].replace("PROJECT", GCP_PROJECT))
    pairs = dict(pairwise(words))
    claims = {claim: pairs[flag] for flag, claim in _CLAIMS.items() if flag in pairs}
    return claims | dict([pairs["--claim"].split("=", 1)] if "--claim" in pairs else [])


@pytest.fixture(scope="module")
def identities() -> Sequence[Mapping[str, str]]:
    """Claims of the identities that the examples add."""
    return [read_claims(name) for name in (GITHUB, GITLAB, CLOUD_BUILD, JENKINS)]


@dataclass(frozen=True)
class Job:
    """Machine of a job: a project without files, and a new Python environment."""

    runner: Runner
    project: Project
    home: Path

    def run(self, script: str, interpreter: Sequence[str] = ("sh", "-e"), **more: str) -> None:
        """Run a step, which must succeed."""
        origin = self.runner.publish_url.removesuffix("/legacy/")
        script = script.replace("/tmp/", f"{self.home}/").replace(HOST, origin)  # noqa: S108
        file = self.home / "step"
        file.write_text(script.replace("/workspace", str(self.project.root)), "utf-8")
        if script.startswith("#!"):
            interpreter = script.removeprefix("#!").partition("\n")[0].split()
        settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        variables = {
            **settings,
            "PATH": f"{self.home / 'venv' / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "SSL_CERT_FILE": str(self.home / "authorities.pem"),
            "SOURCE_DATE_EPOCH": "1700000000",
            **more,
        }
        done = self.runner.run([*interpreter, file], self.project.root, **variables)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"

    def wait_for_files(self) -> None:
        """Wait until the index lists the wheel and the sdist of the job."""
        names = [path.name for path in self.project.list_files()]
        assert len(names) == 2
        self.runner.index.wait_for(self.project.distribution, *names)


@pytest.fixture
def job(request: pytest.FixtureRequest, runner: Runner, tmp_path: Path) -> Job:
    name = request.node.originalname.removeprefix("test_")
    project = Project(tmp_path / "project", f"acme_{name}")
    project.write()
    shutil.rmtree(project.dist)
    home = tmp_path / "home"
    venv.create(home / "venv", with_pip=True)
    usual = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    files = [runner.issuer.files.authority, *([Path(usual)] if usual else [])]
    (home / "authorities.pem").write_text("\n".join(file.read_text() for file in files))
    return Job(runner, project, home)


def test_github(job: Job) -> None:
    jobs = parse_yaml(read_example(GITHUB))["jobs"]
    assert jobs["publish"]["needs"] == "build"
    assert "permissions" not in jobs["build"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    job.runner.claims = {
        "repository_id": read_claims(GITHUB)["repository_id"],
        "environment": jobs["publish"]["environment"],
    }
    variables = {"build": {}, "publish": job.runner.make_github_variables()}
    for name in ("build", "publish"):
        for script in [step["run"] for step in jobs[name]["steps"] if "run" in step]:
            job.run(script, ("bash", "-e"), **variables[name])
    job.wait_for_files()


def test_gitlab(job: Job) -> None:
    document = parse_yaml(read_example(GITLAB))
    [(variable, declared)] = document["publish"]["id_tokens"].items()
    assert variable == name_gitlab_variable(declared["aud"])
    job.runner.claims = {
        "project_id": read_claims(GITLAB)["project_id"],
        "environment": document["publish"]["environment"],
    }
    token = job.runner.sign(aud=job.runner.publish_url)
    variables = job.runner.make_gitlab_variables(token)
    job.run("\n".join(document["build"]["script"]))
    job.run("\n".join(document["publish"]["script"]), **variables)
    job.wait_for_files()


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_cloud_build(job: Job) -> None:
    document = parse_yaml(read_example(CLOUD_BUILD))
    email = document["serviceAccount"].rpartition("/")[2].replace("$PROJECT_ID", GCP_PROJECT)
    assert read_claims(CLOUD_BUILD) == {"email": email}
    publish_url = job.runner.publish_url
    token = job.runner.sign(aud=publish_url, email=email, email_verified=True, jti=None)
    (job.home / "access-token").write_text("from the metadata server")
    with run_google_api() as (iam, _):
        account = f"POST /v1/projects/-/serviceAccounts/{email}"
        access = {"accessToken": "impersonated", "expireTime": "2100-01-01T00:00:00Z"}
        iam.answer(f"{account}:generateAccessToken", (200, access))
        iam.answer(f"{account}:generateIdToken", (200, {"token": token}))
        variables = {
            "CLOUDSDK_CONFIG": str(job.home / "gcloud"),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": f"{iam.origin}/",
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(job.home / "access-token"),
        }
        for step in document["steps"]:
            mapping = {"PROJECT_ID": GCP_PROJECT} if step.get("automapSubstitutions") else {}
            job.run(step["script"], ("sh",), **variables, **mapping)
        _, request = iam.requests[-1]
    assert (request["audience"], request["includeEmail"]) == (publish_url, True)
    job.wait_for_files()


def test_jenkins(job: Job) -> None:
    text = read_example(JENKINS)
    build, publish = re.findall(r"sh '''(.*?)'''", text, flags=re.DOTALL)
    assert "withCredentials" in text.partition("stage('publish')")[2]
    [variable] = re.findall(r"variable: '(\w+)'", text)
    token = job.runner.sign(aud=job.runner.publish_url, jti=None, **read_claims(JENKINS))
    workspace = {"WORKSPACE_TMP": str(job.home)}
    job.run(build, **workspace)
    job.run(publish, **workspace, **{variable: token})
    job.wait_for_files()


def list_commands(document: object, key: str = "") -> list[object]:
    """Return the values below ``run``, ``script`` and ``args``, at any depth."""
    if key in ("run", "script", "args"):
        return document if isinstance(document, list) else [document]
    if isinstance(document, dict):
        return [each for name in document for each in list_commands(document[name], name)]
    parts = document if isinstance(document, list) else []
    return [each for part in parts for each in list_commands(part)]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.y*ml")), ids=lambda p: p.name)
def test_the_commands_of_an_example_are_strings_of_yaml(path: Path) -> None:
    commands = list_commands(parse_yaml(path.read_text("utf-8")))
    assert "publish" in " ".join(map(str, commands))
    assert all(isinstance(command, str) for command in commands)
