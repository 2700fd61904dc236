"""What the model is shown, built anew for each step so that it always fits the model's window.

Everything from kernel, files or persons stands between tags, and such tags inside it are defused, so that no output can
pretend to be something else. What changes least stands first: a server that keeps the last prompt reads only the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files

from smolagents.models import ChatMessage, MessageRole

from ..notebook.outputs import bounded
from ..protocol import Deliverable, PlanItem
from ..redaction import redact
from .goal import Progress
from .history import FOLDS, THE_DRAFT, Fold, Step, notebook_text, same_cell
from .listing import shown_listing
from .plan import deliverables_text, plan_text

TAGS = (
    "task",
    "files",
    "skill",
    "notebook",
    "told",
    "variables",
    "plan",
    "deliverables",
    "budget",
    "goal",
    "cell",
    "edited",
    "result",
    "help",
    "check",
    "message",
)
ASSUMED_WINDOW = 8192
"""Tokens that a model is believed to take where neither it nor its server says how many."""
SHORT_RESULT = 200
"""Characters of an output that can only be an answer. Where it was one to another question it is left out, with its
cell: small models copy what they see."""
MAX_REPLY = 4096
"""Tokens of the window that are kept free for the answer, at most a quarter of it."""


def system_prompt() -> str:
    """The slim system prompt."""
    return files(__package__).joinpath("prompts/system.md").read_text(encoding="utf-8")


def fenced(tag: str, text: str, **attributes: object) -> str:
    """`text` between tags; whatever in it looks like one of our own tags is defused with a backslash."""
    safe = re.sub(rf"<(\s*/?\s*)({'|'.join(TAGS)})\b", r"<\\\1\2", text, flags=re.IGNORECASE)
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{named}>\n{safe.strip()}\n</{tag}>"


def estimated_tokens(text: str) -> int:
    """How many tokens `text` has at most, about: digits and signs count one each, as many tokenizers have it."""
    letters = sum(map(str.isalpha, text)) if text.isascii() else len(re.findall(r"[A-Za-z]", text))
    spaces = sum(map(str.isspace, text))
    digits = sum(map(str.isdigit, text))
    foreign = 0 if text.isascii() else sum(not character.isascii() for character in text)
    signs = len(text) - letters - spaces - digits - foreign
    return int(letters / 3.3 + spaces / 6 + digits + signs * 0.7 + foreign * 1.2) + 4


def reply_room(window: int) -> int:
    """Tokens of a window that are kept free for the answer."""
    return min(MAX_REPLY, window // 4)


@dataclass
class Situation:
    """Everything that the model may need to know at a step.

    Args:
        task: the person's words.
        listing: the files there.
        skill: know-how that fits the task, with a skeleton filled in.
        drafts: the skeletons that are whole cells; the skill's text has them.
        owed: those that the task's words ask for beside its files, each with what it is for.
        first: how the skill wants the first cell written.
        overlooked: what the question names and no cell uses.
        steps: what was done, the last of them shown whole.
        variables: the kernel's variables.
        items: the plan.
        deliverables: with their check results.
        budget: what is left, in words.
        progress: how far a task that says "iterate until …" has come.
        told: the person's messages of earlier steps.
        demand: what to do now.
        summary: the model's own summary of the steps up to `summarised`.
    """

    task: str
    listing: str = ""
    skill: str = ""
    drafts: tuple[str, ...] = ()
    owed: tuple[tuple[str, str], ...] = ()
    first: str = ""
    overlooked: str = ""
    steps: list[Step] = field(default_factory=list)
    variables: str = ""
    items: list[PlanItem] = field(default_factory=list)
    deliverables: list[Deliverable] = field(default_factory=list)
    budget: str = ""
    progress: Progress | None = None
    told: list[str] = field(default_factory=list)
    demand: str = ""
    summary: str = ""
    summarised: int = 0
    opening_messages: list[str] = field(default_factory=list)
    without: frozenset[str] = frozenset()
    """Parts that are left out, for measuring what they are worth."""

    def text(self, fold: Fold) -> str:
        """The situation at one degree of folding."""
        last = self.steps[-1] if self.steps else None
        drafts = self.drafts if fold.skill else ()
        whole = [each for each in self.steps if not each.repeats] if last and last.repeats else self.steps
        if self.overlooked and whole and _answers_otherwise(whole[-1]):
            whole = [*whole[:-1], Step(whole[-1].number)]
        older = notebook_text(whole[:-1], fold, self.summary, self.summarised, last, drafts)
        told = "\n".join(f"- {each}" for each in self.told)
        parts = [
            ("task", fenced("task", self.task)),
            ("files", _part("files", shown_listing(self.listing, rows=not self.drafts), fold.files)),
            ("skill", _part("skill", self.skill if fold.skill else "", 20_000)),
            ("notebook", _part("notebook", older, 200_000)),
            ("told", _part("told", told, 4000)),
            ("variables", _part("variables", self.variables, fold.variables)),
            ("plan", fenced("plan", plan_text(self.items)) if self.items else ""),
            ("deliverables", _part("deliverables", deliverables_text(self.deliverables), 6000)),
            ("budget", _part("budget", self.budget, 400)),
            ("goal", _part("goal", self.progress.told, 3000) if self.progress else ""),
            ("last", last_text(whole[-1], fold, drafts, last.repeats) if last and whole else ""),
            ("check", "\n".join(fenced("check", each) for each in last.checks) if last and last.repeats else ""),
            ("message", "\n".join(fenced("message", each) for each in self.news)),
            ("demand", self.demand),
        ]
        return "\n".join(text for name, text in parts if text and name not in self.without)

    @property
    def owes(self) -> str:
        """What the task asks for beside its files and no cell does yet, "" where there is nothing. Any cell that ran
        through after those which the draft builds on may do it."""
        ran = sum(step.status == "done" for step in self.steps)
        return next((what for draft, what in self.owed if ran <= self.drafts.index(draft)), "")

    @property
    def draft(self) -> str:
        """The first draft that no cell of the run is yet, "" where there is none."""
        return next((each for each in self.drafts if not any(same_cell(step.source, each) for step in self.steps)), "")

    @property
    def last_cell(self) -> str:
        """The cell that is shown last, "" where none is."""
        last = self.steps[-1] if self.steps else None
        return last.source_now if last else ""

    @property
    def news(self) -> list[str]:
        """The person's messages that the model hasn't answered yet."""
        return self.steps[-1].messages if self.steps else self.opening_messages

    def fitting(self, room: int) -> tuple[str, bool]:
        """The situation in at most about `room` tokens, and whether folding by rules was enough."""
        text = ""
        for fold in FOLDS:
            text = self.text(fold)
            if estimated_tokens(text) <= room:
                return text, True
        share = room / max(estimated_tokens(text), 1)
        return bounded(text, int(len(text) * share * 0.95)), False


def _part(tag: str, text: str, limit: int) -> str:
    return fenced(tag, bounded(text, limit)) if text.strip() else ""


def _answers_otherwise(step: Step) -> bool:
    """Whether a step only gave a short answer; a cell that the person has changed is always shown."""
    outcome = step.outcome
    return outcome is not None and len(outcome.text) < SHORT_RESULT and not (outcome.edited or step.changed)


def last_text(step: Step, fold: Fold, drafts: tuple[str, ...] = (), anew: bool = False) -> str:
    """The last turn: the cell that ran, what it gave, and what helps after an error. `drafts` are shown elsewhere.

    A failed cell that is to be written `anew` isn't shown: small models copy what they see.
    """
    parts = []
    outcome = step.outcome
    if outcome:
        source = step.source_now
        shown = (
            THE_DRAFT if any(same_cell(source, each) for each in drafts) else bounded(source, max(6000, fold.source))
        )
        if not (anew and outcome.status == "failed"):
            parts.append(fenced("edited" if outcome.edited or step.changed else "cell", shown))
        text = outcome.text or ("(no output)" if outcome.status != "rejected" else "(no reason given)")
        text = step.error if anew and step.error else text
        parts.append(
            fenced("result", bounded(text, fold.last), status=outcome.status, seconds=f"{outcome.seconds:.1f}")
        )
    elif step.source:
        parts.append(fenced("cell", bounded(step.source, 1500)))
    if step.changed:
        parts.append("(The person has changed this cell since it ran, and it has not run again.)")
    if step.help:
        parts.append(fenced("help", bounded(step.help, 1600)))
    parts += [fenced("check", each) for each in step.checks]
    return "\n".join(parts)


def message(role: MessageRole, text: str, images: list[str] | None = None) -> ChatMessage:
    """A chat message of one text part, and images as data URLs.

    Every prompt is made of these, so this is where secrets are taken out of it.
    """
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in images or []]
    return ChatMessage(role=role, content=[{"type": "text", "text": redact(text)}, *pictures])
