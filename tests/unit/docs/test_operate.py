"""Script of docs/operate.md that restores the newest version of each record."""

import subprocess

from documented import doc_pages

GCLOUD = r"""
gcloud() {
    case "$*" in
    'storage ls --all-versions gs://meta/projects/**')
        printf 'gs://meta/projects/%s\n' 'a.json#9' 'a.json#10' 'b.json#1795500102873944' 'a.json#8'
        ;;
    *) echo "$*" ;;
    esac
}
METADATA_BUCKET=meta
"""


def test_the_newest_version_of_each_record_is_restored() -> None:
    steps = [step.text for step in doc_pages.list_steps("docs/operate.md")]
    [step] = [text for text in steps if text.startswith("gcloud storage ls --all-versions")]

    done = subprocess.run(
        ["bash", "-c", f"{GCLOUD}\n{step}"], capture_output=True, text=True, check=True
    )

    assert sorted(done.stdout.splitlines()) == [
        "storage cp gs://meta/projects/a.json#10 gs://meta/projects/a.json",
        "storage cp gs://meta/projects/b.json#1795500102873944 gs://meta/projects/b.json",
    ]
