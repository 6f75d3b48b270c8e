from hashlib import sha256

from publisher.site.assets import ASSETS


def test_the_name_of_an_asset_contains_the_hash_of_its_data() -> None:
    names = {name: asset.object_name for name, asset in ASSETS.items()}
    assert names == {
        name: f"static/{sha256(asset.data).hexdigest()[:16]}/{name}"
        for name, asset in ASSETS.items()
    }
    assert {"style.css", "icon.svg"} <= set(names)


def test_the_style_sheet_is_small_and_loads_nothing() -> None:
    style = ASSETS["style.css"].data
    assert len(style) < 15_000
    assert b"url(" not in style
    assert b"@import" not in style


def test_media_types_follow_the_ending() -> None:
    assert {asset.media_type for asset in ASSETS.values()} <= {
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
        "image/svg+xml",
    }
