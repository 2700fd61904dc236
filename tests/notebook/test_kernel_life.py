"""A real kernel's life: start, attach, restart, death."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.ioloop.manager import AsyncIOLoopKernelManager
from jupyter_client.manager import AsyncKernelManager

from ml_intern_jlab.errors import KernelUnavailable
from ml_intern_jlab.notebook.kernel import Execution, Kernel
from tests.notebook.live_kernel import Run, T, ended, printed, show, started

# --- death and restart ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("os._exit(3)", "exit status 3"),
        ("os.kill(os.getpid(), 9)", "memory"),
        ("ctypes.string_at(0)", "Segmentation fault"),
    ],
)
def test_death_and_a_new_life(run: Run[Any], own: Kernel, source: str, words: str) -> None:
    async def scenario() -> Execution:
        execution = await ended(await started(own, f"import ctypes, os, time; time.sleep(0.5); {source}"), 3)
        assert not own.alive
        with pytest.raises(KernelUnavailable, match="not running"):
            await own.execute("1", on_message=lambda m: None)
        await own.restart()
        assert await printed(own, "print('fine')") == "fine\n"
        return execution

    execution = run(scenario())
    assert execution.status == "died"
    assert words in execution.reason


@pytest.mark.parametrize("now", [True, False])
def test_restart_by_somebody_else(run: Run[Any], own: Kernel, now: bool) -> None:
    async def scenario() -> Execution:
        task = await started(own, "import time; time.sleep(60)")
        restart = asyncio.create_task(own._manager.restart_kernel(now=now))
        execution = await ended(task, 3)
        await restart
        assert await printed(own, "print('fine')") == "fine\n"
        return execution

    assert run(scenario()).status == "restarted"


def test_restart_of_an_idle_kernel_by_somebody_else(run: Run[Any], own: Kernel) -> None:
    run(own._manager.restart_kernel(now=True, newports=True))
    assert run(printed(own, "print('fine')")) == "fine\n"


def test_restart_of_ours(run: Run[Any], own: Kernel) -> None:
    async def scenario() -> Execution:
        task = await started(own, "import time; time.sleep(60)")
        restart = asyncio.create_task(own.restart())
        execution = await ended(task, 1)
        await restart
        assert (await show(own, "1"))[0].execution_count == 1
        return execution

    assert run(scenario()).status == "restarted"


def test_shutdown_by_somebody_else(run: Run[Any], own: Kernel) -> None:
    async def scenario() -> Execution:
        task = await started(own, "import time; time.sleep(60)")
        await own._manager.shutdown_kernel(now=True)
        return await ended(task, 3)

    execution = run(scenario())
    assert execution.status == "died"
    assert "shut down" in execution.reason


# --- start and attach -------------------------------------------------------------------------------------------------


def test_unknown_kernel_name(run: Run[Any]) -> None:
    with pytest.raises(KernelUnavailable, match=r"no kernel named 'fortran-4'.*python3"):
        run(Kernel.start("fortran-4"))


def test_missing_folder(run: Run[Any], tmp_path: Path) -> None:
    with pytest.raises(KernelUnavailable, match=r"No such file or directory\. Choose another folder"):
        run(Kernel.start(cwd=tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (["python", "-c", "import sys; sys.exit('no module named sandwich')"], "no module named sandwich"),
        (["python", "-c", "import time; time.sleep(60)"], "did not answer within 2 s"),
        (["/nowhere/python"], "can't start: .*nowhere"),
    ],
)
def test_kernel_that_does_not_start(
    run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: list[str], words: str
) -> None:
    spec = {"argv": [*program, "{connection_file}"], "display_name": "Broken", "language": "python"}
    folder = tmp_path / "kernels" / "broken"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(KernelUnavailable, match=words):
        run(Kernel.start("broken", timeout=2))


@pytest.fixture
def manager(run: Run[Any]) -> Iterator[AsyncKernelManager]:
    """A kernel that somebody else has started."""
    manager = AsyncKernelManager(kernel_name="python3")
    run(manager.start_kernel())
    yield manager
    run(manager.shutdown_kernel(now=True))


async def with_client(
    manager: AsyncKernelManager, work: Callable[[Kernel, Any], Awaitable[T]], busy: bool = False
) -> T:
    """Attach while somebody else has a client of their own, which perhaps runs a cell already."""
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=30)
        manager.execution_state = "idle"  # type: ignore[attr-defined]  # as the server notes it
        if busy:
            client.execute("import time; time.sleep(1.5); theirs = 1")
            await asyncio.sleep(0.2)
        kernel = await Kernel.attach(manager)
        try:
            return await work(kernel, client)
        finally:
            await kernel.close()
            assert await manager.is_alive()
    finally:
        client.stop_channels()


def test_attach_beside_another_client(run: Run[Any], manager: AsyncKernelManager) -> None:
    async def work(kernel: Kernel, client: Any) -> None:
        for n in range(20):
            theirs, ours = await asyncio.gather(
                client.execute(f"theirs = {n}", reply=True, timeout=10), printed(kernel, f"print({n})")
            )
            assert theirs["content"]["status"] == "ok"
            assert ours == f"{n}\n"

    run(with_client(manager, work))


def test_attach_to_a_busy_kernel_and_wait(run: Run[Any], manager: AsyncKernelManager) -> None:
    async def work(kernel: Kernel, client: Any) -> str:
        assert await show(kernel, "theirs", silent=True)
        return await printed(kernel, "print(theirs)")

    assert run(with_client(manager, work, busy=True)) == "1\n"


def test_stop_while_waiting_spares_the_other_cell(run: Run[Any], manager: AsyncKernelManager) -> None:
    async def work(kernel: Kernel, client: Any) -> tuple[Execution, str]:
        task = asyncio.create_task(kernel.execute("ran = 1", on_message=lambda m: None))
        await asyncio.sleep(0.2)
        assert await kernel.interrupt()
        return await ended(task, 1), await printed(kernel, "print(theirs, 'ran' in globals())")

    execution, text = run(with_client(manager, work, busy=True))
    assert execution.status == "stopped"
    assert "never started" in execution.reason
    assert text == "1 False\n"


def test_request_that_the_kernel_dropped_is_sent_again(run: Run[Any], manager: AsyncKernelManager) -> None:
    async def work(kernel: Kernel, client: Any) -> list[str]:
        await printed(kernel, "print()")
        replies: list[str] = []
        take_reply = kernel.on_reply

        def note(message: dict[str, Any]) -> None:
            replies.append(message["content"].get("status", ""))
            take_reply(message)

        kernel.on_reply = note  # type: ignore[method-assign]
        # Ours is dropped when it stands behind the failing one, sent before the kernel says that it is busy.
        # Two sockets race for that order, so it may take some turns.
        for _ in range(20):
            client.execute("import time; time.sleep(0.3); 1 / 0", stop_on_error=True)
            assert await printed(kernel, "print('fine')") == "fine\n"
            if "aborted" in replies:
                break
        return replies

    assert "aborted" in run(with_client(manager, work))


def test_death_of_a_kernel_that_is_started_again(run: Run[Any]) -> None:
    async def scenario() -> tuple[Execution, str]:
        manager = AsyncIOLoopKernelManager(kernel_name="python3")
        await manager.start_kernel()
        kernel = await Kernel.attach(manager)
        try:
            task = await started(kernel, "import time; time.sleep(60)")
            os.kill(manager.provisioner.pid, signal.SIGKILL)  # type: ignore[union-attr]
            execution = await ended(task, 2)
            return execution, await printed(kernel, "print('fine')")
        finally:
            await kernel.close()
            await manager.shutdown_kernel(now=True)

    execution, text = run(scenario())
    assert execution.status in ("died", "restarted")
    assert text == "fine\n"


def test_closing_twice_and_the_kernel_is_gone(run: Run[Any], tmp_path: Path) -> None:
    async def scenario() -> int:
        async with await Kernel.start(cwd=tmp_path) as kernel:
            assert await printed(kernel, f"import os; print(os.path.samefile('.', {str(tmp_path)!r}))") == "True\n"
            pid: int = kernel._manager.provisioner.pid
        await kernel.close()
        return pid

    pid = run(scenario())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
