import pytest

from proxy.http.ranges import Part, Unsatisfiable, matches_etag, select_part

TAG = '"abc"'


@pytest.mark.conformance(53)
@pytest.mark.parametrize("field", ['"abc"', 'W/"abc"', '"x", "abc"', '"x",W/"abc" ', "*", " * "])
def test_a_tag_the_client_has_is_known(field: str) -> None:
    assert matches_etag(field, TAG)


@pytest.mark.conformance(53)
@pytest.mark.parametrize("field", ["", "abc", '"abcd"', '"ABC"', '"a,b"', "W/abc", '"x" *'])
def test_another_tag_is_not_known(field: str) -> None:
    assert not matches_etag(field, TAG)


@pytest.mark.conformance(49)
@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("bytes=0-0", Part(0, 1)),
        ("bytes=2-5", Part(2, 6)),
        ("bytes=2-", Part(2, 10)),
        ("bytes=-3", Part(7, 10)),
        ("bytes=-100", Part(0, 10)),
        ("bytes=5-100", Part(5, 10)),
        ("BYTES= 9-9 ", Part(9, 10)),
    ],
)
def test_a_single_range_is_a_part(field: str, part: Part) -> None:
    assert select_part(10, TAG, field, "") == part


@pytest.mark.conformance(49)
@pytest.mark.parametrize(
    "field",
    ["bytes=0-1,3-4", "items=0-1", "bytes=-", "bytes=5-2", "bytes=50-20", "bytes=a-b", "0-1", "",
     "bytes=0-1-2", "bytes=" + "9" * 40 + "-"],
)  # fmt: skip
def test_any_other_range_field_selects_the_whole(field: str) -> None:
    assert select_part(10, TAG, field, "") is None


@pytest.mark.conformance(49)
@pytest.mark.parametrize("field", ["bytes=10-", "bytes=10-20", "bytes=-0", f"bytes={'9' * 18}-"])
def test_a_range_past_the_end_is_unsatisfiable(field: str) -> None:
    with pytest.raises(Unsatisfiable):
        select_part(10, TAG, field, "")


@pytest.mark.conformance(49)
@pytest.mark.parametrize("field", ["bytes=0-", "bytes=-5"])
def test_an_empty_file_has_no_part(field: str) -> None:
    with pytest.raises(Unsatisfiable):
        select_part(0, TAG, field, "")


@pytest.mark.conformance(49)
def test_if_range_is_compared_strongly() -> None:
    assert select_part(10, TAG, "bytes=2-", TAG) == Part(2, 10)
    assert select_part(10, TAG, "bytes=2-", f"W/{TAG}") is None
    assert select_part(10, TAG, "bytes=2-", "Tue, 24 Nov 2026 12:00:00 GMT") is None
    assert select_part(10, TAG, "bytes=20-", '"other"') is None
