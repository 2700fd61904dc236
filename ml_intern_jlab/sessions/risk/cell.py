"""A cell as IPython would run it: the Python that its syntax stands for, its magics and its shell commands."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...protocol import RiskClass as Risk
from .commands import CODE_MAGICS, MAGICS, commands
from .names import is_secret_name
from .page import page_risks
from .rules import SECRET_PATH
from .values import TAINT, names_in, place_of, shown

if TYPE_CHECKING:
    from IPython.core.inputtransformer2 import TransformerManager

MOST_CHARACTERS = 200_000
MOST_SPECIAL_LINES = 100
KNOWN_EXTENSIONS = names_in(
    """
    autoreload tensorboard line_profiler memory_profiler watermark ml_intern_jlab cudf.pandas cuml.accel nb_black
    lab_black jupyter_black wurlitzer snakeviz scalene autotime autotime.ext pyinstrument heat
    """
)


class Unreadable(Exception):
    """The cell can't be read; the message says why, without a subject ("is longer than …")."""


@dataclass(frozen=True)
class Magic:
    """What a magic does: classes with words for each, and the Python in its line and body, if it runs any."""

    risks: tuple[tuple[Risk, str], ...] = ()
    code: str = ""


@cache
def _transformer() -> TransformerManager:
    # Importing IPython takes half a second, which a server that has no run shouldn't pay at its start.
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def as_python(source: str) -> tuple[str, list[int]]:
    """`source` as IPython hands it to Python, and for each of its lines the line (from 1) that the person wrote.

    Raises:
        Unreadable: the cell is too long, or IPython itself can't read it.
    """
    if len(source) > MOST_CHARACTERS:
        raise Unreadable(f"is longer than {MOST_CHARACTERS:,} characters, too long to be read here")
    lines = (source if source.endswith("\n") else source + "\n").splitlines(keepends=True)
    origin = list(range(1, len(lines) + 1))
    manager = _transformer()
    try:
        for transform in [*manager.cleanup_transforms, *manager.line_transforms]:
            lines, origin = _follow(lines, _apply(transform, lines), origin)
        for _ in range(MOST_SPECIAL_LINES):
            changed, new = manager.do_one_token_transform(lines)
            if not changed:
                return "".join(lines), origin
            lines, origin = _follow(lines, new, origin)
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise Unreadable("is not a cell that IPython can read") from error
    raise Unreadable(f"has more than {MOST_SPECIAL_LINES} magics and commands, more than are read here")


def _apply(transform: Any, lines: list[str]) -> list[str]:
    """One of IPython's transforms, whose types don't say that they take and give lines."""
    return list(transform(lines))


def _follow(old: list[str], new: list[str], origin: list[int]) -> tuple[list[str], list[int]]:
    """The lines `new` that a step made of `old`, with their origins: lines that stayed keep theirs."""
    if old is new or old == new:
        return new, origin
    if len(old) == len(new):
        return new, origin
    shortest = min(len(old), len(new))
    tail = 0
    while tail < shortest and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    head = 0
    while head < shortest - tail and old[head] == new[head]:
        head += 1
    at = origin[min(head, len(origin) - 1)] if origin else 1
    return new, origin[:head] + [at] * (len(new) - head - tail) + origin[len(origin) - tail :]


def automagic(python: str) -> tuple[str, str] | None:
    """The magic's name and the rest of the line, where a cell of one line could be one without its `%`."""
    if len(python.splitlines()) != 1:
        return None
    match = re.match(r"\s*([A-Za-z_]\w*)(?![\w.])(.*)", python)
    known = frozenset().union(*MAGICS.values())
    if match is None or match[1] not in known or match[2].lstrip().startswith(("=", ",")):
        return None
    return match[1], match[2].strip()


def magic(name: str, line: str, body: str | None, folder: str = "") -> Magic:
    """What the magic `%name line` does, with `body` where it is a cell magic, in the working folder `folder`."""
    name = name.lstrip("%")
    called = f"%{name}" if body is None else f"%%{name}"
    risk = next((risk for risk, names in MAGICS.items() if name in names), Risk.opaque)
    code = ""
    if name in CODE_MAGICS:
        code = _without_options(line)
        if body is not None:  # the line of `%%time` and `%%timeit` is code too; other lines are options
            code = (code if name in ("time", "timeit") else "") + "\n" + body
    if risk is Risk.shell:
        text = line if body is None else body
        if name not in ("system", "sx", "sc", "!", "bash", "sh", "script", "cmd", "zsh"):
            text = f"{name} {line}\n{body or ''}"
        risks = commands(text)
        if body is not None and "--bg" in line.split():
            risks += ((Risk.process, f"goes on behind the notebook ({called} --bg)"),)
        return Magic(risks, code)
    if risk is Risk.install:
        return Magic(((Risk.install, f"changes what is installed ({called} {shown(line, 40)})"),))
    if name == "env" or risk is Risk.write:
        return Magic(_file_or_environment(name, called, line, folder))
    if name == "cd" or name == "set_env":
        moves = name == "cd" and place_of(line.strip() or "~", folder) != "inside"
        return Magic(((Risk.outside, f"changes the working folder to {shown(line) or '~'}"),) if moves else ())
    if name in ("config", "load_ext", "reload_ext", "code_wrap") and re.search(r"startup|exec_|\.\.|/", line):
        return Magic(((Risk.opaque, f"sets up code that runs later ({called} {shown(line, 40)})"),))
    if name == "load_ext" and line.strip() not in KNOWN_EXTENSIONS:
        return Magic(((Risk.opaque, f"loads an extension whose effect isn't known here ({called} {shown(line, 40)})"),))
    if name in ("html", "HTML", "svg", "SVG", "markdown") and body is not None:
        return Magic(tuple(page_risks(body)))
    if risk is Risk.opaque:
        return Magic(((Risk.opaque, f"uses the magic {called}, whose effect can't be read here"),))
    if risk is Risk.compute:
        return Magic((), code)
    return Magic(((risk, f"uses the magic {called} {shown(line, 40)}".rstrip()),))


def _without_options(line: str) -> str:
    """The statement of a magic's line after options such as `-n 10 -o`."""
    return re.sub(r"^(\s*-{1,2}[A-Za-z]\S*(\s+\d+(?=\s|$))?)+(\s|$)", "", line)


def _file_or_environment(name: str, called: str, line: str, folder: str) -> tuple[tuple[Risk, str], ...]:
    if name == "env":
        if "=" in line or len(line.split()) > 1 or (line and not is_secret_name(line.strip())):
            return ()
        return ((Risk.credentials, f"shows {'the environment variable ' + line if line else 'the whole environment'}"),)
    try:
        words = [word for word in shlex.split(line) if not word.startswith("-")]
    except ValueError:
        words = []
    path = words[0] if words else TAINT
    if place_of(path, folder) == "inside" and not SECRET_PATH.search(path):
        return ((Risk.write, f"writes {shown(path)} in this folder ({called})"),)
    return ((Risk.outside, f"writes {shown(path)}, which may lie outside this folder ({called})"),)


def program_of(line: str) -> str:
    """The file that `%run line` runs, "" where that isn't a Python file."""
    words = line.split()
    paths = [word.strip("'\"") for word in words if not word.startswith("-")]
    plain = all(word in ("-i", "-t", "-e") for word in words if word.startswith("-"))
    return paths[0] if plain and len(paths) >= 1 and paths[0].endswith(".py") else ""


def lies_here(path: str, folder: str) -> bool:
    """Whether there is something at `path` in the working folder."""
    return bool(folder) and place_of(path, folder) == "inside" and os.path.lexists(os.path.join(folder, path))


def program_here(path: str, folder: str) -> str | None:
    """The source of a Python file in the working folder; None where it lies elsewhere or can't be read."""
    if not path or not folder or place_of(path, folder) != "inside":
        return None
    try:
        file = Path(folder, path).resolve()
        if not file.is_relative_to(Path(folder).resolve()) or file.stat().st_size > MOST_CHARACTERS:
            return None
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
