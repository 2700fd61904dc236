"""What a cell may do beyond computing, read from its source before it runs.

`cell` gives the Python that IPython would run, `values` what a name can stand for, `rules` the names that matter;
`calls`, `expressions` and `statements` follow the syntax tree, each on top of the one before.
"""

from __future__ import annotations

from .statements import Knowledge, classify

__all__ = ["Knowledge", "classify"]
