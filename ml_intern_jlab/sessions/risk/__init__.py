"""What a cell may do beyond computing, read from its source before it runs.

`cell` gives the Python that IPython would run, `values` what a name can stand for, `rules` the names that matter,
`known` those that don't, `unlisted` what all others are taken for. `calls`, `expressions`, `definitions`, `imports` and
`statements` follow the syntax tree, each on top of the one before; `knowledge` keeps what executed cells left behind.
"""

from __future__ import annotations

from .knowledge import Knowledge, classify

__all__ = ["Knowledge", "classify"]
