"""Figures with their evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dedup.inspector.store import Missing, Store

MEASURES = ("level", "growth", "share", "count", "rate", "rank", "change_abs")
#: Characters of the page on both sides of the quote.
CONTEXT = 160
_COLUMNS = (
    *("fact_id", "cluster_id", "indicator_id", "indicator", "region_code", "region_name", "year", "year_basis"),
    *("obs_value", "value_text", "unit", "measure", "comparison", "bound", "scope", "obs_status", "period_text"),
    *("n_copies", "n_sources", "n_sections", "section_id", "doc_id", "char_start", "char_end", "quote"),
    *("observation_id", "flags"),
)
_IN_SECTION = (
    *("observation_id", "section_id", "indicator", "value_text", "unit", "bound", "year", "year_basis", "flags"),
    "value_start",
)
_STATED = (
    *("observation_id", "section_id", "doc_id", "char_start", "char_end", "value_start", "value_end", "quote"),
    *("value_text", "unit", "is_canonical", "flags", "indicator", "measure"),
)
#: The order of the dataset, which is also that of the list: a page of it is a piece of the files.
_KEY = ("indicator_id", "region_code", "year", "fact_id")


@dataclass(frozen=True)
class FactFilters:
    """Which facts are listed; '' and 0 for any."""

    flagged: bool = True
    cluster: str = ""
    indicator: str = ""
    q: str = ""
    region: str = ""
    year: int = 0
    measure: str = ""

    def query(self) -> dict[str, Any]:
        """Return the parameters; `all` stands for facts without flags too."""
        found = {k: v for k, v in asdict(self).items() if v and k != "flagged"}
        return found | ({} if self.flagged else {"all": True})


def list_facts(store: Store, filters: FactFilters, offset: int, n: int) -> list[dict[str, Any]]:
    """Return facts in the order of the dataset, those with flags only unless asked otherwise."""
    if not store.has("facts"):
        return []
    where, values = _where(filters)
    if filters.q:
        # Names are not among the keys; the dataset is asked, in its order.
        order = ", ".join(_KEY)
        return store.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM facts WHERE {where} ORDER BY {order} LIMIT {n} OFFSET {offset}", values
        )
    # The keys stand in the order of the dataset, so the first ones found are the first ones.
    keys = store.rows(
        f"SELECT file, row FROM {store.tables.sql_of_fact_keys()} WHERE {where} LIMIT {n} OFFSET {offset}", values
    )
    rows: list[dict[str, Any]] = []
    for file in dict.fromkeys(key["file"] for key in keys):
        rows += store.rows_at("facts", file, [key["row"] for key in keys if key["file"] == file], _COLUMNS)
    return rows


def _where(filters: FactFilters) -> tuple[str, dict[str, Any]]:
    where = ["true"]
    values: dict[str, Any] = {}
    if filters.flagged and not filters.cluster:
        where.append("len(flags) > 0" if filters.q else "flagged")
    columns = {"indicator": "indicator_id", "region": "region_code", "measure": "measure", "cluster": "cluster_id"}
    for name, column in columns.items():
        if value := getattr(filters, name):
            where.append(f"{column} = ${name}")
            values[name] = value
    if filters.year:
        where.append("year = $year")
        values["year"] = filters.year
    if filters.q:
        where.append("contains(indicator, $q)")
        values["q"] = filters.q
    return " AND ".join(where), values


def indicators(store: Store) -> list[tuple[str, int]]:
    """Return (code, facts) of the indicators that have a code, the commonest first."""

    def make() -> list[tuple[str, int]]:
        rows = store.rows(
            "SELECT indicator_id AS i, count(*) AS n FROM facts WHERE indicator_id IS NOT NULL GROUP BY 1"
            " ORDER BY n DESC, i LIMIT 100"
        )
        return [(row["i"], row["n"]) for row in rows]

    return store.summary("indicators", make) if store.count("facts") else []


def n_flagged(store: Store) -> int:
    """Return the number of facts that contradict others."""

    def make() -> int:
        found = store.row(f"SELECT count(*) AS n FROM {store.tables.sql_of_fact_keys()} WHERE flagged")
        return int(found["n"]) if found else 0

    return store.summary("flagged", make)


def fact(store: Store, fact_id: str) -> dict[str, Any]:
    """Return one fact.

    Raises
    ------
    Missing
        There is none of this id.
    """
    if not store.count("facts"):
        raise Missing(fact_id)
    at = store.find_one("fact_rows", fact_id)
    if at is None:
        raise Missing(fact_id)
    return store.rows_at("facts", at["file"], [at["row"]], _COLUMNS)[0]


def observation(store: Store, section_id: str, observation_id: str) -> dict[str, Any]:
    """Return one figure of one section, with the columns of a fact; None where only the fact knows.

    Raises
    ------
    Missing
        There is none of this id in the section.
    """
    rows = store.find("observations", section_id)
    found = next((row for row in rows if row["observation_id"] == observation_id), None)
    if found is None:
        raise Missing(observation_id)
    return {**dict.fromkeys(("fact_id", "region_name", "n_copies", "n_sources", "n_sections")), **found}


def of_section(store: Store, section_id: str, n: int) -> list[dict[str, Any]]:
    """Return the first figures of a section."""
    rows = store.find("observations", section_id, _IN_SECTION)
    return sorted(rows, key=lambda row: (not row["flags"], row["value_start"]))[:n]


def stated_in(store: Store, found: dict[str, Any], n: int = 60) -> list[dict[str, Any]]:
    """Return the observations of the copies of a report that state the same figure."""
    members = store.find("members", found["cluster_id"], ("section_id", "is_canonical"), most=200)
    members.sort(key=lambda row: (not row["is_canonical"], row["section_id"]))
    wanted = (found["indicator"], found["measure"])
    stated: list[dict[str, Any]] = []
    for member in members:
        rows = store.find("observations", member["section_id"], _STATED)
        of_figure = [row for row in rows if (row["indicator"], row["measure"]) == wanted]
        stated += sorted(of_figure, key=lambda row: int(row["char_start"]))
        if len(stated) >= n:
            break
    return stated[:n]


def checks_of(store: Store, section_id: str, observation_id: str) -> list[dict[str, Any]]:
    """Return the consistency checks of a section that look at an observation."""
    rows = store.find("checks", section_id)
    about = [row for row in rows if observation_id in (row["observation_ids"] or []) + (row["base_ids"] or [])]
    return sorted(about, key=lambda row: (row["holds"], row["rule"]))[:40]


def context(store: Store, found: dict[str, Any]) -> tuple[str, str, str]:
    """Return what stands before the evidence on its page, the evidence, and what stands behind it."""
    text = store.page_text(found["doc_id"])
    start, end = found["char_start"], found["char_end"]
    return text[max(0, start - CONTEXT) : start], text[start:end], text[end : end + CONTEXT]
