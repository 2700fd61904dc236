"""How well the review's rules find what is planted in the corpus: precision and recall by rule."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ml_intern_jlab.review.notebook_rules import review  # noqa: E402
from ml_intern_jlab.review.rule import all_rules  # noqa: E402
from tests.review.corpus_loader import Sample, samples  # noqa: E402

PARTS = ("development", "held_out", "wild", "wild_2", "wild_3", "wild_4", "wild_5", "wild_6", "wild_7", "wild_8")
# These judge a notebook's form; a small sample lacks it by nature. They count only where a sample names them.
FORM = {"environment_not_recorded", "no_baseline", "no_text", "missing_file", "network_access"}


@dataclass
class Tally:
    """Right, false and missed findings by rule: a rule counts once for a notebook."""

    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """Count one notebook."""
        found = {finding.rule for finding in review(sample.notebook)} - sample.allowed
        named = sample.expected | sample.absent
        found -= FORM - named
        self.right.update(found & sample.expected)
        self.false.update(found - sample.expected)
        self.missed.update(sample.expected - found)
        if found != sample.expected:
            self.wrong.append(
                f"{sample.name}: missed {sorted(sample.expected - found)}, false {sorted(found - sample.expected)}"
            )

    @property
    def precision(self) -> float:
        """Share of the findings that are right."""
        return share(sum(self.right.values()), sum(self.false.values()))

    @property
    def recall(self) -> float:
        """Share of what is planted that is found."""
        return share(sum(self.right.values()), sum(self.missed.values()))


def share(right: int, wrong: int) -> float:
    """right of right and wrong; 1 where there is neither."""
    return right / (right + wrong) if right + wrong else 1.0


def tally(*parts: str) -> Tally:
    """The tally of folders of the corpus."""
    result = Tally()
    for part in parts:
        for sample in samples(part):
            result.add(sample)
    return result


def main() -> None:
    """Print a table for each part of the corpus and for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="name the samples that are judged wrongly")
    parser.add_argument("--compare", action="store_true", help="see what other tools find, and nothing else")
    parser.add_argument(
        "--run", type=int, default=0, metavar="N", help="with --compare: nbclient runs N notebooks of each group, too"
    )
    parser.add_argument(
        "--part", choices=PARTS, action="append", help="only this folder of the corpus; can be repeated"
    )
    parser.add_argument(
        "--real", nargs="*", type=Path, metavar="FOLDER", help="review what installed packages, or folders, bring along"
    )
    options = parser.parse_args()
    if options.real is not None:
        from bench.review_real import look

        look(options.real)
        return
    chosen = tuple(options.part or PARTS)
    if options.compare:
        from bench.review_comparison import compare

        compare(chosen, FORM, options.run)
        return
    start = time.perf_counter()
    for parts in (*((part,) for part in chosen), chosen):
        result = tally(*parts)
        every = [sample for part in parts for sample in samples(part)]
        sound = sum(not sample.expected for sample in every)
        print(f"\n{' + '.join(parts)}: {len(every)} notebooks, {sound} of them sound")
        print(f"precision {result.precision:.3f}, recall {result.recall:.3f}")
        if options.wrong:
            print("\n".join(result.wrong))
    print(f"\n{'rule':32} right false missed  precision recall")
    for rule in all_rules():
        right, false, missed = (counter[rule.id] for counter in (result.right, result.false, result.missed))
        print(f"{rule.id:32} {right:5} {false:5} {missed:6}  {share(right, false):9.2f} {share(right, missed):6.2f}")
    print(f"\n{len(every)} notebooks in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
