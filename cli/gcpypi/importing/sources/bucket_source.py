"""Source: a bucket of Cloud Storage, in the layout of the ancestor of 2020."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cloud.errors import CloudError
from cloud.ports import Bucket
from gcpypi.importing.sources.directory_source import select_files
from gcpypi.importing.sources.source_files import (
    SourceFailure,
    SourceFile,
    SourceListing,
    guess_project,
)

RAW = "raw/"
"""Prefix of the files in the layout of the ancestor."""


@dataclass(frozen=True, slots=True)
class BucketSource:
    """Objects below a prefix. The creation of an object is the upload time of its file."""

    bucket: Bucket
    prefix: str

    @property
    def address(self) -> str:
        """The URL of the prefix."""
        return f"gs://{self.bucket.name}/{self.prefix}"

    def read_listing(self, globs: Sequence[str]) -> SourceListing:
        """List the objects below the prefix, apart from folders.

        :raises CloudError: if Cloud Storage does not answer.
        """
        files = [
            SourceFile(
                filename=(filename := info.name.rpartition("/")[2]),
                locator=info.name,
                project=guess_project(filename),
                upload_time=info.created,
            )
            for info in self.bucket.list(self.prefix)
            if not info.name.endswith("/")
        ]
        return select_files(files, globs, self.address)

    def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Download the live generation of the object."""
        path = folder / file.filename
        try:
            info = self.bucket.stat(file.locator)
            if info is None:
                raise SourceFailure(f"gs://{self.bucket.name}/{file.locator} no longer exists")
            with path.open("wb") as content:
                content.writelines(self.bucket.stream(info))
        except CloudError as error:
            raise SourceFailure(str(error)) from error
        return path
