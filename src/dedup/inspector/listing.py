"""The list of clusters in columns of numbers: filtered, sorted and counted in memory, some 60 bytes a cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHOLE = ("n_sections", "n_sources", "n_conflicts", "n_repairs", "n_editions")
REAL = ("doubt", "min_similarity")
CODED = ("kind", "link_rule", "status", "first_release")
#: Columns of the table `listed` that a listing is made from.
COLUMNS = (*WHOLE, *REAL, *CODED, "published_at", "sources")
#: Day of clusters without a date: no bound lets it in.
_NO_DAY = np.iinfo(np.int32).min
#: Rows of an order that are looked through at once for those of a page.
_STRETCH = 1 << 14


@dataclass(frozen=True)
class Coded:
    """A column of texts as numbers.

    Attributes
    ----------
    values : distinct texts
    codes : place of each text in `values`
    """

    values: list[str]
    codes: NDArray[np.uint32]

    def code(self, value: str) -> int:
        """Return the number of a text, -1 where it does not occur."""
        return self.values.index(value) if value in self.values else -1


class Listing:
    """Columns of all clusters, in the order of their ids: the place of a cluster is its place in that order.

    Parameters
    ----------
    tables : the columns `COLUMNS` of all clusters, some at a time
    """

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        columns = _Columns()
        for table in tables:
            columns.add(table)
        self.n = columns.n
        self.numbers: dict[str, NDArray[np.int32] | NDArray[np.float64]] = {
            **{name: columns.joined(name, np.int32) for name in WHOLE},
            **{name: columns.joined(name, np.float64) for name in REAL},
        }
        self.coded = {name: columns.coded(name) for name in CODED}
        self.days = columns.joined("published_at", np.int32)
        self.sources = columns.coded("sources")
        #: For each entry of `sources` its cluster.
        self.source_of = np.repeat(np.arange(self.n, dtype=np.int32), columns.joined("counts", np.int32))
        self._orders: dict[tuple[str, bool], NDArray[np.int32]] = {}
        self._lock = threading.Lock()

    def of_source(self, source: str) -> NDArray[np.bool_]:
        """Return which clusters have a copy in a source."""
        mask = np.zeros(self.n, dtype=bool)
        mask[self.source_of[self.sources.codes == self.sources.code(source)]] = True
        return mask

    def count_values(self, name: str, chosen: NDArray[np.int64]) -> list[tuple[str, int]]:
        """Return the values of a column (`sources`: of the sources) among some clusters, the commonest first."""
        if name == "sources":
            inside = np.zeros(self.n, dtype=bool)
            inside[chosen] = True
            column, codes = self.sources, self.sources.codes[inside[self.source_of]]
        else:
            column = self.coded[name]
            codes = column.codes[chosen]
        counts = np.bincount(codes, minlength=len(column.values))
        found = [(column.values[i], int(counts[i])) for i in np.flatnonzero(counts)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def order(self, column: str, down: bool) -> NDArray[np.int32]:
        """Return the places of all clusters sorted by a column, those of one value by id; nothing known comes last."""
        with self._lock:
            if (column, down) not in self._orders:
                values = self.numbers[column]
                # Stable, so that those of one value stay in the order of their ids.
                found = np.argsort(-values if down else values, kind="stable")
                self._orders[column, down] = found.astype(np.int32)
            return self._orders[column, down]

    def behind(self, column: str, down: bool, value: float, place: int) -> NDArray[np.bool_]:
        """Return which clusters come behind one of this value that stands, or would stand, before `place`."""
        values = self.numbers[column]
        found: NDArray[np.bool_] = values < value if down else values > value
        same = values == value
        same[:place] = False
        found |= same
        found |= np.isnan(values)
        return found

    def first(self, column: str, down: bool, mask: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
        """Return the first `n` of some clusters in the order of a column; '' for that of their ids."""
        if not column:
            return np.flatnonzero(mask)[:n]
        order = self.order(column, down)
        found: list[NDArray[np.int32]] = []
        held = 0
        for start in range(0, self.n, _STRETCH):
            stretch = order[start : start + _STRETCH]
            inside = stretch[mask[stretch]]
            found.append(inside)
            held += inside.size
            if held >= n:
                break
        return np.concatenate([np.zeros(0, dtype=np.int32), *found])[:n].astype(np.int64)


class _Columns:
    """Columns in the making, so that no more than one table is held as Arrow."""

    def __init__(self) -> None:
        self.n = 0
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self._values: dict[str, dict[str, int]] = {name: {} for name in (*CODED, "sources")}

    def add(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        self.n += table.num_rows
        table = table.combine_chunks()
        for name in WHOLE:
            self._append(name, pc.fill_null(table.column(name), 0).to_numpy().astype(np.int32))
        for name in REAL:
            self._append(name, table.column(name).to_numpy().astype(np.float64))
        days = table.column("published_at").cast(pa.date32()).cast(pa.int32())
        self._append("published_at", pc.fill_null(days, int(_NO_DAY)).to_numpy())
        sources = table.column("sources")
        self._append("counts", pc.fill_null(pc.list_value_length(sources), 0).to_numpy().astype(np.int32))
        for name, column in (*((n, table.column(n)) for n in CODED), ("sources", pc.list_flatten(sources))):
            encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
            known = self._values[name]
            own = [known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()]
            self._append(name, np.array(own, dtype=np.uint32)[encoded.indices.to_numpy()])

    def _append(self, name: str, values: NDArray[Any]) -> None:
        self._parts.setdefault(name, []).append(values)

    def joined(self, name: str, kind: type[Any]) -> NDArray[Any]:
        """Return a whole column."""
        return np.concatenate([np.zeros(0, dtype=kind), *self._parts.pop(name, [])]).astype(kind, copy=False)

    def coded(self, name: str) -> Coded:
        """Return a whole column of texts."""
        return Coded(list(self._values[name]), self.joined(name, np.uint32))
