"""What the pages put into terraform.tfvars installs: the example's test, with theirs instead."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from documented import pages
from offline_checks import markdown

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SIGNED_IN = "gcloud() { echo ada@example.com; }\n"


def installed(text: str, tree: Path, check: Run) -> None:
    variables = (tree / "deploy/terraform/variables.tf").read_text("utf-8")
    assert set(re.findall(r"^(\w+) *=", text, re.MULTILINE)) <= set(
        re.findall(r'^variable "(\w+)"', variables, re.MULTILINE)
    )
    (tree / "deploy/terraform/terraform.tfvars.example").write_text(text, "utf-8")

    done = check("offline_checks", "--root", str(tree), "test")

    assert done.returncode == 0, done.stdout
    assert 'run "example"... pass' in done.stdout


def test_the_settings_on_the_page_about_installation(tree: Path, check: Run) -> None:
    page = pages.text("docs/install.md")
    [block] = [each.text for each in markdown.blocks(page) if each.language == "terraform"]
    mentioned = [step.text for step in markdown.mentioned(page)]
    settings = [each for each in mentioned if re.match(r"\w+ = ", each)]
    assert settings
    installed("\n".join([block, *settings]), tree, check)


def test_the_settings_that_the_tutorial_writes(tree: Path, check: Run) -> None:
    [step] = [
        step.text for step in pages.steps("deploy/tutorial.md") if step.text.startswith("cat >")
    ]
    subprocess.run(["bash", "-c", SIGNED_IN + step], cwd=tree, check=True)
    text = (tree / "deploy/terraform/terraform.tfvars").read_text("utf-8")
    assert '"user:ada@example.com"' in text
    installed(text, tree, check)
