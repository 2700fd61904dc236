"""Real kernels for the tests. One loop serves a module, so that its tests can share a kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.notebook.kernel import Kernel
from tests.notebook.live_kernel import Run, T


@pytest.fixture(scope="module")
def run() -> Iterator[Run[Any]]:
    loop = asyncio.new_event_loop()

    async def bounded(work: Awaitable[T]) -> T:
        return await asyncio.wait_for(work, 30)

    yield lambda work: loop.run_until_complete(bounded(work))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture(scope="module")
def shared(run: Run[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel for the tests that leave it as it was."""
    kernel = run(Kernel.start(cwd=tmp_path_factory.mktemp("shared")))
    yield kernel
    run(kernel.close())


@pytest.fixture
def own(run: Run[Any], tmp_path: Path) -> Iterator[Kernel]:
    """A kernel for a test that breaks it."""
    kernel = run(Kernel.start(cwd=tmp_path))
    yield kernel
    run(kernel.close())
