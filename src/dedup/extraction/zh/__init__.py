"""The grammar of figures in Chinese reports.

`reading` prepares a text; `quantities` finds numbers with their units, `counters` refuses those that count nothing,
`sizes` those that are part of a name; `clauses` reads the words around a number, `predicates` those before it,
backwards; `names`, `subjects` and `money` find what it measures, `measures` how, `status`, `periods` and `scopes`
whether, when and where it holds; `grammar` puts them together. The words all of them know are in `words.toml`.
"""
