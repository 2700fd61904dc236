"""What research found: ranked recipes, each with the places that it comes from.

The findings are all that is kept in view of a research that read a lot: they are bounded, and each source is held
against what was really read in this kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import BadRequest
from .evidence import was_read
from .tables import Passage, Record, Table, safe_link, shown, table

MOST_RECIPES = 5
MOST_WORDS = 300
"""Characters of each part of a recipe."""

Source = str | Passage | Record


@dataclass(frozen=True)
class Recipe:
    """A way to do the task, and what it led to where it was tried.

    Attributes:
        result: what came out, with its measure and on which data.
        dataset: what it was trained on.
        method: how.
        hyperparameters: with which numbers.
        sources: where the claim stands: addresses of a paper's sections, of pages, of a repository's files or lines.
        read: whether all of them were read in this kernel.
    """

    result: str
    dataset: str
    method: str
    hyperparameters: str
    sources: tuple[str, ...] = shown(kind="links")
    read: bool = shown("read here")


def recipe(result: str, dataset: str, method: str, hyperparameters: str, source: Source | Sequence[Source]) -> Recipe:
    """A recipe for `findings`.

    Args:
        result, dataset, method, hyperparameters: in at most 300 characters each; more is cut.
        source: an address, or what a function of the toolkit gave (a passage, a report); or several.

    Raises:
        BadRequest: no source is given, or one has no address: a claim without a source is none.
    """
    given = [source] if isinstance(source, str | Passage | Record) else list(source)
    addresses = tuple(_address(each) for each in given)
    if not addresses:
        raise BadRequest(f"The recipe {method!r} has no source. Give the page or the file that the claim comes from.")
    read = all(map(was_read, addresses))
    return Recipe(_cut(result), _cut(dataset), _cut(method), _cut(hyperparameters), addresses, read)


def findings(question: str, recipes: Iterable[Recipe]) -> Table[Recipe]:
    """The findings as a table, the best recipe first, as they are given.

    Args:
        question: what was looked for.
        recipes: one to five.

    Raises:
        BadRequest: there is none, or there are too many to choose from.
    """
    ranked = tuple(recipes)
    if not 1 <= len(ranked) <= MOST_RECIPES:
        raise BadRequest(f"Findings are 1 to {MOST_RECIPES} recipes, the best first; these are {len(ranked)}.")
    unread = [address for each in ranked for address in each.sources if not was_read(address)]
    note = f"Not read here, so not checked: {', '.join(unread)}" if unread else "Every source was read here"
    return table(f"Findings: {question[:MOST_WORDS]}, best first", ranked, note=note)


def _cut(text: str) -> str:
    return " ".join(text.split())[:MOST_WORDS]


def _address(source: Source) -> str:
    address = source if isinstance(source, str) else str(getattr(source, "url", ""))
    if not safe_link(address):
        raise BadRequest(
            f"{address[:200]!r} is no address on the web. A source is a page, a paper's section or a file."
        )
    return address
