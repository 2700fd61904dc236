"""What a test does with a live kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import nbformat.v4

from ml_intern_jlab.notebook.kernel import Execution, Kernel
from ml_intern_jlab.notebook.outputs import OutputArea
from ml_intern_jlab.protocol import IOPubMessage

T = TypeVar("T")
Run = Callable[[Awaitable[T]], T]


async def show(kernel: Kernel, source: str, **options: Any) -> tuple[Execution, list[dict[str, Any]]]:
    """Run a cell; how it ended and its outputs, which are valid in a notebook."""
    area = OutputArea()
    execution = await kernel.execute(source, on_message=area.add, **options)
    cell = nbformat.v4.new_code_cell(source, outputs=area.outputs)
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    return execution, area.outputs


async def printed(kernel: Kernel, source: str) -> str:
    execution, outputs = await show(kernel, source)
    assert execution.status == "done"
    return "".join(output["text"] for output in outputs)


async def started(kernel: Kernel, source: str, **options: Any) -> asyncio.Task[Execution]:
    """A cell that is running: it has printed its first line."""
    begun = asyncio.Event()

    def take(message: IOPubMessage) -> None:
        begun.set()

    task = asyncio.create_task(kernel.execute(f"print('begun', flush=True)\n{source}", on_message=take, **options))
    await asyncio.wait_for(begun.wait(), 20)
    return task


async def ended(task: asyncio.Task[Execution], within: float) -> Execution:
    return await asyncio.wait_for(asyncio.shield(task), within)
