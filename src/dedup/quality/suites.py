"""Finding and reading the reviewed suites of `expectations/`, and what a user adds to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedup.schemas import DATASETS
from dedup.settings import RuleSettings

#: Where the suites lie in a checkout, and where `setup.py` puts them inside the package of a wheel.
FOLDER = "expectations"
PACKAGED = "_expectations"
SEVERITIES = ("critical", "warning", "info")

#: Expectations of this project, with the arguments each needs. DuckDB evaluates them, since Great Expectations can
#: neither compare more than two columns of a data frame nor look into another dataset, and has no dialect of DuckDB.
ROWS_SATISFY = "expect_rows_to_satisfy"
UNIQUE_KEY = "expect_key_to_be_unique"
STAND_IN = "expect_values_to_stand_in"
FIND_NOTHING = "expect_query_to_find_nothing"
OWN: dict[str, tuple[str, ...]] = {
    ROWS_SATISFY: ("condition",),
    UNIQUE_KEY: ("columns",),
    STAND_IN: ("column", "dataset", "target_column"),
    FIND_NOTHING: ("query", "datasets"),
}

#: Keyword arguments of expectations that name columns.
_COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set", "sum_columns")


class SuiteError(ValueError):
    """A suite cannot be found or used; the message names the file, the expectation and what was expected."""


@dataclass(frozen=True)
class Suite:
    """The expectations of one dataset.

    Attributes
    ----------
    dataset : name of the dataset
    expectations : configurations as Great Expectations writes them (type, kwargs, severity, meta), those of this
        project among them (`OWN`); `meta.rule` is unique and names the rule in quarantine and on the quality page,
        `meta.why` says what it protects from
    parameters : defaults of the values that expectations refer to with `$PARAMETER`
    """

    dataset: str
    expectations: tuple[dict[str, Any], ...]
    parameters: dict[str, float]

    @property
    def columns(self) -> set[str]:
        """Columns that Great Expectations looks at, those of row conditions included."""
        return looked_at(e for e in self.expectations if e["type"] not in OWN)


def looked_at(expectations: Iterable[dict[str, Any]]) -> set[str]:
    """Return the columns that these expectations of Great Expectations look at."""
    names: set[str] = set()
    for expectation in expectations:
        kwargs = expectation["kwargs"]
        for argument in _COLUMN_ARGUMENTS:
            value = kwargs.get(argument, ())
            names.update([value] if isinstance(value, str) else value)
        names |= _condition_columns(kwargs.get("row_condition"))
    return names


def _condition_columns(condition: Any) -> set[str]:
    """Return the columns of a row condition as Great Expectations writes it: nested objects, or a string."""
    if isinstance(condition, str):
        return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", condition))
    if not isinstance(condition, dict):
        return set()
    column = condition.get("column")
    names = {str(column["name"])} if isinstance(column, dict) and "name" in column else set()
    return names.union(*(_condition_columns(part) for part in condition.get("conditions", ())))


def suites_folder() -> Path:
    """Return the folder of the suites that came with this package: of the installed wheel, else of the checkout.

    Raises
    ------
    SuiteError
        Neither holds them.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / PACKAGED, package.parents[1] / FOLDER):
        if (folder / "documents.json").is_file():
            return folder
    raise SuiteError(f"{package / PACKAGED}: the suites did not come with this installation; reinstall dedup")


def load_suites(extra: Path | None = None, rules: Iterable[RuleSettings] = ()) -> dict[str, Suite]:
    """Read the suites of the package and add what a user wants besides.

    Parameters
    ----------
    extra : folder with further suites, `<dataset>.json` each; their rules stand beside those of the package,
        which always run
    rules : conditions on rows, as `dedup.toml` states them

    Raises
    ------
    SuiteError
        A folder, file or rule is missing or malformed.
    """
    suites = {path.stem: _read(path) for path in sorted(suites_folder().glob("*.json"))}
    if extra is not None:
        paths = sorted(extra.glob("*.json"))
        if not paths:
            raise SuiteError(f"{extra}: no suites there; expected files such as reports.json")
        for path in paths:
            _add(suites, _read(path), str(path))
    for rule in rules:
        _add(suites, _suite_of(rule), f"[[quality.rule]] {rule.name!r}")
    return suites


def _add(suites: dict[str, Suite], added: Suite, place: str) -> None:
    base = suites.get(added.dataset, Suite(added.dataset, (), {}))
    parameters = {**base.parameters, **added.parameters}
    both = Suite(added.dataset, base.expectations + added.expectations, parameters)
    _require_unique(both, place)
    suites[added.dataset] = both


def _suite_of(rule: RuleSettings) -> Suite:
    """Return a rule of `dedup.toml` as a suite of one expectation."""
    if rule.dataset not in DATASETS:
        raise SuiteError(
            f"[[quality.rule]] {rule.name!r}: no dataset {rule.dataset!r}; expected one of {', '.join(DATASETS)}"
        )
    expectation = {
        "type": ROWS_SATISFY,
        "kwargs": {"condition": rule.sql},
        "severity": rule.severity,
        "meta": {"rule": rule.name, "why": rule.why},
    }
    return Suite(rule.dataset, (expectation,), {})


def _read(path: Path) -> Suite:
    if path.stem not in DATASETS:
        raise SuiteError(f"{path}: no dataset {path.stem!r}; a suite is named after one of {', '.join(DATASETS)}")
    try:
        content = json.loads(path.read_text("utf-8"))
        expectations = [dict(expectation) for expectation in content["expectations"]]
        parameters = {str(name): float(value) for name, value in content.get("suite_parameters", {}).items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SuiteError(f"{path}: not a suite as Great Expectations writes it ({error!r})") from error
    suite = Suite(path.stem, tuple(_complete(e, path) for e in expectations), parameters)
    _require_unique(suite, str(path))
    return suite


def _complete(expectation: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the expectation with a rule name and a severity, whatever a user's suite leaves out."""
    kind = expectation.get("type")
    kwargs = expectation.get("kwargs", {})
    if not isinstance(kind, str) or not isinstance(kwargs, dict):
        raise SuiteError(f"{path}: an expectation needs a type and kwargs, found {expectation!r:.200}")
    severity = expectation.get("severity", "critical")
    if severity not in SEVERITIES:
        raise SuiteError(f"{path}: {kind} has severity {severity!r}; expected {', '.join(SEVERITIES)}")
    missing = [name for name in OWN.get(kind, ()) if name not in kwargs]
    if missing:
        raise SuiteError(f"{path}: {kind} needs {', '.join(missing)} in its kwargs, found {kwargs!r:.200}")
    targets = [kwargs["dataset"]] if kind == STAND_IN else kwargs["datasets"] if kind == FIND_NOTHING else []
    if unknown := [name for name in targets if name not in DATASETS]:
        raise SuiteError(f"{path}: {kind} looks into {', '.join(unknown)}; expected some of {', '.join(DATASETS)}")
    meta = dict(expectation.get("meta") or {})
    about = [str(kwargs[name]) for name in _COLUMN_ARGUMENTS if name in kwargs] or ["table"]
    meta.setdefault("rule", f"{path.stem}.{'.'.join(about)}.{kind.removeprefix('expect_')}")
    meta.setdefault("why", "")
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": meta}


def _require_unique(suite: Suite, place: str) -> None:
    seen: set[str] = set()
    for expectation in suite.expectations:
        rule = expectation["meta"]["rule"]
        if rule in seen:
            raise SuiteError(f"{place}: rule {rule!r} stands twice; give each expectation its own meta.rule")
        seen.add(rule)
