"""The grammar of figures in Chinese reports.

`reading` prepares a text, `quantities` finds numbers with their units, `predicates` reads the words before a number
backwards, `names` finds what it measures, `status` and `periods` where and when it holds, `grammar` puts them together.
"""
