"""Publish what the work has made: first a plan of what goes where, then the push, then a check from a clean process.

    plan = publish.plan("model", repo="ada/penguins", private=True, licence="apache-2.0", check=predict)
    plan                              # shows files, sizes, what is overwritten, secrets
    publish.push(plan, "3f2a9c01")    # the number that the plan shows

`predict(folder)` loads the artifact from a folder and returns predictions, in plain values. It runs in a clean process
before, and after on what was read back from the new address; the two must agree. Without a Hub: `folder="published"`.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..redaction import secrets_in
from . import jobs
from .card import card
from .card_facts import gather, journal_path, notebook_path
from .jobs_script import script_of
from .publish_places import Content, FolderPlace, HubPlace, Kind, Place, PublishError, Standing

__all__ = ["MIME", "Plan", "PublishError", "Published", "plan", "push"]

MIME = "application/vnd.ml-intern.publish+json"
"""The media type in which a cell's output carries a plan, for the question that asks whether to publish."""
MOST_READ = 20_000_000
"""Bytes of a text file that are searched for secrets; a longer text blocks, since nobody has read it."""
MOST_SHOWN = 200
LEFT_OUT = {".git", ".cache", "__pycache__", ".ipynb_checkpoints", ".DS_Store"}
CHECK_SECONDS = 600


@dataclass(frozen=True)
class PlannedFile:
    """One file. `state`: whether the place has none of that name, another, or the same; that isn't sent again."""

    path: str
    size: int
    state: Literal["new", "overwritten", "unchanged"]
    content: Content = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """What goes where. Nothing has been sent.

    Attributes:
        address: where it goes.
        private: whether only its owners will see it.
        files: what goes there.
        blocks: why it can't be pushed as it is; [] where it can.
        notes: what is worth knowing.
        expected: what `check` returned at home; None without a check.
    """

    address: str
    kind: str
    private: bool
    licence: str
    files: tuple[PlannedFile, ...]
    blocks: tuple[str, ...]
    notes: tuple[str, ...]
    card: str = field(repr=False)
    expected: Any = field(repr=False)
    check: Callable[[str], Any] | None = field(repr=False)
    place: Place = field(repr=False)
    before: Standing = field(repr=False)

    @property
    def number(self) -> str:
        """Eight characters that stand for this plan alone: the push names them, so that it sends what was seen."""
        facts = [self.address, self.private, self.licence, self.before.commit, sorted(self.before.files.items())]
        facts += [[each.path, each.content.sha256] for each in self.files]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8]

    @property
    def sent(self) -> tuple[PlannedFile, ...]:
        """The files that will be sent."""
        return tuple(each for each in self.files if each.state != "unchanged")

    def __repr__(self) -> str:
        lines = [f"Plan {self.number}: {self.kind} to {self.address}, {self._who()}, licence {self.licence or 'none'}"]
        lines += [f"  {each.state}: {each.path} ({each.size:,} bytes)" for each in self.files[:30]]
        if len(self.files) > 30:
            lines.append(f"  … and {len(self.files) - 30} more files")
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  BLOCKED: {block}" for block in self.blocks]
        lines.append(f'To send it: publish.push(plan, "{self.number}")' if not self.blocks else "It can't be pushed.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(each.path)}</td><td>{each.size:,}</td><td>{each.state}</td></tr>"
            for each in self.files[:MOST_SHOWN]
        )
        words = [f"<b>{html.escape(each)}</b>" for each in self.blocks] + [html.escape(each) for each in self.notes]
        head = f"{self.kind} to {self.address}, {self._who()}, licence {self.licence or 'none'}"
        return (
            f"<p><b>Plan {self.number}</b>: {html.escape(head)}</p>"
            f"<table><thead><tr><th>file</th><th>bytes</th><th></th></tr></thead><tbody>{rows}</tbody></table>"
            + "".join(f"<p>{each}</p>" for each in words)
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The output that a notebook keeps: for the panel, for people, and for the model."""
        facts = {
            "version": 1,
            "number": self.number,
            "address": self.address,
            "kind": self.kind,
            "private": self.private,
            "licence": self.licence,
            "files": [{"path": each.path, "size": each.size, "state": each.state} for each in self.files[:MOST_SHOWN]],
            "file_count": len(self.files),
            "size": sum(each.size for each in self.sent),
            "blocks": list(self.blocks),
            "notes": list(self.notes),
        }
        return {MIME: facts, "text/html": self._repr_html_(), "text/plain": repr(self)}

    def _who(self) -> str:
        return "private" if self.private else "PUBLIC"


@dataclass(frozen=True)
class Published:
    """What was published. `checked` says how many predictions agreed; None without a check."""

    address: str
    commit: str
    files: int
    checked: int | None

    def __repr__(self) -> str:
        seen = "its files are the same when read back"
        if self.checked is not None:
            seen += f", and a clean process makes the same predictions with it ({self.checked} values)"
        return f"{self.address}: {self.files} files were sent; {seen}."

    def _repr_html_(self) -> str:
        said = html.escape(repr(self).removeprefix(self.address))
        shown = html.escape(self.address)
        linked = self.address.startswith(("http://", "https://"))
        return f'<p>{f"""<a href="{shown}">{shown}</a>""" if linked else shown}{said}</p>'


def plan(
    source: str | Path,
    *,
    repo: str = "",
    folder: str | Path = "",
    kind: Kind = "model",
    private: bool = True,
    licence: str = "",
    limits: str = "",
    task_type: str = "",
    check: Callable[[str], Any] | None = None,
    notebook: str | Path | None = None,
    journal: str | Path | None = None,
    space_sdk: str = "",
) -> Plan:
    """Look what would go where. Nothing is sent.

    Args:
        source: a file, or a folder whose files are published, those in hidden folders aside.
        repo: a repository of the Hub, as owner/name; or `folder`, a folder of this machine.
        folder: see `repo`.
        kind: of the repository.
        private: whether only its owners will see it; what a repository that is there already is, it stays.
        licence: its identifier, such as "apache-2.0".
        limits: what the card says about them, besides what was found.
        task_type: the Hub's word for the task, such as "text-classification"; "": told by the metrics.
        check: a function that loads the artifact from a folder and returns predictions; see the module. It goes along
            as `predict.py`.
        notebook: goes along, and the card is written from it; None: the one of this kernel.
        journal: of the server; None: the usual one.
        space_sdk: of a new Space: "gradio", "docker" or "static".

    Raises:
        PublishError: there is nothing to publish, or the place can't be looked at.
        JobFailed: the check failed at home.
    """
    if bool(repo) == bool(folder):
        raise PublishError('Say where it goes: repo="owner/name" on the Hub, or folder="a folder".')
    place: Place = HubPlace(repo, kind, space_sdk) if repo else FolderPlace(Path(folder))
    contents: dict[str, Content | Path | str] = dict(_files(Path(source).expanduser()))
    expected, use = None, ""
    if check is not None:
        expected = _run(check, _staged(contents))
        use = str(script_of(check, {})["script"])
        contents.setdefault("predict.py", use)
    written = notebook_path(notebook)
    if written is not None:
        # As it is now: the very next cell changes the file.
        contents.setdefault(written.name, written.read_text(encoding="utf-8"))
    name = repo.rpartition("/")[2] or place.address.rpartition("/")[2]
    # A card of one's own is left as it is.
    if "README.md" not in contents:
        contents["README.md"] = card(
            gather(written, journal_path(journal)),
            name=name,
            kind=kind if repo else "model",
            licence=licence,
            limits=limits,
            task_type=task_type,
            use=use,
            notebook=written.name if written else "",
        )
    held = {name: each if isinstance(each, Content) else Content.of(each) for name, each in contents.items()}
    before = place.standing()
    return Plan(
        address=place.address,
        kind=place.kind,
        private=before.private if before.exists else private,
        licence=licence,
        files=tuple(_planned(name, content, before) for name, content in sorted(held.items())),
        blocks=tuple(_blocks(held, before, private)),
        notes=tuple(_notes(held, before, check, licence, place.kind)),
        card=held["README.md"].data.decode() if not held["README.md"].path else "",
        expected=expected,
        check=check,
        place=place,
        before=before,
    )


def push(plan: Plan, number: str) -> Published:
    """Send what the plan shows, then read it back from its address and check it.

    What the place has already isn't sent again, so that an interrupted push goes on where it was.

    Args:
        plan: from `plan`.
        number: the one that the plan shows: what was seen is what is sent.

    Raises:
        PublishError: the plan is blocked or another one, a file or the place has changed since, or what was read back
            is not what was sent.
        JobFailed: the check failed on what was read back.
    """
    if number != plan.number:
        raise PublishError(f"That is not the plan that was seen: it is {plan.number}, not {number}. Nothing was sent.")
    if plan.blocks:
        raise PublishError(f"The plan is blocked, and nothing was sent. {' '.join(plan.blocks)}")
    for each in plan.files:
        if each.content.path and (
            not each.content.path.is_file() or Content.of(each.content.path).sha256 != each.content.sha256
        ):
            raise PublishError(f"{each.path} has changed since the plan was made, and nothing was sent. Plan again.")
    commit = plan.before.commit
    if plan.sent:
        sending = {each.path: each.content for each in plan.sent}
        commit = plan.place.send(sending, plan.private, plan.before, f"Publish {len(sending)} files with ml-intern")
    with tempfile.TemporaryDirectory() as held:
        plan.place.fetch(Path(held), commit)
        wrong = [each.path for each in plan.files if not _arrived(Path(held) / each.path, each.content)]
        if wrong:
            raise PublishError(f"{plan.address} was written, but reads back otherwise: {', '.join(wrong[:10])}.")
        got = _run(plan.check, Path(held)) if plan.check else None
    if plan.check and not _same(plan.expected, got):
        raise PublishError(
            f"{plan.address} was written, but predicts something else than at home: {str(got)[:200]} instead of "
            f"{str(plan.expected)[:200]}."
        )
    return Published(plan.address, commit, len(plan.sent), _count(got) if plan.check else None)


# --- small things -------------------------------------------------------------------------------------------------


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    if source.is_file():
        yield source.name, source.resolve()
        return
    if not source.is_dir():
        raise PublishError(f"There is nothing at {source} to publish.")
    found = False
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if path.is_file() and not LEFT_OUT & set(parts) and not any(part.startswith(".") for part in parts[:-1]):
            found = True
            yield "/".join(parts), path.resolve()
    if not found:
        raise PublishError(f"The folder {source} has no files to publish.")


def _staged(contents: dict[str, Any]) -> dict[str, Path]:
    return {name: path for name, path in contents.items() if isinstance(path, Path)}


def _run(check: Callable[[str], Any], where: Path | dict[str, Path]) -> Any:
    """What the check returns in a clean process, for a folder or for files that are laid out as one."""
    import shutil

    with tempfile.TemporaryDirectory() as held:
        if isinstance(where, dict):
            for name, path in where.items():
                target = Path(held) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        folder = str(where if isinstance(where, Path) else held)
        job = jobs.submit(check, {check.__code__.co_varnames[0]: folder}, timeout=CHECK_SECONDS, quiet=True)
        result = job.wait(quiet=True, artifacts=Path(held) / ".none")
    if result is None:
        raise PublishError(f"{check.__name__} returned nothing, so nothing could be compared. Return the predictions.")
    return result


def _planned(name: str, content: Content, before: Standing) -> PlannedFile:
    there = before.files.get(name)
    state: Literal["new", "overwritten", "unchanged"] = "new" if there is None else "overwritten"
    if there is not None and content.same_as(there):
        state = "unchanged"
    return PlannedFile(name, content.size, state, content)


def _blocks(files: dict[str, Content], before: Standing, private: bool) -> Iterator[str]:
    if before.exists and private and not before.private:
        yield "It exists already and is public, though private=True was asked. Say private=False, or take another name."
    for name, content in files.items():
        if not _is_text(content):
            continue
        if content.size > MOST_READ:
            yield f"{name} is a text of {content.size:,} bytes, too long to be searched for secrets."
            continue
        text = (content.path.read_bytes() if content.path else content.data).decode("utf-8", "replace")
        if lines := _secrets(name, text):
            yield f"{name} holds what looks like a secret (line {', '.join(map(str, lines[:5]))}). Take it out."


def _secrets(name: str, text: str) -> list[int]:
    lines = secrets_in(text)
    if not lines and name.endswith((".ipynb", ".json")):
        # Quotes are escaped in JSON, which hides pairs of a name and a secret.
        with contextlib.suppress(ValueError):
            lines = secrets_in("\n".join(_texts(json.loads(text))))
    return lines


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        whole = all(isinstance(each, str) for each in value)
        if whole:
            yield "".join(value)
        else:
            for each in value:
                yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (f"{key}: {each}",) if isinstance(each, str) else _texts(each)


def _is_text(content: Content) -> bool:
    if content.path is None:
        return True
    with content.path.open("rb") as file:
        head = file.read(8192)
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 4
    return True


def _notes(
    files: dict[str, Content], before: Standing, check: Callable[[str], Any] | None, licence: str, kind: str
) -> Iterator[str]:
    if not before.exists:
        yield "It will be created." if kind != "folder" else "The folder will be created."
    if kept := [name for name in before.files if name not in files]:
        yield f"{len(kept)} other files that are there stay: {', '.join(kept[:5])}{' …' if len(kept) > 5 else ''}."
    if not licence:
        yield "No licence is given: others may look at it, but not use it."
    if check is None:
        yield "No check is given: nobody will see whether what is read back predicts the same."
    pickles = [name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".pt", ".bin"))]
    if pickles:
        yield f"{', '.join(pickles[:3])}: loading such a file can run code, so others will have to trust it."


def _arrived(path: Path, content: Content) -> bool:
    return path.is_file() and Content.of(path).sha256 == content.sha256


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(other, int | float) and math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-8)
    return bool(one == other)


def _count(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_count, value))
    return sum(map(_count, value.values())) if isinstance(value, dict) else 1
