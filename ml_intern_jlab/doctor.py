"""What is installed, enabled and reachable, and what to do about what is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from .errors import InternError

_REQUIRED = ("jupyterlab", "jupyter_server", "ipykernel", "smolagents", "huggingface_hub", "nbformat", "pydantic")
_RECIPES = ("pandas", "scikit-learn", "matplotlib")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. Only what is `required` makes the doctor unhappy."""

    what: str
    ok: bool
    found: str
    advice: str = ""
    required: bool = True


def examine(model: str = "", base_url: str = "") -> Iterator[Check]:
    """Look at everything, one check after another."""
    yield Check("Python", sys.version_info >= (3, 10), sys.version.split()[0], "Use Python 3.10 or newer.")
    for package in _REQUIRED:
        yield _package(package, f"pip install {package}", required=True)
    for package in _RECIPES:
        yield _package(package, "The recipes' cells import it: pip install 'ml-intern-jlab[recipes]'", required=False)
    yield _listed(
        "server extension",
        ["server", "extension", "list"],
        "ml_intern_jlab",
        "jupyter server extension enable ml_intern_jlab",
    )
    yield _listed("panel", ["labextension", "list"], "ml-intern-jlab", "pip install --force-reinstall ml-intern-jlab")
    yield _kernels()
    yield _journal()
    yield from _providers()
    yield _model(model, base_url)


def _providers() -> Iterator[Check]:
    """What there is to choose from beside the recipes, and where keys may be kept. None of it is required."""
    for package, extra in (("xllamacpp", "local"), ("transformers", "transformers"), ("litellm", "litellm")):
        advice = f"For `{extra}:` models: pip install 'ml-intern-jlab[{extra}]'"
        yield _package(package, advice, required=False)
    yield _keyring()
    from .agent.model_catalog import known_models

    found = [each.label for each in known_models() if each.language_model and each.available]
    some = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    advice = "No server answers on this machine and no weights lie here; the pages on models say how to set one up."
    yield Check("language models", bool(found), some or "none found", advice, required=False)


def _keyring() -> Check:
    import keyring
    from keyring.backends import fail, null

    backend = keyring.get_keyring()
    usable = not isinstance(backend, fail.Keyring | null.Keyring)
    advice = "Without one, keys can only come from the environment or the Hugging Face login."
    return Check("keyring", usable, backend.name if usable else "none", advice, required=False)


def _package(package: str, advice: str, required: bool) -> Check:
    try:
        return Check(package, True, version(package), required=required)
    except PackageNotFoundError:
        return Check(package, False, "not installed", advice, required)


def _listed(what: str, arguments: list[str], name: str, advice: str) -> Check:
    """Ask jupyter itself, which validates what it lists."""
    command = [sys.executable, "-m", "jupyter", *arguments]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(what, False, f"could not be asked for ({error})", advice)
    lines = [line for line in (listing.stdout + listing.stderr).splitlines() if name in line]
    ok = any("enabled" in line for line in lines) and not any(
        mark in line for line in lines for mark in ("X ", "error")
    )
    return Check(what, ok, "enabled" if ok else "not enabled", f"Run: {advice}")


def _kernels() -> Check:
    command = [sys.executable, "-m", "jupyter", "kernelspec", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    names = [line.split()[0] for line in listing.stdout.splitlines()[1:] if line.strip()]
    return Check("kernels", bool(names), ", ".join(names) or "none", "Run: python -m ipykernel install --user")


def _journal() -> Check:
    from .server.extension import default_journal_path
    from .sessions.journal import Journal

    path = default_journal_path()
    try:
        journal = Journal(path)
    except InternError as error:
        return Check("journal", False, str(path), str(error))
    count = len(journal.sessions())
    journal.close()
    return Check("journal", True, f"{path} ({count} sessions)")


def _model(model: str, base_url: str) -> Check:
    """Build the model, and where it is a server's, ask it for one word."""
    from .agent.models import create_model, model_label, readable

    label = model_label(model)
    try:
        built = create_model(model, base_url)
    except InternError as error:
        return Check("model", False, label, str(error))
    if not model or model == "recipes":
        return Check("model", True, f"{label}: nothing leaves this machine")
    try:
        built.generate([{"role": "user", "content": [{"type": "text", "text": "Say OK."}]}])
    except Exception as error:
        return Check("model", False, label, readable(error, built))
    return Check("model", True, f"{label}: answers")
