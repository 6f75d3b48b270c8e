"""Sample projects for the pages for people: an ordinary one, special states, hostile metadata."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from packaging.metadata import RawMetadata

from publisher.render.listing import Listing
from publisher.site.page_content import Readme, ReleaseContent, Site
from publisher.web.readme_child import render_description
from schemas.file_notes import FileNotes
from schemas.names import Filename, Version
from schemas.records import FileRecord, ProjectRecord
from testing.fakes.examples import NOON, make_file_record

SITE = Site(title="Acme packages")
DESCRIPTION = """
# acme-geometry

Fast plane geometry for maps: polygons, distances and unions, in Rust, with a Python interface.

```python
from acme_geometry import Polygon

field = Polygon([(0, 0), (4, 0), (4, 3)])
print(field.area)  # 6.0
```

## Speed

| operation | polygons | time | memory |
|---|---:|---:|---:|
| union | 1 000 | 12 ms | 3 MB |
| distance matrix | 10 000 | 410 ms | 80 MB |

> Coordinates are metres in a local projection. For degrees, project them first.

* `Polygon.contains` takes arrays.
* Old results stay valid: the [changelog](https://example.com/changelog) lists each change.

1. Install the wheel.
2. Import `acme_geometry`.
"""
METADATA: RawMetadata = {
    "metadata_version": "2.4",
    "name": "acme-geometry",
    "version": "2.4.1",
    "summary": "Fast plane geometry for maps: polygons, distances and unions",
    "license_expression": "Apache-2.0 OR MIT",
    "requires_python": ">=3.11",
    "author": "Acme Maps",
    "author_email": "Ada Lovelace <ada@example.com>, Grace Hopper <grace@example.com>",
    "maintainer_email": "maps@example.com",
    "keywords": ["geometry", "polygons", "maps", "gis"],
    "classifiers": [
        "Development Status :: 5 - Production/Stable",
        "Intended Audience :: Developers",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Rust",
        "Topic :: Scientific/Engineering :: GIS",
    ],
    "project_urls": {
        "Homepage": "https://maps.example.com",
        "Source Code": "https://git.example.com/acme/geometry",
        "Docs": "https://docs.example.com/geometry",
        "Issue Tracker": "https://git.example.com/acme/geometry/issues",
        "Changelog": "https://docs.example.com/geometry/changes",
        "Funding": "https://sponsors.example.com/acme",
        "Chat": "https://chat.example.com/maps",
    },
    "requires_dist": [
        "acme-core>=1.2,<2",
        "numpy>=1.26; python_version < '3.13'",
        "numpy>=2.1; python_version >= '3.13'",
        "typing-extensions",
        "pyproj>=3.6; extra == 'projections'",
        "acme-plot[svg]>=0.4; extra == 'plot'",
        "matplotlib; extra == 'plot' and sys_platform != 'emscripten'",
    ],
    "provides_extra": ["projections", "plot"],
}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\x1b[31m\x00"
"""Text with a script, quotation marks, a bidirectional override and control characters."""
HOSTILE_METADATA: RawMetadata = {
    "metadata_version": "2.4",
    "name": "acme-hostile",
    "version": "1.0",
    "summary": f"{HOSTILE} {'w' * 3000}",
    "license": HOSTILE * 400,
    "requires_python": HOSTILE,
    "author": HOSTILE,
    "author_email": f"{HOSTILE} <{HOSTILE}>, {'x' * 300}@example.com",
    "keywords": [HOSTILE, "k" * 400, *("key" for _ in range(500))],
    "classifiers": [HOSTILE, "Private :: " + "c" * 400],
    "home_page": "javascript:alert(1)",
    "download_url": "JaVaScRiPt://example.com/%0aalert(1)",
    "project_urls": {
        HOSTILE: "https://example.com/?q=\"'><script>alert(1)</script>",
        "Data": "data:text/html,<script>alert(1)</script>",
        "User": "https://example.com@evil.example/",
        "Tab": "java\tscript:alert(1)",
        "Long": f"https://{'l' * 63}.example/{'p' * 1500}",
        "Space": " https://example.com/ok ",
    },
    "requires_dist": [
        HOSTILE,
        "acme-core @ javascript:alert(1)",
        f"acme-core; sys_platform == '{'m' * 500}'",
        *(f"acme-extra-{number}; extra == 'all'" for number in range(600)),
    ],
    "provides_extra": [HOSTILE, "all"],
}
_WHEELS = (
    *(
        f"cp3{minor}-cp3{minor}-{platform}"
        for minor in (11, 12, 13)
        for platform in (
            "manylinux_2_17_x86_64.manylinux2014_x86_64",
            "macosx_11_0_arm64",
            "win_amd64",
        )
    ),
    "cp313-cp313t-musllinux_1_2_x86_64",
)


def make_ordinary_content() -> ReleaseContent:
    """Return the newest of 30 releases, with ten wheels, an sdist and a description."""
    files = [*_make_release_files("2.4.1"), *_make_old_releases(29)]
    record = make_record("acme-geometry", files)
    readme = make_readme(DESCRIPTION)
    notes = {
        file.filename: FileNotes(
            warnings=("unknown-platform: the tag musllinux_1_2_x86_64 is new",)
            if "musllinux" in file.filename
            else (),
            startup_code=("acme_geometry.pth",) if file.filename.endswith(".tar.gz") else (),
        )
        for file in files[:11]
    }
    return make_content(record, "2.4.1", METADATA, readme, notes)


def make_readme(text: str, content_type: str = "text/markdown") -> Readme:
    """Return a description as the service ``web`` renders it."""
    html, note = render_description(text, content_type)
    return Readme(html, note)


def make_hostile_content() -> ReleaseContent:
    """Return a release whose metadata, run, holder and notes are hostile."""
    file = make_file_record(
        "acme_hostile-1.0-py3-none-any.whl",
        uploader=HOSTILE,
        run=HOSTILE[:100],
        holder=HOSTILE,
        requires_python=HOSTILE,
        summary=HOSTILE,
    )
    record = make_record("acme-hostile", [file], yanked=make_registers("1.0", HOSTILE))
    notes = {file.filename: FileNotes((HOSTILE, "n" * 900), (HOSTILE,))}
    readme = Readme("<p>harmless</p>", f"The description is shown as text: {HOSTILE}")
    return make_content(record, "1.0", HOSTILE_METADATA, readme, notes)


def make_content(
    record: ProjectRecord,
    version: str,
    metadata: RawMetadata | None = None,
    readme: Readme | None = None,
    notes: Mapping[Filename, FileNotes] | None = None,
) -> ReleaseContent:
    """Return the content of a release of a record."""
    return ReleaseContent(
        record=record,
        listing=Listing.from_record(record),
        version=Version(version),
        metadata=metadata or {},
        readme=readme or Readme(),
        notes={name: notes[name] for name in record.files if notes and name in notes},
    )


def make_record(project: str, files: Sequence[FileRecord], **fields: object) -> ProjectRecord:
    """Return the record of a project."""
    facts = {file.filename: file for file in files}
    return ProjectRecord.model_validate(
        {"project": project, "revision": 7, "files": facts, **fields}
    )


def make_registers(release: str, reason: str = "", **register: object) -> dict[str, object]:
    """Return registers with the value true for one release."""
    value = {"issued_at": NOON, "command_id": "c1", "value": True, "reason": reason, **register}
    return {"versions": {release: value}}


def make_status(value: str, reason: str = "", author: str = "operators/ada") -> dict[str, object]:
    """Return a status register."""
    command = {"issued_at": NOON, "command_id": "c1", "issued_by": author}
    return {**command, "value": value, "reason": reason}


def make_large_record(releases: int = 1000, files_per_release: int = 10) -> ProjectRecord:
    """Return the record of a project with many releases and files."""
    files = [
        make_file_record(
            f"acme_large-{number}.0-{tag}.whl", upload_time=NOON + timedelta(days=number - releases)
        )
        for number in range(1, releases + 1)
        for tag in [f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64" for minor in range(10, 20)][
            :files_per_release
        ]
    ]
    return make_record("acme-large", files)


def make_special_contents() -> dict[str, ReleaseContent]:
    """Return releases in special states by the names of their projects."""
    reason = "Areas of polygons with holes are wrong; use 2.4.1"
    return dict(
        _make_special_contents(
            {
                "yanked": {"yanked": make_registers("1.0", reason, issued_by="acme")},
                "removed": {"removed": make_registers("1.0", issued_by="operators/ada")},
                "quarantined": {"status": make_status("quarantined", "A stolen credential")},
                "held": {"release_status": {"1": make_status("quarantined", "Under review")}},
                "archived": {"status": make_status("archived")},
                "deprecated": {"status": make_status("deprecated", "Use acme-geometry")},
            }
        )
    )


def _make_special_contents(
    states: Mapping[str, Mapping[str, object]],
) -> Iterator[tuple[str, ReleaseContent]]:
    for state, fields in states.items():
        file = make_file_record(f"acme_{state}-1.0-py3-none-any.whl", run="8812", holder="ci-acme")
        record = make_record(f"acme-{state}", [file], **fields)
        summary: RawMetadata = {"summary": f"A project that is {state}"}
        yield record.project, make_content(record, "1.0", summary)
    pre = make_record("acme-pre", [make_file_record("acme_pre-1.0rc1-py3-none-any.whl")])
    yield pre.project, make_content(pre, "1.0rc1")
    empty = make_content(make_record("acme-empty", []), "0")
    yield empty.record.project, empty


def _make_release_files(version: str) -> list[FileRecord]:
    names = [f"acme_geometry-{version}-{tags}.whl" for tags in _WHEELS]
    names.append(f"acme_geometry-{version}.tar.gz")
    return [
        make_file_record(
            name,
            size=1_000_000 + 137_000 * number,
            sha256=f"{number:064x}",
            uploader="acme",
            run="1288431",
            holder="ci-geometry",
            summary=METADATA["summary"],
            requires_python=">=3.11",
            upload_time=NOON + timedelta(seconds=number),
        )
        for number, name in enumerate(names)
    ]


def _make_old_releases(count: int) -> list[FileRecord]:
    versions = [f"{n // 15 + 1}.{n % 15 // 4}.{n % 15 % 4}" for n in range(count)]
    return [
        make_file_record(
            f"acme_geometry-{version}-py3-none-any.whl",
            upload_time=NOON - timedelta(days=(count - number) * (count - number) * 0.8 + 3),
            sha256=f"{900 + number:064x}",
            run=f"{1_000_000 + number}",
        )
        for number, version in enumerate(versions)
    ]
