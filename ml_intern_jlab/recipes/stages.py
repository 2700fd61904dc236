"""All stages by name."""

from __future__ import annotations

from collections.abc import Callable

from .data_stages import audit, tidy
from .end_stages import estimate, explain, predict, summary
from .file_stages import load, look
from .flow import Flow, Run
from .model_stages import baseline, compare, counters, giveaways, split, tune

STAGE_FUNCTIONS: dict[str, Callable[[Run], Flow]] = {
    "look": look,
    "load": load,
    "audit": audit,
    "tidy": tidy,
    "split": split,
    "baseline": baseline,
    "giveaways": giveaways,
    "counters": counters,
    "compare": compare,
    "tune": tune,
    "estimate": estimate,
    "explain": explain,
    "predict": predict,
}
"""Each stage proposes its cells, reads what they printed, and leaves what it learnt in the run's state."""

__all__ = ["STAGE_FUNCTIONS", "predict", "summary"]
