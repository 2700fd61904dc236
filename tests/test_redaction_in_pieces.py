"""A secret that comes in pieces, and one in a log."""

from __future__ import annotations

import io
import itertools
import logging
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_intern_jlab.redaction import MARK, Pieces, RedactingFilter, redact, safe_logger

from .test_redaction import BODY, PLAIN, SECRET

KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n{BODY}\n-----END PRIVATE KEY-----"


def shown(pieces: Iterable[str]) -> str:
    stream = Pieces()
    return "".join([*map(stream.add, pieces), stream.end()])


@pytest.mark.parametrize("text", [*PLAIN, "epoch 1/3 ...\r", "https://example.org/a/b is a page\n"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_plain_text_arrives_whole(text: str, size: int) -> None:
    assert shown(text[at : at + size] for at in range(0, len(text), size)) == text


def test_plain_text_is_not_held_back() -> None:
    stream = Pieces()
    assert [stream.add(piece) for piece in ["epoch 1 ", "loss 0.3", ".", "."]] == ["epoch 1 ", "loss 0.3", ".", "."]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    secret=st.sampled_from([*SECRET, KEY]),
    cuts=st.lists(st.integers(0, 300), max_size=8),
    before=st.sampled_from(["", "It is ", "x = 1\n"]),
    after=st.sampled_from(["", "\nnext", " and so on"]),
)
def test_a_secret_is_found_wherever_it_is_cut(secret: str, cuts: list[int], before: str, after: str) -> None:
    text = before + secret + after
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    told = shown(text[start:stop] for start, stop in itertools.pairwise(places))
    whole = redact(text)
    hidden = [part for part in whole.split(MARK) if part]
    assert MARK in told
    assert all(part.strip() in told for part in hidden)
    for part in text.replace(MARK, "").split("\n"):
        if part not in whole and len(part) > 8:
            assert part not in told


def test_a_value_of_the_environment_is_found_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PASSWORD", "battery-staple")
    told = shown("Is it battery-staple? Or batteries?")
    assert told == f"Is it b{MARK}? Or batteries?"


def test_what_is_held_back_is_bounded() -> None:
    stream = Pieces()
    stream.add("-----BEGIN PRIVATE KEY-----\n")
    pieces = [stream.add("a" * 1000) for _ in range(50)]
    assert "".join(pieces[:19]) == ""
    assert "".join(pieces).startswith(MARK)


def test_a_log_holds_no_secret() -> None:
    logger = safe_logger("ml_intern_jlab.tests.log")
    assert safe_logger("ml_intern_jlab.tests.log").filters == logger.filters
    assert len(logger.filters) == 1
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    try:
        logger.error("The key %s was refused by %s.", SECRET[0], "it")
        try:
            raise ValueError(SECRET[1])
        except ValueError:
            logger.exception("It failed.")
    finally:
        logger.removeHandler(handler)
    assert f"The key {MARK} was refused by it." in out.getvalue()
    assert "ValueError: I use [redacted] here" in out.getvalue()
    assert BODY not in out.getvalue()


def test_every_logger_of_ours_is_a_safe_one() -> None:
    import ml_intern_jlab.notebook.kernel
    import ml_intern_jlab.server.routes
    import ml_intern_jlab.sessions.run  # noqa: F401

    ours = [
        logger
        for name, logger in logging.Logger.manager.loggerDict.items()
        if name.startswith("ml_intern_jlab.") and isinstance(logger, logging.Logger)
    ]
    assert len(ours) >= 5
    assert all(any(isinstance(each, RedactingFilter) for each in logger.filters) for logger in ours)
