"""Terraform accepts the contents of terraform.tfvars on the documentation pages."""

import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from documented import doc_pages
from offline_checks import markdown

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SIGNED_IN = "gcloud() { echo ada@example.com; }\n"
FILES = (
    "deploy/terraform/variables.tf",
    "deploy/terraform/uploaders.tf",
    "deploy/terraform/backup.tf",
)


def find_variables(file: Path) -> list[str]:
    return re.findall(r'^variable "(\w+)"', file.read_text("utf-8"), re.MULTILINE)


def join_settings(settings: Iterable[str]) -> list[str]:
    """Return files of settings. A file has each variable once, so a repeated one starts another."""
    files: list[dict[str, str]] = []
    for setting in settings:
        name = setting.partition(" ")[0]
        file = next((each for each in files if name not in each), None)
        if file is None:
            files.append(file := {})
        file[name] = setting
    return ["\n".join(file.values()) for file in files]


def check_variables(text: str, tree: Path, check: Run) -> None:
    """Run the test of terraform.tfvars.example with ``text`` in place of the example."""
    names = {match for file in FILES for match in find_variables(tree / file)}
    assert set(re.findall(r"^(\w+) *=", text, re.MULTILINE)) <= names

    (tree / "deploy/terraform/terraform.tfvars.example").write_text(text, "utf-8")

    done = check("offline_checks", "--root", str(tree), "test")

    assert done.returncode == 0, done.stdout
    assert 'run "example"... pass' in done.stdout


def test_terraform_accepts_the_variables_in_use_md(tree: Path, check: Run) -> None:
    page = doc_pages.read_page("docs/use.md")
    [block] = [each.text for each in markdown.find_blocks(page) if each.language == "terraform"]
    check_variables(block, tree, check)


def test_terraform_accepts_the_variables_in_install_md(tree: Path, check: Run) -> None:
    page = doc_pages.read_page("docs/install.md")
    blocks = [each.text for each in markdown.find_blocks(page) if each.language == "terraform"]
    mentions = [step.text for step in markdown.find_mentions(page)]
    # "upload" is an attribute of an uploader.
    settings = [each for each in mentions if re.match(r"(?!upload )\w+ = ", each)]
    assert blocks
    assert settings
    for text in join_settings([*blocks, *settings]):
        check_variables(text, tree, check)


def test_terraform_accepts_the_variables_of_the_tutorial(tree: Path, check: Run) -> None:
    [step] = [
        step.text
        for step in doc_pages.list_steps("deploy/tutorial.md")
        if step.text.startswith("cat >")
    ]
    subprocess.run(["bash", "-c", SIGNED_IN + step], cwd=tree, check=True)
    text = (tree / "deploy/terraform/terraform.tfvars").read_text("utf-8")
    assert '"user:ada@example.com"' in text
    check_variables(text, tree, check)
