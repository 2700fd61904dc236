"""Chance without a seed."""

from __future__ import annotations

from collections.abc import Iterator

from ...rule import Found, Rule, Subject


def _check(subject: Subject) -> Iterator[Found]:
    facts = subject.facts
    open_draws = []
    for draw in facts.draws:
        earlier = {library for library, place in facts.seeds if place <= draw.place}
        if not draw.seeded and draw.library not in earlier and "all" not in earlier:
            open_draws.append(draw)
    places = sorted({draw.place for draw in open_draws})
    if not places:
        return
    first = next(draw for draw in open_draws if draw.place == places[0])
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    yield subject.found(
        first.place,
        f"{first.what}{more} draw{'s' if not more else ''} from chance without a seed.",
    )


_HEAD = "# %%\nimport pandas as pd\nfrom sklearn.model_selection import train_test_split\ndf = pd.read_csv('a.csv')\n"

RULES = (
    Rule(
        id="no_seed",
        area="reproducibility",
        severity="warning",
        title="No seed",
        why="Each run gives other rows and other figures, so nobody can tell a change from chance.",
        advice="Give random_state (or seed, generator) a number, or seed the library in the first cell.",
        bad=_HEAD + "train, test = train_test_split(df)\n",
        good=_HEAD + "train, test = train_test_split(df, random_state=0)\n",
        check=_check,
    ),
)
