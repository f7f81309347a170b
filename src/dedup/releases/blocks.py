"""A dataset in blocks, a file for each: one that did not change is linked, and nobody looks at its rows.

A block is known by a digest of all that its rows are made of. Who makes a release says which blocks it has and makes
the rows of those that the last release does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.releases.sharing import Shelf
from dedup.releases.writing import file_schema, identity, row_bytes, row_groups, sort_order, write_file
from dedup.schemas import Dataset
from dedup.schemas.datasets import ROW_GROUP_BYTES


def block_content(dataset: Dataset, block: str, digest: str) -> str:
    """Return what the file of a block says it holds (`sharing.CONTENT`), in 64 hex digits.

    Parameters
    ----------
    block : value of the column that divides the dataset
    digest : of all that its rows are made of
    """
    return sha256("\x1f".join([*identity(file_schema(dataset), dataset), block, digest]).encode()).hexdigest()


def block_names(files: Iterable[str | Path]) -> list[str]:
    """Return the block that each file holds, by what the file says of itself; files without rows are left out."""
    found = []
    for file in files:
        footer = pq.read_metadata(file)
        at = footer.schema.to_arrow_schema().get_field_index("block")
        groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
        found += list(dict.fromkeys(group.column(at).statistics.min for group in groups if group.num_rows))
    return found


def write_blocks(
    folder: Path, dataset: Dataset, rows: pa.Table, digests: Mapping[str, str] | None, shelf: Shelf
) -> list[Path]:
    """Write blocks as `part-00000.parquet` and so on, in the order of their names.

    Parameters
    ----------
    folder : made when missing
    rows : of blocks that are not on the shelf; those of a block stand together, and may be memory-mapped
    digests : block to the digest of all that its rows are made of, for every block; None where nothing is known but
        the rows
    shelf : files of the last release

    Returns
    -------
    the files, at least one; a block without rows has none

    Raises
    ------
    FileNotFoundError
        A file that the last release names is gone.
    """
    schema = file_schema(dataset)
    folder.mkdir(parents=True, exist_ok=True)
    made = _runs(rows, dataset)
    files: list[Path] = []
    for block in sorted(made if digests is None else digests):
        path = folder / f"part-{len(files):05d}.parquet"
        content = None if digests is None else block_content(dataset, block, digests[block])
        if content is not None and shelf.link(content, path):
            files.append(path)
        elif block in made:
            _write_block(path, schema, dataset, made[block], shelf, content)
            files.append(path)
        elif content is not None and content in shelf.files:
            raise FileNotFoundError(f"{shelf.files[content][0]}: a part of the last release is gone or damaged")
    if not files:
        files.append(folder / "part-00000.parquet")
        _write_block(files[0], schema, dataset, rows.slice(0, 0), shelf, None)
    return files


def _runs(rows: pa.Table, dataset: Dataset) -> dict[str, pa.Table]:
    """Return each block and its rows."""
    if not rows.num_rows:
        return {}
    runs = pc.run_end_encode(rows.column(dataset.blocks).combine_chunks())
    names, ends = runs.values.to_pylist(), runs.run_ends.to_pylist()
    if len(set(names)) < len(names):
        return _runs(rows.sort_by(dataset.blocks), dataset)
    return {name: rows.slice(start, end - start) for name, start, end in zip(names, [0, *ends], ends, strict=False)}


def _write_block(
    path: Path, schema: pa.Schema, dataset: Dataset, rows: pa.Table, shelf: Shelf, content: str | None
) -> None:
    order = sort_order([rows], dataset)
    batches = [batch for batch in rows.select(dataset.schema.names).to_batches() if batch.num_rows]
    sizes = np.concatenate([np.zeros(0, dtype=np.int64), *(row_bytes(batch) for batch in batches)])[order]
    groups = [part for part, _ in row_groups(sizes, dataset.row_group_bytes)]
    small = len(groups) * dataset.row_group_bytes <= ROW_GROUP_BYTES
    write_file(path, schema, dataset, batches, order, groups, shelf, small=small, content=content)
