"""The examples that the empty panel offers: real data, and a task in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from pydantic import BaseModel, ConfigDict, Field

from ..errors import BadCommand, Refused
from ..protocol import Value

_PACKAGE = Path(__file__).parent.parent
# A wheel carries them inside the package; a checkout has them beside it.
_FOLDER = next((path for path in (_PACKAGE / "examples", _PACKAGE.parent / "examples") if path.is_dir()), _PACKAGE)


class ExampleRequest(BaseModel):
    """Which example goes into which folder of the server's."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=100)
    folder: str = Field(default="", max_length=4096)


class Example(Value):
    """What was copied, and the task to try on it."""

    files: list[str]
    task: str


async def copy_example(request: ExampleRequest, contents: Any) -> Example:
    """Copy an example's data into a folder through the contents manager.

    Raises:
        BadCommand: there is no such example.
        Refused: another file of that name is there; nothing of the person's is overwritten.
    """
    names = sorted(path.parent.name for path in _FOLDER.glob("*/README.md"))
    if request.name not in names:
        raise BadCommand(f"There is no example {request.name!r}. There are: {', '.join(names) or 'none'}.")
    source = _FOLDER / request.name
    folder = request.folder.strip("/")
    copied = []
    for file in sorted(source.glob("*.csv")):
        path = f"{folder}/{file.name}".lstrip("/")
        text = file.read_text(encoding="utf-8")
        if await ensure_async(contents.file_exists(path)):
            there = await ensure_async(contents.get(path, content=True, type="file", format="text"))
            if there["content"] != text:
                raise Refused(f"{path} is there already and is another file. Move it, or use another folder.")
        else:
            await ensure_async(contents.save({"type": "file", "format": "text", "content": text}, path))
        copied.append(path)
    quoted = (line for line in (source / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("> "))
    return Example(files=copied, task=next(quoted, "> ")[2:])
