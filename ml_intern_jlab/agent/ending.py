"""Whether a run may end: what the task demands is there, the question was read whole, the review finds no error."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from ..protocol import Deliverable
from .answers import answer_form, in_form, short_answer, states_result, tells_output
from .context import Situation
from .deliverables import check_code, verdicts
from .executor import Workbench
from .goal import GOAL_ID, Goal, Progress, progress
from .guards import NO_CODE
from .history import Step
from .reply import Turn
from .skills.mentions import Mention, out_of_place, overlooked

MAX_FAILED_CHECKS = 2
"""How often an agent may come back from a failed check of its deliverables before the person is asked."""
NOT_YET = "You can't finish yet. "


class Ending:
    """Judges answers, and what is there before one was given, for one run.

    Args:
        workbench: where files are looked at and the plan is kept.
        situation: the run's, whose steps and deliverables are read.
        goal: what the task says to iterate until.
        mentions: what a question names.
        behind: the number of the last step before an interruption.
        helps: whether the model needs what a language model needs; asked anew, since the model may change.
        reviews: whether the review rules have a say.
        computed: the lines that compute a question's answer, "" where code can't tell them.
    """

    def __init__(
        self,
        workbench: Workbench,
        situation: Situation,
        goal: Goal | None,
        mentions: tuple[Mention, ...],
        behind: int,
        helps: Callable[[], bool],
        reviews: bool,
        computed: str = "",
    ) -> None:
        self._workbench, self._situation, self._goal, self._mentions = workbench, situation, goal, mentions
        self._behind, self._helps, self._reviews = behind, helps, reviews
        self._began, self._computed = time.monotonic(), computed
        self._failed_checks = 0
        self._is_reviewed = False
        self._is_looked_over = False
        self._is_reminded = False
        self._nudged_after: int | None = None

    def may_be_prose(self, turn: Turn) -> bool:
        """Whether words without a new cell are the answer: something ran, and all else that the task demands is there.

        Beside a cell that ran before, and where nothing but an answer is demanded, they must state a result.
        """
        steps, wanted = self._situation.steps, self._situation.deliverables
        done = [step.source_now for step in steps if step.status == "done"]
        is_computed = bool(self._computed) and any(self._computed in source for source in done)
        if not turn.thought or ("```" in turn.thought and not is_computed) or not done:
            return False
        others = [each for each in wanted if each.kind != "answer"]
        there = all(each.status in ("passed", "waived") for each in others)
        outputs = self._workbench.outputs()
        stated = any(states_result(turn.thought, each, outputs, self._situation.task) for each in wanted)
        if turn.code is not None:
            return there and stated
        if is_computed and tells_output(turn.thought, outputs, self._situation.task):
            return there
        told = bool(steps) and NO_CODE in steps[-1].checks
        return told or (there and (stated or bool(others)))

    def printed_answer(self, step: Step) -> str:
        """What a cell printed that computes the answer as the skeleton does, where the task demands just that; else "".

        A model that is asked for it again can only copy it.
        """
        task = self._situation.task
        if not (self._computed and step.status == "done" and step.outcome and short_answer(task)):
            return ""
        is_own = self._computed in step.source_now and not (step.outcome.edited or step.changed)
        lines = step.outcome.text.strip().splitlines()
        # A moment or a list may be wanted in another form.
        is_plain = len(lines) == 1 and not re.search(r"\d:\d\d|[\[{(]", re.sub(r"@\w+\[[^\]]*\]", "", lines[0]))
        return lines[0] if is_own and is_plain else ""

    def in_form(self, answer: str) -> str:
        """The answer without the words around it, where the task demands just a number or a name."""
        outputs = self._workbench.outputs()
        for each in self._situation.deliverables:
            if each.kind == "answer":
                answer = in_form(answer, each, outputs, self._situation.task)
        return answer

    def check(self, answer: str = "") -> list[Deliverable]:
        """Check the deliverables in the kernel. Before there is an answer, what isn't there yet stays open."""
        deliverables = self._situation.deliverables
        if not answer and all(each.kind == "answer" for each in deliverables):
            return deliverables
        printed = self._workbench.inspect(check_code(deliverables))
        checked = []
        judged = verdicts(deliverables, printed, answer, self._workbench.outputs(), self._situation.task)
        for old, new in zip(deliverables, judged, strict=True):
            yet = not answer and new.status == "failed" and not new.size
            if old.deliverable_id == GOAL_ID and (standing := self.progress()):
                new, yet = standing.verdict, False
            checked.append(old if old.status == "waived" else old.model_copy(update={"status": "open"}) if yet else new)
        self._workbench.set_plan(self._situation.items, checked)
        return checked

    def wanting(self, answer: str) -> str:
        """What is wrong at the end, or ""."""
        checked = self.check(answer)
        goal = self.progress()
        done = GOAL_ID if goal is None or goal.stop else ""  # tries that are used up end the work, too
        failed = [
            each.detail or each.description
            for each in checked
            if each.status in ("failed", "open") and each.deliverable_id != done
        ]
        named = any(answer_form(each) == "a name" for each in checked)
        failed += [told for told in [out_of_place(self._mentions, answer)] if named and told]
        if not failed:
            return self._misread() or self._owing() or self._reviewed()
        self._failed_checks += 1
        return NOT_YET + " ".join(failed)

    def in_full(self, answer: str) -> str:
        """The answer, with what the task asks for and no cell did."""
        owes = self._situation.owes
        return f"{answer}\n\nNot done: {owes}, which the task asks for." if owes else answer

    @property
    def is_in_vain(self) -> bool:
        """Whether the agent came back from failed checks too often."""
        return self._failed_checks > MAX_FAILED_CHECKS

    def relieve(self) -> None:
        """The person has spoken: failed checks count from the beginning."""
        self._failed_checks = 0

    def progress(self) -> Progress | None:
        """How far the goal has come, None where the task sets none or the person has waived it."""
        waived = any(
            each.deliverable_id == GOAL_ID and each.status == "waived" for each in self._situation.deliverables
        )
        if self._goal is None or waived:
            return None
        steps = self._situation.steps
        before = sum(step.outcome.seconds for step in steps[: self._behind] if step.outcome)
        return progress(self._goal, steps, time.monotonic() - self._began + before)

    def overlooked(self) -> str:
        """What the question names and no cell that ran through uses, said of one cell: it may not have been meant."""
        steps = self._situation.steps
        sources = [step.source_now for step in steps if step.status == "done"]
        if self._is_looked_over or not sources or not self._helps():
            return ""
        found = overlooked(self._mentions, sources)
        if found and self._nudged_after is None:
            self._nudged_after = len(steps)
        return found if self._nudged_after == len(steps) else ""

    def _misread(self) -> str:
        found = self.overlooked()
        self._is_looked_over = True
        return found and f"Before you finish: {found} Take it into account in a new cell, or give the same answer."

    def _owing(self) -> str:
        if self._is_reminded or not (owes := self._situation.owes):
            return ""
        self._is_reminded = True
        return f"You can't finish yet: the task also asks for {owes}, and no cell does that."

    def _reviewed(self) -> str:
        """Let the rules look over the run's cells, once: a language model hears what they call an error."""
        if not self._helps() or self._is_reviewed or not self._reviews:
            return ""
        self._is_reviewed = True
        faults = self._workbench.faults()
        if not faults:
            return ""
        return (
            "Before you finish: a review of your cells found what makes the result hard to trust. Mend it in a new "
            "cell that gives the figures anew, or, where a finding is wrong, say so in your answer. " + " ".join(faults)
        )
