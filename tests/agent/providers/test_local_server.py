"""`local:` with a real llama.cpp in a real child process, and a model of a few kilobytes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.model_faults import ModelFault
from ml_intern_jlab.agent.models import context_overflow, create_model, is_transient, readable
from ml_intern_jlab.agent.providers import local_server
from ml_intern_jlab.agent.providers.local_server import LlamaServer, LocalModel, server_for
from ml_intern_jlab.agent.providers.local_weights import LocalFile
from ml_intern_jlab.errors import ModelUnavailable

from .tiny_gguf import WINDOW, write_tiny_gguf

pytest.importorskip("xllamacpp", reason="llama.cpp isn't installed: pip install 'ml-intern-jlab[local]'")
pytest.importorskip("gguf", reason="gguf, which writes the model to test with, isn't installed: pip install gguf")

ASK = [message("user", "hello")]
LETTERS: dict[str, Any] = {"grammar": "root ::= [a-z]+", "ignore_eos": True}
SHORT = {**LETTERS, "max_tokens": 8}
ENDLESS = {**LETTERS, "max_tokens": 100_000}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = write_tiny_gguf(tmp_path_factory.mktemp("weights") / "tiny.gguf")
    yield path
    server_for(LocalFile(path)).stop()


@pytest.fixture
def server(weights: Path) -> LlamaServer:
    return server_for(LocalFile(weights))


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_answers_streams_and_tells_its_window(weights: Path, server: LlamaServer) -> None:
    server.stop()
    heard: list[tuple[str, float | None]] = []
    model = create_model(f"local:{weights}")
    model.on_progress = lambda text, done: heard.append((text, done))
    deltas = list(model.generate_stream(ASK, **SHORT))
    assert len([delta for delta in deltas if delta.content]) > 1
    assert sum(delta.token_usage.output_tokens for delta in deltas if delta.token_usage) == 8
    assert model.cut_off
    assert model.context_window == WINDOW
    assert heard[0][0] == "Loading tiny.gguf"
    assert heard[-1] == ("The model reads the prompt", None)
    assert all(done is None or 0 <= done <= 1 for _, done in heard)


def test_sessions_share_one_child_and_nobody_else_may_ask_it(weights: Path, server: LlamaServer) -> None:
    LocalModel(str(weights)).generate(ASK, **SHORT)
    pid = server.pid
    LocalModel(str(weights)).generate(ASK, **SHORT)
    assert server.pid == pid
    with server.use(lambda text, done: None) as (base_url, key):
        assert httpx.post(f"{base_url}/chat/completions", json={}).status_code == 401
        assert key not in " ".join(psutil.Process(pid).cmdline())


def test_a_prompt_that_is_too_long_is_told_as_such(weights: Path) -> None:
    model = LocalModel(str(weights))
    with pytest.raises(Exception, match="context") as error:
        model.generate([message("user", "hello " * WINDOW)])
    assert context_overflow(error.value)
    assert "tiny.gguf" in readable(error.value, model)


def test_closing_the_stream_ends_the_generation(weights: Path, server: LlamaServer) -> None:
    """There is one slot: the second request would wait for ever for an endless first one."""
    model = LocalModel(str(weights))
    stream = model.generate_stream(ASK, **ENDLESS)
    next(stream)
    stream.close()
    assert LocalModel(str(weights)).generate(ASK, **SHORT).token_usage.output_tokens == 8


def test_after_a_crash_in_mid_reply_the_next_request_starts_it_anew(weights: Path, server: LlamaServer) -> None:
    model = LocalModel(str(weights))
    stream = model.generate_stream(ASK, **ENDLESS)
    next(stream)
    crashed = server.pid
    assert crashed is not None
    os.kill(crashed, signal.SIGKILL)
    with contextlib.suppress(httpx.TransportError, ModelFault):
        # Whatever was still on its way may make the reply whole; otherwise it is a fault that passes.
        list(stream)
    wait_for(lambda: server.pid is None)
    assert model.generate(ASK, **SHORT).token_usage.output_tokens == 8
    assert server.pid not in (None, crashed)


def test_an_idle_child_ends_and_comes_back(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "IDLE_SECONDS", 0.2)
    idle = LlamaServer(LocalFile(weights))
    with idle.use(lambda text, done: None):
        pid = idle.pid
        assert pid is not None
        time.sleep(0.6)
        assert idle.pid == pid, "it isn't idle while somebody uses it"
    wait_for(lambda: idle.pid is None)
    wait_for(lambda: not psutil.pid_exists(pid))
    monkeypatch.setattr(local_server, "IDLE_SECONDS", 600)
    with idle.use(lambda text, done: None):
        assert idle.pid is not None
    idle.stop()


def test_it_ends_with_its_parent_however_that_ends(weights: Path) -> None:
    program = f"""
        import os, signal
        from pathlib import Path
        from ml_intern_jlab.agent.providers.local_server import LlamaServer
        from ml_intern_jlab.agent.providers.local_weights import LocalFile
        server = LlamaServer(LocalFile(Path({str(weights)!r})))
        with server.use(lambda text, done: None):
            print(server.pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, timeout=60)
    pid = int(done.stdout)
    assert done.returncode == -signal.SIGKILL
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_what_llama_cpp_can_not_open_is_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    model = LocalModel(str(broken))
    with pytest.raises(ModelUnavailable, match="can't open") as error:
        model.generate(ASK)
    assert not is_transient(error.value)
    assert server_for(LocalFile(broken)).pid is None


def test_a_stop_while_it_loads_is_heard(weights: Path) -> None:
    """Another request holds the start; who waits for it and is stopped must not wait on."""
    held = LlamaServer(LocalFile(weights))
    with held._lock, pytest.raises(ModelUnavailable, match="stopped"), held.use(lambda t, d: None, lambda: True):
        pass
