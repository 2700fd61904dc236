"""Cells in a real kernel: outputs, errors, input, interrupt, floods."""

from __future__ import annotations

import asyncio
import os
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.notebook import kernel as kernel_module
from ml_intern_jlab.notebook.kernel import Execution, Kernel
from ml_intern_jlab.notebook.outputs import OutputArea, display_id, observation_text
from ml_intern_jlab.protocol import IOPubMessage
from tests.notebook.live_kernel import Run, ended, printed, show, started

# --- outputs ----------------------------------------------------------------------------------------------------------


def test_what_a_kernel_is(run: Run[Any], shared: Kernel) -> None:
    assert (shared.kernel_name, shared.language, shared.alive) == ("python3", "python", True)


def test_result_and_count(run: Run[Any], shared: Kernel) -> None:
    first, outputs = run(show(shared, "6 * 7"))
    second, _ = run(show(shared, "None"))
    assert first.status == "done"
    assert first.error is None
    assert first.execution_count is not None
    assert second.execution_count == first.execution_count + 1
    assert outputs[0]["data"]["text/plain"] == "42"
    assert 0 < first.seconds < 10


def test_silent_cell_leaves_no_count(run: Run[Any], shared: Kernel) -> None:
    before, _ = run(show(shared, "None"))
    run(show(shared, "quiet = 1", silent=True))
    after, _ = run(show(shared, "quiet"))
    assert before.execution_count is not None
    assert after.execution_count == before.execution_count + 1


def test_streams_keep_their_order(run: Run[Any], shared: Kernel) -> None:
    source = "import sys\nfor n in range(3):\n    print(n, flush=True); print('e', n, file=sys.stderr, flush=True)"
    _, outputs = run(show(shared, source))
    assert [(o["name"], o["text"]) for o in outputs] == [
        (name, text) for n in range(3) for name, text in (("stdout", f"{n}\n"), ("stderr", f"e {n}\n"))
    ]


def test_20_000_lines_arrive_whole_and_joined(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> tuple[str, int]:
        messages: list[IOPubMessage] = []
        await shared.execute("for n in range(20_000): print(n)", on_message=messages.append)
        return "".join(m.content["text"] for m in messages), len(messages)

    text, count = run(scenario())
    assert text == "".join(f"{n}\n" for n in range(20_000))
    assert count < 200


def test_output_arrives_while_the_cell_runs(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> list[float]:
        times: list[float] = []
        source = "import time\nfor n in range(3): print(n, flush=True); time.sleep(0.4)"
        await shared.execute(source, on_message=lambda m: times.append(time.monotonic()))
        return [*times, time.monotonic()]

    times = run(scenario())
    assert len(times) == 4
    assert all(later - earlier > 0.2 for earlier, later in pairwise(times))


def test_progress_bar(run: Run[Any], shared: Kernel) -> None:
    source = "import sys, time\nfor n in range(21): print(f'\\r{n*5}%', end='', flush=True); time.sleep(0.01)\nprint()"
    assert run(printed(shared, source)) == "100%\n"


def test_clear_output(run: Run[Any], shared: Kernel) -> None:
    source = "from IPython.display import clear_output\nfor n in range(4): clear_output(wait=True); print(n)"
    assert run(printed(shared, source)) == "3\n"


def test_display_update_across_cells(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> OutputArea:
        first = OutputArea()
        await shared.execute("h = display('old', display_id=True)", on_message=first.add)

        def route(message: IOPubMessage) -> None:
            assert message.msg_type == "update_display_data"
            assert first.update_display(display_id(message), message.content["data"], message.content["metadata"])

        await shared.execute("h.update('new')", on_message=route)
        return first

    [output] = run(scenario()).outputs
    assert output["data"]["text/plain"] == "'new'"


def test_figure_and_table(run: Run[Any], shared: Kernel) -> None:
    source = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt, pandas as pd\n"
        "plt.plot([1, 2]); plt.show()\npd.DataFrame({'a': [1]})"
    )
    execution, outputs = run(show(shared, source))
    assert execution.status == "done"
    assert "image/png" in outputs[0]["data"]
    assert "<table" in outputs[1]["data"]["text/html"]
    assert "[image/png]" in observation_text(outputs)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name", "line"),
    [
        ("x = 1\n\n1 / 0", "ZeroDivisionError", 3),
        ("def f(x):\n    return 1 / x\n\nf(0)", "ZeroDivisionError", 2),
        ("import json\n\njson.loads('{')", "JSONDecodeError", 3),
        ("x = 1\ny = (", "SyntaxError", 2),
        ("try:\n    1 / 0\nexcept Exception as e:\n    raise ValueError('Cell In[9], line 7') from e", "ValueError", 4),
        ("raise KeyboardInterrupt2", "NameError", 1),
    ],
)
def test_failing_line(run: Run[Any], shared: Kernel, source: str, name: str, line: int) -> None:
    execution, outputs = run(show(shared, source))
    assert execution.status == "failed"
    assert execution.error is not None
    assert (execution.error.ename, execution.error.line) == (name, line)
    assert outputs[-1]["output_type"] == "error"


def test_failing_line_of_a_function_from_an_earlier_cell(run: Run[Any], shared: Kernel) -> None:
    run(show(shared, "def earlier():\n\n\n    1 / 0"))
    execution, _ = run(show(shared, "x = 1\nearlier()"))
    assert execution.error is not None
    assert execution.error.line == 2


def test_short_traceback(run: Run[Any], shared: Kernel) -> None:
    source = "import json\ndef mine(text):\n    return json.loads(text)\nmine('{')"
    _, outputs = run(show(shared, source))
    text = observation_text(outputs)
    assert "\x1b" not in text
    assert "in mine(text)" in text
    assert "library frame" in text
    assert text.count("File ") == 1
    assert "raw_decode" in text
    assert "JSONDecodeError: " in text.splitlines()[-1]


def test_person_queue_survives_our_error(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> list[Execution]:
        nothing = [lambda m: None] * 2
        return list(
            await asyncio.gather(
                shared.execute("1 / 0", on_message=nothing[0]), shared.execute("1", on_message=nothing[1])
            )
        )

    assert [execution.status for execution in run(scenario())] == ["failed", "done"]


# --- input ------------------------------------------------------------------------------------------------------------


def test_input_and_password(run: Run[Any], shared: Kernel) -> None:
    asked: list[tuple[str, bool]] = []

    async def answer(prompt: str, password: bool) -> str:
        asked.append((prompt, password))
        await asyncio.sleep(0.1)
        return "secret" if password else "name"

    source = "from getpass import getpass\nprint(input('Who? '), getpass('Word? '))"
    _, outputs = run(show(shared, source, on_input=answer))
    assert outputs[0]["text"] == "name secret\n"
    assert asked == [("Who? ", False), ("Word? ", True)]


def test_input_without_anybody_fails(run: Run[Any], shared: Kernel) -> None:
    execution, _ = run(show(shared, "input('Who? ')"))
    assert execution.error is not None
    assert execution.error.ename == "StdinNotImplementedError"


def test_interrupt_while_input_waits(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> Execution:
        async def never(prompt: str, password: bool) -> str:
            await asyncio.sleep(60)
            return ""

        task = await started(shared, "input()", on_input=never)
        await asyncio.sleep(0.2)
        assert await shared.interrupt()
        return await ended(task, 1)

    assert run(scenario()).status == "stopped"
    assert run(printed(shared, "print('fine')")) == "fine\n"


@pytest.mark.parametrize("source", ["print(1, flush=True)\nwhile True: pass", "input()"])
def test_error_of_the_caller_stops_the_cell(run: Run[Any], shared: Kernel, source: str) -> None:
    def fail(message: IOPubMessage) -> None:
        raise OSError("the disk is full")

    async def fail_to_answer(prompt: str, password: bool) -> str:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        run(shared.execute(source, on_message=fail, on_input=fail_to_answer))
    assert run(printed(shared, "print('fine')")) == "fine\n"


# --- interrupt --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", ["import time; time.sleep(60)", "while True: pass", "import asyncio; await asyncio.sleep(60)"]
)
def test_interrupt(run: Run[Any], shared: Kernel, source: str) -> None:
    async def scenario() -> Execution:
        task = await started(shared, source)
        begun = time.monotonic()
        assert await shared.interrupt()
        execution = await ended(task, 1)
        assert time.monotonic() - begun < 2.2
        return execution

    execution = run(scenario())
    assert (execution.status, execution.reason) == ("stopped", "")


def test_interrupt_right_after_the_start(run: Run[Any], own: Kernel) -> None:
    async def scenario() -> None:
        for pause in (0, 0, 0.002, 0.004, 0.006, 0.01):
            task = asyncio.create_task(own.execute("import time; time.sleep(30)", on_message=lambda m: None))
            await asyncio.sleep(pause)
            await own.interrupt()
            assert (await ended(task, 3)).status == "stopped"

    run(scenario())


def test_interrupt_that_the_cell_swallows(run: Run[Any], own: Kernel) -> None:
    async def scenario() -> Execution:
        source = (
            "import time\nend = time.monotonic() + 2.5\nwhile time.monotonic() < end:\n"
            "    try: time.sleep(0.1)\n    except KeyboardInterrupt: pass"
        )
        task = await started(own, source)
        assert not await own.interrupt(timeout=1)
        return await ended(task, 5)

    execution = run(scenario())
    assert execution.status == "done"
    assert "although it was interrupted" in execution.reason


def test_interrupt_by_somebody_else(run: Run[Any], own: Kernel) -> None:
    async def scenario() -> Execution:
        task = await started(own, "import time; time.sleep(60)")
        await own._manager.interrupt_kernel()
        return await ended(task, 2)

    execution = run(scenario())
    assert execution.status == "stopped"
    assert "somebody else" in execution.reason


def test_timeout(run: Run[Any], shared: Kernel) -> None:
    begun = time.monotonic()
    execution, _ = run(show(shared, "import time; time.sleep(60)", timeout=0.5))
    assert time.monotonic() - begun < 3
    assert execution.status == "timeout"
    assert execution.reason == "The cell ran longer than 0.5 s and was interrupted."


def test_reply_that_comes_in_during_a_send_is_heard(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> int:
        # The loop stands still, so that the reply to the first is there when the second is sent.
        first = shared._live.ask("shell")
        time.sleep(0.5)  # noqa: ASYNC251
        second = shared._live.ask("shell")
        done, _ = await asyncio.wait([first, second], timeout=5)
        return len(done)

    assert [run(scenario()) for _ in range(5)] == [2] * 5


def test_cancelled_call_stops_its_cell(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> str:
        task = await started(shared, "import time; time.sleep(60)")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.wait_for(printed(shared, "print('fine')"), 3)

    assert run(scenario()) == "fine\n"


# --- floods -----------------------------------------------------------------------------------------------------------


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_200_mb_of_output(run: Run[Any], shared: Kernel) -> None:
    received = 0
    before = resident_mb()
    area = OutputArea()

    def take(message: IOPubMessage) -> None:
        nonlocal received
        received += len(message.content["text"])
        area.add(message)

    source = "print('first')\nfor n in range(200_000): print('x' * 1_000)\nprint('last')"
    execution = run(shared.execute(source, on_message=take))
    assert execution.status == "done"
    assert received < 10_300_000
    assert resident_mb() - before < 300
    text = area.outputs[0]["text"]
    assert text.startswith("first\n")
    assert "left out" in text
    assert text.endswith("\nlast\n")


def test_interrupt_and_loop_work_in_a_flood(run: Run[Any], shared: Kernel) -> None:
    async def scenario() -> tuple[Execution, float]:
        task = await started(shared, "while True: print('y' * 1_000)")
        longest = 0.0
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun)
        begun = time.monotonic()
        assert await shared.interrupt()
        execution = await ended(task, 2)
        assert time.monotonic() - begun < 2.5
        return execution, longest

    execution, longest = run(scenario())
    assert execution.status == "stopped"
    assert longest < 1


def test_too_many_displays_keep_the_last(run: Run[Any], shared: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_intern_jlab.notebook.handover.MAX_MESSAGES", 20)
    _, outputs = run(show(shared, "for n in range(50): display(n)"))
    assert [o["data"]["text/plain"] for o in outputs if "data" in o] == [*map(str, range(20)), "49"]
    assert outputs[20]["text"] == "[… 29 outputs were too many and left out …]\n"


def test_output_too_large_to_receive(run: Run[Any], own: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_intern_jlab.notebook.connection.MAX_MESSAGE_BYTES", 1_000_000)
    run(own.restart())
    execution, outputs = run(show(own, "print('x' * 3_000_000)"))
    assert execution.status == "done"
    assert "An output of more than 1 MB was left out." in execution.reason
    assert "left out" in outputs[0]["text"]
    assert run(printed(own, "print('fine')")) == "fine\n"


def test_lost_end_of_a_cell(run: Run[Any], own: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_module, "LOST_IDLE_SECONDS", 0.5)
    execution, _ = run(show(own, "get_ipython().kernel._publish_status = lambda *a, **k: None"))
    assert execution.status == "done"
    assert "may be missing" in execution.reason
