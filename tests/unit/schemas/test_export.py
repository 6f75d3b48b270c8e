from pathlib import Path

from schemas.export import main, render_schemas

COMMITTED = Path(__file__).parents[3] / "schemas" / "json"


def test_the_committed_json_schemas_match_the_models() -> None:
    committed = {path.name: path.read_text("utf-8") for path in COMMITTED.iterdir()}
    assert committed == render_schemas(), "stale: run `make schemas`"


def test_an_export_deletes_stale_schemas(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    main(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == render_schemas().keys()


def test_every_field_is_described() -> None:
    for name, text in render_schemas().items():
        assert text.count('"title"') > 0
        assert '"description"' in text, name
