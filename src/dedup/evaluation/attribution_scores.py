"""How good the years and places of a release are, by those that a truth knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dedup.evaluation.figure_scores import was_extracted
from dedup.evaluation.placing import Placement, Readable
from dedup.evaluation.truth import Truth

YEARS = ("year_review", "year_plan")


@dataclass(frozen=True)
class YearScore:
    """Years that reports look back on and plan for, against the truth; one year of one section counts one.

    Attributes
    ----------
    given, right : years that the release gives where the truth knows them, and those of them that are true
    printed, printed_right : years that pages print, and those of them that the release gives truly
    masked, masked_given, masked_right : years that pages mask; what is given there can only be inferred
    overwritten, overwritten_given, overwritten_right : years that pages put another year over
    overwritten_named : of the overwritten, those of sections whose overwriting the release names
    """

    given: int = 0
    right: int = 0
    printed: int = 0
    printed_right: int = 0
    masked: int = 0
    masked_given: int = 0
    masked_right: int = 0
    overwritten: int = 0
    overwritten_given: int = 0
    overwritten_right: int = 0
    overwritten_named: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the given years that are true."""
        return self.right / self.given if self.given else None

    @property
    def coverage(self) -> float | None:
        """Share of the printed years that are given truly."""
        return self.printed_right / self.printed if self.printed else None

    def rows(self) -> list[tuple[str, float | str | None, str]]:
        """Return (name, value, explanation), ready for a table."""
        hidden = f"masked {self.masked_given:,} given of {self.masked:,} ({self.masked_right:,} true)"
        if self.overwritten:
            hidden += (
                f", overwritten {self.overwritten_given:,} of {self.overwritten:,} ({self.overwritten_right:,} true, "
                f"{self.overwritten_named:,} named as overwritten)"
            )
        printed = f"{self.printed_right:,} of {self.printed:,} printed years given truly"
        return [
            ("years precision", self.precision, f"{self.right:,} of {self.given:,} given years are true"),
            ("years coverage", self.coverage, f"{printed}; {hidden}"),
        ]


@dataclass(frozen=True)
class PlaceScore:
    """Places of sections whose place the truth knows.

    Attributes
    ----------
    sections : those
    coded, coded_right : with a division's code, and with the true one; a place that no division is called has none
    named, named_right : with a name of its own in the words of the text, and with the true one
    """

    sections: int
    coded: int
    coded_right: int
    named: int
    named_right: int

    def rows(self) -> list[tuple[str, float | str | None, str]]:
        """Return (name, value, explanation), ready for a table."""
        rows: list[tuple[str, float | str | None, str]] = []
        if self.named:
            share = self.named_right / self.named
            what = f"{self.named_right:,} of {self.named:,} names of places are true ({self.sections:,} sections)"
            rows.append(("places named", share, what))
        wrong = self.coded - self.coded_right
        rows.append(("places invented", f"{wrong:,}", f"of {self.coded:,} division codes given are false"))
        return rows


def score_years(truth: Truth, placement: Placement, release: Readable) -> YearScore | None:
    """Compare the years of sections with the truth; None where the truth or the run knows of none."""
    if any(name not in truth.units.column_names for name in YEARS) or not was_extracted(release, "observations"):
        return None
    counts: dict[str, int] = {}

    def add(name: str, n: bool = True) -> None:
        counts[name] = counts.get(name, 0) + n

    for unit, found in _attributed(truth, placement, release):
        named = found["overwritten_year"] is not None
        for name in YEARS:
            true, state, year = unit[name], unit[f"{name}_state"], found[name]
            if true is None:
                continue
            right = year == true
            add("given", year is not None)
            add("right", right)
            if state not in ("printed", "masked", "overwritten"):
                continue
            add(state)
            add(f"{state}_right", right)
            if state != "printed":
                add(f"{state}_given", year is not None)
            if state == "overwritten":
                add("overwritten_named", named or found[f"{name}_basis"] == "overwritten")
    return YearScore(**counts)


def score_places(truth: Truth, placement: Placement, release: Readable) -> PlaceScore | None:
    """Compare the places of sections with the truth; None where the truth or the run knows of none."""
    known = truth.units.column_names
    if "region_code" not in known or "place" not in known or not was_extracted(release, "observations"):
        return None
    sections = coded = coded_right = named = named_right = 0
    for unit, found in _attributed(truth, placement, release):
        code, name = found["region_code"], found["own_name"]
        if not unit["place"]:
            continue
        sections += 1
        coded += code is not None
        coded_right += code is not None and code == unit["region_code"]
        named += name is not None
        named_right += name is not None and (unit["place"] in name or name in unit["place"])
    return PlaceScore(sections, coded, coded_right, named, named_right)


def _attributed(
    truth: Truth, placement: Placement, release: Readable
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the units of the truth that the release has, each with what is attributed to its section."""
    columns = [*YEARS, *(f"{name}_basis" for name in YEARS), "overwritten_year", "region_code", "own_name"]
    table = release.arrow("attributions", ["section_id", *columns])
    found = dict(zip(table.column("section_id").to_pylist(), table.select(columns).to_pylist(), strict=True))
    units = truth.units.to_pylist()
    pairs = zip(placement.sections.column("unit").to_pylist(), placement.sections.column("section_id").to_pylist(),
                strict=True)  # fmt: skip
    for unit, section in pairs:
        if section in found:
            yield units[unit], found[section]
