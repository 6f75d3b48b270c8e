import pytest
from markupsafe import Markup

from publisher.site.assets import ASSETS
from publisher.site.page_content import Site
from publisher.site.page_templates import MAX_TEXT, make_harmless, render_page


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\u202ebc", "a bc"),
        ("\x1b[31mred\x07", "[31mred"),
        ("two\nlines\r\n", "two lines"),
        (None, ""),
        (7, 7),
        (Markup("<b>\n</b>"), Markup("<b>\n</b>")),
        ("x" * 5000, "x" * MAX_TEXT + "…"),
    ],
)
def test_values_are_harmless(value: object, shown: object) -> None:
    assert make_harmless(value) == shown


def test_values_are_escaped() -> None:
    site = Site('<script>"')
    page = render_page("base.html", site=site, root="../../../")
    assert b"<script>" not in page
    assert b"&lt;script&gt;&#34;" in page


def test_links_and_assets_are_relative_to_the_page() -> None:
    page = render_page("base.html", site=Site("Acme"), root="../../../")
    assert f'href="../../../{ASSETS["style.css"].object_name}"'.encode() in page
    assert b'<a class="brand" href="../../../">Acme</a>' in page
