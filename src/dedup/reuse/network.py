"""Who shares text with whom, as a network between clusters, sources, sites, regions or years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pyarrow as pa

if TYPE_CHECKING:
    from dedup.clusters.finding import ReadableRelease

#: What reports can be grouped by, and the SQL that says it of one.
GROUPINGS = {
    "cluster": "c.cluster_id",
    "source": "s.source",
    "site": "d.site",
    "region": "coalesce(r.region_name, 'region unknown')",
    "year": "coalesce(CAST(r.year_review AS VARCHAR), 'year unknown')",
}

_NODES = """
SELECT c.cluster_id, {key} AS node, c.n_sections, s.n_chars, s.title
FROM clusters c
JOIN sections s ON s.section_id = c.canonical_section
JOIN documents d USING (doc_id)
LEFT JOIN reports r ON r.cluster_id = c.cluster_id
"""

_EDGES = """
WITH nodes AS ({nodes})
SELECT least(a.node, b.node) AS source, greatest(a.node, b.node) AS target,
       count(*) AS n_edges, sum(e.shared_chars)::BIGINT AS shared_chars, sum(e.n_passages)::BIGINT AS n_passages,
       max(e.longest) AS longest, max(e.share_from) AS max_share, sum(e.idf_share * a.n_chars)::DOUBLE AS weight,
       count(*) FILTER (WHERE (e.direction = 'from') = (a.node <= b.node)
                          AND e.direction IN ('from', 'to') AND a.node <> b.node) AS n_source_earlier,
       count(*) FILTER (WHERE (e.direction = 'to') = (a.node <= b.node)
                          AND e.direction IN ('from', 'to') AND a.node <> b.node) AS n_target_earlier
FROM reuse_edges e
JOIN nodes a ON a.cluster_id = e.from_cluster
JOIN nodes b ON b.cluster_id = e.to_cluster
GROUP BY ALL
HAVING sum(e.shared_chars) >= $least
ORDER BY shared_chars DESC, source, target
"""


@dataclass(frozen=True)
class Network:
    """Groups of reports and the text between them.

    Attributes
    ----------
    nodes : node, n_clusters, n_sections, n_chars, title (of one cluster only where each node is a cluster)
    edges : source, target (source <= target; equal for what is shared inside a group), n_edges (pairs of clusters),
        shared_chars, n_passages, longest, max_share, weight (characters weighted by the rarity of the passage),
        n_source_earlier and n_target_earlier (pairs of which both dates are trustworthy)
    """

    nodes: pa.Table
    edges: pa.Table


def build_network(release: ReadableRelease, by: Sequence[str], *, least_chars: int = 0) -> Network:
    """Return who shares text with whom.

    Parameters
    ----------
    by : one or more of `GROUPINGS`; several make groups such as one region in one year
    least_chars : edges with fewer shared characters are left out

    Raises
    ------
    ValueError
        A grouping is not known.
    """
    unknown = [name for name in by if name not in GROUPINGS]
    if unknown or not by:
        raise ValueError(f"expected some of {', '.join(GROUPINGS)}, got {', '.join(by) or 'nothing'}")
    key = f"concat_ws(' · ', {', '.join(GROUPINGS[name] for name in by)})"
    of_cluster = _NODES.format(key=key)
    title = "any_value(title)" if "cluster" in by else "CAST(NULL AS VARCHAR)"
    nodes = release.sql(
        f"SELECT node, count(*) AS n_clusters, sum(n_sections)::BIGINT AS n_sections, sum(n_chars)::BIGINT AS n_chars,"
        f" {title} AS title FROM ({of_cluster}) GROUP BY node ORDER BY node"
    )
    return Network(nodes, release.sql(_EDGES.format(nodes=of_cluster), {"least": least_chars}))


_TYPES = ((pa.types.is_integer, "long"), (pa.types.is_floating, "double"))


def to_graphml(network: Network) -> bytes:
    """Return the network in GraphML (graphml.graphdrawing.org), as Gephi, igraph and networkx read it."""
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    graph_tables = (("node", network.nodes, ("node",)), ("edge", network.edges, ("source", "target")))
    for owner, table, ids in graph_tables:
        for field in table.schema:
            if field.name not in ids:
                kind = next((name for test, name in _TYPES if test(field.type)), "string")
                attributes = {"id": f"{owner}_{field.name}", "for": owner}
                ElementTree.SubElement(root, "key", {**attributes, "attr.name": field.name, "attr.type": kind})
    graph = ElementTree.SubElement(root, "graph", edgedefault="undirected")
    for owner, table, ids in graph_tables:
        for row in table.to_pylist():
            names = {"id": row["node"]} if owner == "node" else {"source": row["source"], "target": row["target"]}
            element = ElementTree.SubElement(graph, owner, {k: _allowed(v) for k, v in names.items()})
            for name, value in row.items():
                if name not in ids and value is not None:
                    ElementTree.SubElement(element, "data", key=f"{owner}_{name}").text = _allowed(str(value))
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _allowed(text: str) -> str:
    """Return text without the control characters that XML cannot hold."""
    return "".join(c if c >= " " or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
