"""Lists of places go on page by page, and every place is shown once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dedup.inspector.views.shared_text import PLACES, page_of


@given(st.lists(st.integers(1, PLACES // 2), max_size=30))
def test_every_place_is_shown_once(counts):
    rows = [
        {"section_id": f"s_{number:016x}", "char_start": place}
        for number, count in enumerate(counts)
        for place in range(count)
    ]
    shown, behind = page_of(rows[: PLACES + 1])
    seen = list(shown)
    while behind:
        following = [row for row in rows if row["section_id"] > behind]
        shown, behind = page_of(following[: PLACES + 1])
        seen += shown
    assert seen == rows


def test_a_section_with_more_places_than_a_page_does_not_stop_the_list():
    rows = [{"section_id": "s_a", "char_start": i} for i in range(PLACES + 5)] + [
        {"section_id": "s_b", "char_start": 0}
    ]
    shown, behind = page_of(rows[: PLACES + 1])
    assert (len(shown), behind) == (PLACES, "s_a")
    assert page_of([row for row in rows if row["section_id"] > behind]) == (rows[-1:], "")
