"""How a run is led: guards, budgets, help after errors, and what the model is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from smolagents.models import ChatMessage, MessageRole

from ml_intern_jlab.agent.asking import Asking
from ml_intern_jlab.agent.context import MAX_REPLY, message
from ml_intern_jlab.agent.model_faults import ModelFault
from ml_intern_jlab.protocol import (
    CellStarted,
    Mode,
    PlanChanged,
    RunFinished,
    RunPaused,
    SendMessage,
    StartRun,
    StepFinished,
    StopRun,
    WarningRaised,
)
from ml_intern_jlab.sessions.budget import Limits
from ml_intern_jlab.testing import CutOff, ScriptedModel, turn
from tests.saved_notebook import saved_with

from .conftest import Desk

PLAN = "1. Add\n2. Tell"
DONE = turn('final_answer("It is 2.")', item=2)
MakeDesk = Callable[..., Desk]


async def test_a_model_that_goes_in_circles_pauses_the_run_until_a_message(desk: MakeDesk) -> None:
    d = desk([PLAN, "No code.", "Still none.", turn("x = 1"), DONE])
    await d.send(StartRun(task="t", mode=Mode.auto))
    paused = await d.until(RunPaused)
    assert "answered without a cell" in paused.reason
    assert "Send a message" in paused.reason
    assert "no complete ```python block" in d.model.seen[2]
    await d.send(SendMessage(text="Write a cell."))
    assert (await d.until(RunFinished)).status == "finished"
    assert "<message>\nWrite a cell.\n</message>" in d.model.seen[3]


async def test_a_paused_run_can_be_stopped(desk: MakeDesk) -> None:
    d = desk([PLAN, "No code.", "Still none."])
    await d.send(StartRun(task="t", mode=Mode.auto))
    await d.until(RunPaused)
    await d.send(StopRun())
    assert (await d.until(RunFinished)).status == "stopped"


async def test_nobody_there_means_failed_with_the_reason(desk: MakeDesk) -> None:
    d = desk([PLAN, "No code.", "Still none."], interactive=False)
    ended = await d.run()
    assert ended.status == "failed"
    assert "answered without a cell" in ended.reason
    assert not d.all(RunPaused)


async def test_a_limit_warns_then_pauses_and_a_message_grants_as_much_again(desk: MakeDesk) -> None:
    d = desk([PLAN, *[turn(f"x = {number}") for number in range(6)], DONE])
    await d.send(StartRun(task="t", mode=Mode.auto, max_steps=5))
    paused = await d.until(RunPaused)
    assert "limit of 5 steps" in paused.reason
    assert any("4 of 5 steps" in warning.message for warning in d.all(WarningRaised))
    assert len(d.all(CellStarted)) == 5
    await d.send(SendMessage(text="Go on."))
    assert (await d.until(RunFinished)).status == "finished"


async def test_tokens_and_money_are_limits_too(desk: MakeDesk) -> None:
    d = desk([PLAN, *[turn(f"x = {number}") for number in range(9)]], limits=Limits(max_cost=1.5), interactive=False)
    d.model.price_in, d.model.price_out = 1.0, 1e5
    ended = await d.run()
    assert ended.status == "failed"
    assert "limit of 1.5 US dollars" in ended.reason
    assert sum(step.cost or 0 for step in d.all(StepFinished)) >= 1.5
    assert (await d.sources())[0] == "x = 0"


async def test_an_answer_that_was_cut_off_is_never_run(desk: MakeDesk) -> None:
    d = desk([PLAN, CutOff(turn("x = 1")), turn("x = 2"), DONE])
    assert (await d.run()).status == "finished"
    assert await d.sources() == ["x = 2"]
    assert "cut off by the limit of tokens" in d.model.seen[2]


async def test_after_an_error_the_model_sees_what_helps_and_the_variables(desk: MakeDesk) -> None:
    first = "import pandas as pd\ndf = pd.DataFrame({'Price': [1, 2], 'kind': ['a', 'b']})"
    d = desk([PLAN, turn(first), turn("df['price'].mean()"), turn("df['Price'].mean()"), DONE])
    assert (await d.run()).status == "finished"
    assert "df: DataFrame 2 rows x 2 columns" in d.model.seen[2]
    assert "The line that failed: df['price'].mean()" in d.model.seen[3]
    assert "close: 'Price'" in d.model.seen[3]
    assert "was rewritten" in d.model.seen[4]
    assert "<result" in d.model.seen[3]


async def test_words_are_the_answer_once_all_files_are_there(desk: MakeDesk) -> None:
    write = "open('report.md', 'w').write('# Done')"
    d = desk([PLAN, turn(write), "The report is written."])
    ended = await d.run("Write the report to report.md.")
    assert (ended.status, ended.answer) == ("finished", "The report is written.")
    assert "All that the task demands is there" in d.model.seen[2]


async def test_a_prompt_that_is_too_long_is_folded_and_asked_again(desk: MakeDesk) -> None:
    too_long = ModelFault("This model's maximum context length is 4096 tokens.", 400)
    noisy = [turn(f"print('{number} ' * 3000)") for number in range(3)]
    d = desk([PLAN, *noisy, too_long, too_long, DONE])
    assert (await d.run()).status == "finished"
    assert len(d.model.seen[-1]) < len(d.model.seen[-2]) < len(d.model.seen[-3])


async def test_figures_go_to_models_that_see(desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    d = desk([PLAN, turn(plot), DONE])
    d.model.sees_images = True
    contents: list[Any] = []
    answer = d.model.generate

    def generate(messages: list[Any], **more: Any) -> Any:
        contents.append(messages[-1].content)
        return answer(messages, **more)

    monkeypatch.setattr(d.model, "generate", generate)
    assert (await d.run()).status == "finished"
    assert [part["type"] for part in contents[-1]] == ["text", "image_url"]
    assert contents[-1][1]["image_url"]["url"].startswith("data:image/png;base64,")


async def test_a_cell_that_the_person_changed_after_it_ran_is_shown_as_it_is_now(desk: MakeDesk) -> None:
    def change(prompt: str) -> str:
        # The writer saves some moments after the cell ended.
        notebook = asyncio.run(saved_with(d.folder / "a.ipynb", '"execution_count": 1'))
        (cell,) = [cell for cell in notebook.cells if cell.source == "x = 1"]
        cell.source = "x = 100"
        nbformat.write(notebook, d.folder / "a.ipynb")
        return turn("y = 2")

    d = desk([PLAN, turn("x = 1"), change, turn("z = 3"), DONE, DONE])
    ended = await d.run()
    assert ended.status == "finished", ended.reason
    after_the_change = d.model.seen[3]
    assert "x = 100" in after_the_change
    assert "x = 1\n" not in after_the_change
    assert "changed by the person after it ran" in after_the_change
    assert "x = 100" in await d.sources()


async def test_another_model_is_not_squeezed_because_the_first_one_was(desk: MakeDesk) -> None:
    d = desk([])
    asking = Asking(d, lambda: d.model)  # type: ignore[arg-type]
    asking._squeezed, asking._squeezed_for = 0.2, d.model
    narrow = asking.room
    d.model = ScriptedModel(["Done."], context_window=100_000)
    d.step_finished = lambda step, usage: None  # type: ignore[attr-defined]
    rooms: list[int] = []

    def prompt(room: int) -> list[ChatMessage]:
        rooms.append(room)
        return [message(MessageRole.USER, "Go on.")]

    assert await asyncio.to_thread(asking.answer, prompt, 1) == "Done."
    assert rooms == [100_000 - MAX_REPLY]
    assert narrow < rooms[0]


async def test_a_model_may_run_the_skills_draft_and_change_it(desk: MakeDesk) -> None:
    moods = ["good" if number % 2 else "bad" for number in range(60)]
    texts = [f"the film was {mood} {'the film ' * (number % 5)}" for number, mood in enumerate(moods)]
    rated = "".join(f"{text},{mood}\n" for text, mood in zip(texts, moods, strict=True))
    change = 'RUN DRAFT\nItem 1\nIt compares.\n```diff\n-print("best:", best)\n+print("the best is", best)\n```'
    d = desk([PLAN, "The draft fits.", change, turn('final_answer("Done.")')])
    (d.folder / "rated.csv").write_text(f"text,mood\n{rated}")
    (d.folder / "unrated.csv").write_text("text\nthe film was good\nthe film was bad the film\n")
    ended = await d.run(
        "Learn mood from rated.csv, predict it for unrated.csv, and write moods.csv with the column mood."
    )
    assert ended.status == "finished"
    assert "RUN DRAFT" in d.model.seen[1]
    assert "That answer ran nothing" in d.model.seen[2]
    (cell,) = await d.sources()
    assert 'print("the best is", best)' in cell
    assert 'print("best:", best)' not in cell
    assert cell.count("\n") > 20
    assert (d.folder / "moods.csv").read_text().split() == ["mood", "good", "bad"]
    assert "moods.csv has 2 rows" in d.model.seen[3]


async def test_what_the_task_asks_for_beside_its_file_is_owed(desk: MakeDesk) -> None:
    draft = "RUN DRAFT\nItem 1\nIt does what is asked."
    named = "Item 3\nThe second cell measures it."
    d = desk([f"{PLAN}\n3. measuring how good a model is", draft, turn('final_answer("Done.")'), named, DONE])
    sizes = [number * 37 % 101 / 2 for number in range(60)]
    rows = "\n".join(f"{size},{'small' if size < 25 else 'large'}" for size in sizes)
    (d.folder / "past.csv").write_text(f"size,kind\n{rows}\n")
    (d.folder / "new.csv").write_text("size\n3\n55\n")
    task = "Learn kind from past.csv, predict it for new.csv, write kinds.csv with the column kind, and evaluate it."
    ended = await d.run(task)
    assert ended.answer == "It is 2."
    assert "3. measuring how good a model is" in d.model.seen[0]
    assert (
        "The task also asks for measuring how good a model is, and no cell does that yet. The skill" in d.model.seen[2]
    )
    assert "You can't finish yet: the task also asks for measuring how good a model is" in d.model.seen[3]
    assert "hold-out accuracy" in (await d.sources())[-1]
    assert "The task also asks" not in d.model.seen[4]


async def test_a_run_says_what_it_left_undone(desk: MakeDesk) -> None:
    done = turn('final_answer("Done.")')
    d = desk([PLAN, turn("open('kinds.csv', 'w').write('kind\\nsmall\\n')"), done, done])
    (d.folder / "past.csv").write_text("size,kind\n" + "2.5,small\n30.5,large\n1.25,small\n44,large\n" * 20)
    (d.folder / "new.csv").write_text("size\n3\n")
    ended = await d.run(
        "Learn kind from past.csv, predict it for new.csv, write kinds.csv with the column kind. Tune it."
    )
    assert ended.answer == "Done.\n\nNot done: searching hyper-parameters, which the task asks for."
    assert "Now write that cell" in d.model.seen[2]


COMPUTED = (
    'import pandas as pd\n\ndf = pd.read_csv("flats.csv")\nrows = df[df["colour"] == "red"]\n'
    'answer = rows["rent"].median()\nprint(answer)'
)


def write_flats(d: Desk) -> None:
    rows = "\n".join(f"{'red' if n % 2 else 'blue'},{n}.25" for n in range(30))
    (d.folder / "flats.csv").write_text(f"colour,rent\n{rows}\n")


async def test_what_the_skeleton_computes_is_the_answer_once_it_is_printed(desk: MakeDesk) -> None:
    d = desk([turn(COMPUTED)])
    write_flats(d)
    ended = await d.run(
        "What is the median rent of the red flats in flats.csv? Answer with just the number, 1 decimal."
    )
    assert (ended.status, ended.answer) == ("finished", "15.2")
    assert COMPUTED.removeprefix("import pandas as pd") in d.model.seen[0]


async def test_another_cell_than_the_skeleton_is_judged_by_the_model(desk: MakeDesk) -> None:
    d = desk([turn(COMPUTED.replace("median", "mean")), turn(COMPUTED)])
    write_flats(d)
    ended = await d.run("What is the median rent of the red flats in flats.csv? Answer with just the number.")
    assert (ended.status, ended.answer) == ("finished", "15.25")
    assert len(d.model.seen) == 2


async def test_an_answer_in_words_counts_once_the_skeleton_has_run(desk: MakeDesk) -> None:
    d = desk([turn(COMPUTED), "Item 1\n\nLet me check.", "The median rent of the red flats is 15.25."])
    write_flats(d)
    ended = await d.run("What is the median rent of the red flats in flats.csv?")
    assert (ended.status, ended.answer) == ("finished", "The median rent of the red flats is 15.25.")


async def test_a_cell_that_cannot_be_read_goes_back_to_the_model(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("x = {'a': 1}\nprint(f'{x['a']} of {x[\"a\"}')"), turn("%time x = 2"), DONE])
    assert (await d.run()).status == "finished"
    assert await d.sources() == ["%time x = 2"]
    assert "can't be read as Python, so it was not run: line 2: " in d.model.seen[2]


async def test_quotes_of_a_newer_python_are_exchanged(desk: MakeDesk) -> None:
    cell = 'x = {"a": 1}\nprint(f"{x["a"]} of {len(x)}", f"{x[\'a\']}")'
    d = desk([PLAN, turn(cell), DONE])
    assert (await d.run()).status == "finished"
    assert await d.sources() == ['x = {"a": 1}\nprint(f"{x[\'a\']} of {len(x)}", f"{x[\'a\']}")']


async def test_cells_that_cannot_be_read_pause_the_run(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("x = ("), turn("y = )")], interactive=False)
    assert "wrote a cell that can't be read as Python" in (await d.run()).reason


async def test_sentences_in_a_block_of_code_are_words(desk: MakeDesk) -> None:
    words = "The cell wrote the report, and all that was asked for is there."
    d = desk([PLAN, turn("open('report.md', 'w').write('# Done')"), f"Item 2\n\n```python\n{words}\n```"])
    ended = await d.run("Write the report to report.md.")
    assert (ended.status, ended.answer) == ("finished", words)


@pytest.mark.parametrize(
    ("task", "script", "titles"),
    [
        ("Show what there is.", [PLAN], ["Add", "Tell"]),
        ("How many rows are there?", [], ["Load the table, compute the answer and print it"]),
    ],
)
async def test_a_question_that_one_step_answers_costs_no_call_for_a_plan(
    desk: MakeDesk, task: str, script: list[str], titles: list[str]
) -> None:
    d = desk([*script, turn('final_answer("There are 2.")'), DONE, DONE])
    (d.folder / "a.csv").write_text("a,b\n1,2\n3,4\n")
    await d.send(StartRun(task=task, mode=Mode.auto))
    await d.until(PlanChanged, where=lambda event: bool(event.items))
    assert [item.title for item in d.all(PlanChanged)[-1].items] == titles
