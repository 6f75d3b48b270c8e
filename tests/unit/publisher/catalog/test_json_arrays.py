import json

from publisher.catalog.json_arrays import encode_array
from unit.publisher.catalog.entries import HOSTILE_TEXT

HARMLESS = "</script><img src=x onerror=alert(1)> & evil [31m '\"`"


def test_hostile_text_is_harmless_even_as_html() -> None:
    data = encode_array([{"project": "acme", "summary": HOSTILE_TEXT, "keywords": (HOSTILE_TEXT,)}])
    assert [each for each in "<>&\u202e\u2066\u2028\x1b" if each in data.decode()] == []
    assert json.loads(data) == [{"project": "acme", "summary": HARMLESS, "keywords": [HARMLESS]}]


def test_lone_surrogates_cannot_break_the_encoding() -> None:
    assert json.loads(encode_array([{"project": "a", "summary": "x\ud800y"}])) == [
        {"project": "a", "summary": "x y"}
    ]


def test_empty_values_are_absent_and_numbers_stay() -> None:
    data = encode_array([{"project": "a", "summary": "", "keywords": (), "files": 0}])
    assert data == b'[{"files":0,"project":"a"}]\n'


def test_an_array_has_one_item_a_line() -> None:
    assert encode_array([]) == b"[]\n"
    assert encode_array([{"project": "a"}, {"project": "é"}]).decode() == (
        '[{"project":"a"},\n{"project":"é"}]\n'
    )
