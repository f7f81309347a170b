"""Other tools that do the same work, each a driver of its own: `python -m benchmarks.peers.NAME CORPUS OUT`.

A driver does what the documentation of its tool shows, with 5-character shingles, 128 permutations and a threshold of
0.7 where the tool lets one choose.
"""
