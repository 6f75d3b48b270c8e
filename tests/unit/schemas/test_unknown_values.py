"""Join of unknown fields in any order: ``schemas.holders.unknown_fields``."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from schemas.holders.unknown_fields import join_values

SOON, LATER = "2026-11-24T12:00:00Z", "2026-11-25T12:00:00Z"

entries = st.one_of(
    st.builds(
        lambda name, expires: {"name": name, "expires": expires},
        st.sampled_from("ab"),
        st.sampled_from([None, SOON, LATER, "next week", 7]),
    ),
    st.sampled_from(["plain", 1, None, ["list"], {"name": "a"}]),
)
lists = st.lists(entries, max_size=4)


def collect(values: JsonValue) -> set[str]:
    assert isinstance(values, list)
    return {json.dumps(each) for each in values}


@given(lists, lists, lists)
def test_the_join_of_lists_is_the_same_in_any_order(
    one: JsonValue, two: JsonValue, three: JsonValue
) -> None:
    joined = collect(join_values(join_values(one, two), three))
    assert collect(join_values(three, join_values(two, one))) == joined
    assert collect(join_values(join_values(one, two), join_values(three, one))) == joined


def test_the_earlier_end_of_an_entry_counts() -> None:
    ended: JsonValue = {"name": "ci", "expires": SOON}
    lasting: JsonValue = {"name": "ci", "expires": None}
    other: JsonValue = {"name": "other", "expires": LATER}
    assert join_values([lasting, other], [ended]) == [ended, other]
    assert join_values([ended], [other, lasting]) == [ended, other]


def test_of_other_values_the_last_one_counts() -> None:
    assert [join_values("old", "new"), join_values(["old"], 1), join_values(None, ["new"])] == [
        "new",
        1,
        ["new"],
    ]
