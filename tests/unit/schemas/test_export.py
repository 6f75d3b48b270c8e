from pathlib import Path

from schemas.export import exported, main

COMMITTED = Path(__file__).parents[3] / "schemas" / "json"


def test_the_committed_json_schemas_are_those_of_the_models() -> None:
    committed = {path.name: path.read_text("utf-8") for path in COMMITTED.iterdir()}
    assert committed == exported(), "stale: run `make schemas`"


def test_exporting_removes_what_is_no_longer_a_schema(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    main(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == exported().keys()


def test_every_field_is_described() -> None:
    for name, text in exported().items():
        assert text.count('"title"') > 0
        assert '"description"' in text, name
