from __future__ import annotations

import io
import json

import pytest

from ml_intern_jlab.agent import model_catalog
from ml_intern_jlab.cli import main
from ml_intern_jlab.testing import ScriptedServer


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code, *capsys.readouterr()


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_catalog, "LOOPBACK_SERVERS", {"none": "http://127.0.0.1:9/v1"})
    monkeypatch.setattr(model_catalog, "local_files", lambda: iter([]))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model_catalog.forget_found()


def test_models_as_a_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    page = {"data": [{"id": "some", "context_length": 9000, "pricing": {"prompt": "1e-6", "completion": "2e-6"}}]}
    with ScriptedServer([], {"/v1/models": page}) as server:
        chosen = ["--model", "openai:some", "--base-url", server.base_url]
        status, out, _ = run(capsys, "models", *chosen)
        assert status == 0
        assert out.splitlines()[0].split() == ["MODEL", "WINDOW", "IMAGES", "$", "PER", "1M", "IN/OUT"]
        assert out.splitlines()[1].split() == ["openai:some", "9,000", "–", "1/2"]
        status, out, _ = run(capsys, "models", "--json", *chosen)
        assert status == 0
        listed = json.loads(out)
        assert [each["model"] for each in listed] == ["openai:some", "recipes"]
        assert listed[0]["price_out"] == 2.0


def test_a_table_without_language_models_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "models")
    assert status == 0
    assert "No language model was found" in out


def test_a_key_is_kept_and_forgotten_and_never_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.agent.test_models import Memory

    memory = Memory()
    monkeypatch.setattr("keyring.core._keyring_backend", memory)
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-very-secret\n"))
    status, out, err = run(capsys, "key", "set", "https://models.example.org/v1")
    assert status == 0
    assert "models.example.org" in out
    assert "secret" not in out + err
    assert list(memory.kept.values()) == ["sk-very-secret"]
    assert run(capsys, "key", "forget", "models.example.org")[:2] == (
        0,
        "The key for models.example.org was removed.\n",
    )
    assert not memory.kept
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert run(capsys, "key", "set", "hf")[0] == 2


def test_without_a_keyring_it_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.fail import Keyring

    monkeypatch.setattr("keyring.core._keyring_backend", Keyring())
    monkeypatch.setattr("sys.stdin", io.StringIO("x\n"))
    status, _, err = run(capsys, "key", "set", "hf")
    assert status == 1
    assert "Set the key in the environment instead" in err
    assert "Traceback" not in err
