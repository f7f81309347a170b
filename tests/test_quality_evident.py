"""What is evident without Great Expectations is what Great Expectations says."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dedup.quality import evaluating, load_suites
from dedup.quality.evaluating import Evaluator
from dedup.quality.evident import looks_at_rows
from dedup.quality.suites import OWN

ASKED = Evaluator()
#: Values that readers of patterns, sets and bounds may see differently.
WORDS = [
    "report",
    "c_0123456789abcdef",
    "c_0123456789abcdef\n",
    "C_0123456789ABCDEF",
    "",
    " ",
    "\u3000",
    "\u200b",
    "\x0b",
]
WORDS += [
    "\x1c",
    "\u2028x",
    "年",
    "a=1",
    "?token=1",
    "&TOKEN=1",
    "?to\u212aen=2",
    "?\u017fig=3",
    "http://u:p@x/y",
    "-5",
    "٣",
]
FORMS = [
    r"\S",
    r"^[^\s]",
    "^c_[0-9a-f]{16}$",
    r"^[a-z][a-z_]*$",
    r"^[0-9]{1,3}$",
    r"\d",
    r"\w+$",
    "a{,3}",
    "(?i)token=",
    "x|y",
]
FORMS += [r"(?i)[?&;](?:token|sig)=", r"://[^/?#]*@", "^-?[0-9]+$", r"\.", "^$", "[^a]"]


def expectation(kind: str, number: int = 0, **kwargs: Any) -> dict[str, Any]:
    return {
        "type": f"expect_{kind}",
        "kwargs": kwargs,
        "severity": "warning",
        "meta": {"rule": f"{kind} {number}", "why": ""},
    }


words = st.one_of(st.none(), st.sampled_from(WORDS), st.text(max_size=6))
wholes = st.one_of(st.none(), st.integers(-3, 12))
reals = st.one_of(st.none(), st.floats(width=32), st.sampled_from([0.0, -0.0, 0.5, 1.0]))
rows = st.lists(st.tuples(words, wholes, wholes, reals), min_size=1, max_size=8)
bounds = st.one_of(st.integers(-1, 10), st.sampled_from([0.0, 0.5, 1.0]))
sets = st.lists(st.sampled_from([*WORDS, "x"]), min_size=1, max_size=12)
shares = st.one_of(st.just({}), st.sampled_from([{"mostly": 0.5}, {"mostly": 0.9}, {"mostly": 1}]))
where = {"type": "comparison", "column": {"name": "text"}, "operator": "=="}


@st.composite
def rules(draw) -> list[dict[str, Any]]:
    least, most = sorted([draw(bounds), draw(bounds)])
    number: dict[str, Any] = {"column": draw(st.sampled_from(["a", "b", "real"])), "min_value": least}
    number |= draw(st.sampled_from([{}, {"max_value": most}]))
    form, pair = draw(st.sampled_from(FORMS)), {"column_A": "a", "column_B": "b"}
    lax = {**pair, "ignore_row_if": "either_value_is_missing"}
    some = {**where, "parameter": draw(st.sampled_from(WORDS))}
    return [
        expectation("column_values_to_be_between", **number, **draw(shares)),
        expectation("column_values_to_be_between", 1, column="a", min_value={"$PARAMETER": "least"}),
        expectation("column_values_to_be_between", 2, column="real", min_value=0, row_condition=some),
        expectation("column_values_to_be_between", 3, column="a", max_value=5, strict_max=True),
        expectation("column_values_to_be_in_set", column="text", value_set=draw(sets), **draw(shares)),
        expectation("column_values_to_be_in_set", 1, column="a", value_set=[0, 1, 2]),
        expectation("column_values_to_not_be_in_set", column="text", value_set=draw(sets), **draw(shares)),
        expectation("column_values_to_match_regex", column="text", regex=form, **draw(shares)),
        expectation("column_values_to_not_match_regex", column="text", regex=form),
        expectation("column_values_to_not_be_null", column=draw(st.sampled_from(["text", "a", "real"]))),
        expectation("column_values_to_not_be_null", 1, column="real", row_condition=some),
        expectation("column_pair_values_to_be_equal", **lax),
        expectation("column_pair_values_to_be_equal", 1, **pair),
        expectation("column_pair_values_a_to_be_greater_than_b", **lax, or_equal=True),
        expectation("column_pair_values_a_to_be_greater_than_b", 1, **lax),
        expectation("table_row_count_to_be_between", min_value=draw(st.integers(0, 5))),
    ]


@given(rows, rules())
@settings(deadline=None, max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_what_is_evident_is_what_great_expectations_says(values, expected):
    text, a, b, real = zip(*values, strict=True)
    table = pa.table(
        {
            "cluster_id": [f"c{i}" for i in range(len(values))],
            "text": pa.array(text, pa.string()),
            "a": pa.array(a, pa.int32()),
            "b": pa.array(b, pa.int64()),
            "real": pa.array(real, pa.float64()),
        }
    )
    parameters = {"least": 0.0}
    with pytest.MonkeyPatch.context() as patch:
        found = ASKED.evaluate("clusters", table, expected, parameters)
        patch.setattr(evaluating, "evident", lambda *_: None)
        asked = ASKED.evaluate("clusters", table, expected, parameters)
    for rule, outcome in asked.items():
        # In words, since what is no number does not equal itself.
        assert str(found[rule]) == str(outcome), (rule, values)


def test_the_rules_of_this_project_are_of_kinds_that_can_be_evident():
    kinds = {e["type"] for suite in load_suites().values() for e in suite.expectations if looks_at_rows(e) is None}
    assert kinds <= {*OWN}


def test_great_expectations_is_not_imported_for_sound_rows():
    code = (
        "import sys\nfrom dedup.quality import validate\nfrom tests.sound_rows import sound_tables\n"
        "report = validate(sound_tables(), parameters={'jaccard': 0.7, 'edit': 0.9})\n"
        "print(report.summary(), 'great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ERROR=0" in done.stdout
    assert done.stdout.split()[-1] == "False"
