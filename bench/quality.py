"""This agent and the stock agent of smolagents, with one and the same model and number of model calls.

    python bench/quality.py --model local:qwen2.5-coder-1.5b [--agents ours,stock] [--sets tables,questions]
    python bench/quality.py --model openai:NAME --base-url URL --tasks wine,ideal --calls 8 --ablate skill

The tables are `bench/tasks/` (or those of `--dir`), the questions `bench/questions.json` (or those of `--questions`). A
table is solved from a share of 0.8 on (see `scoring.py`), a question by the right answer. `wrong` finished and isn't
right. `--ablate PART` also runs this agent without a part of its context: skill, skill:NAME, profile, variables, help,
notebook, files, plan, budget.

The set `skills` (`bench/skills.json`, this agent only) has tasks that ask for more than a file of predictions, each
for one skill: a cell that ran without an error has to show it, too. `--beside FOLDER` puts a model beside the table,
for the task that fine-tunes one. Those without a table work in FOLDER itself, which `bench/sums.py` makes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.attempt import GRACE, SOLVED, text_of  # noqa: E402
from bench.scoring import BadPredictions, Task, read_tasks, score  # noqa: E402
from ml_intern_jlab.protocol import CellProposed  # noqa: E402
from ml_intern_jlab.sessions.journal import Journal  # noqa: E402

NOTEBOOK = "out.ipynb"
JOURNAL = ".journal.db"
ROW = "{:14} {:22} {:>7} {:>6} {:>6} {:>8} {:>8}  {}"
HEAD = ("task", "agent", "result", "steps", "errors", "tokens", "seconds", "remark")


@dataclass(frozen=True)
class Problem:
    """Something to be solved: `task` is a table's, or else `question` has a question's fields.

    `ran` is a pattern that the source or the output of a cell which ran without an error must have besides, or alone
    where there is neither. With `asks` the policy asks before such a cell, and nobody is there: to have proposed it is
    enough.
    """

    name: str
    words: str
    data: Path
    task: Task | None = None
    question: dict[str, Any] | None = None
    ran: str = ""
    asks: bool = False

    def verdict(self, folder: Path, answer: str) -> tuple[bool, str]:
        """Whether what was left in `folder`, or the answer, is right; and a remark."""
        if self.asks:
            done = proposed(folder / JOURNAL, self.ran)
            return done, f"{'a' if done else 'no'} cell proposed {self.ran}"
        if self.task is None and self.question is None:
            done = shown(folder / NOTEBOOK, self.ran)
            return done, f"{'a' if done else 'no'} cell shows {self.ran}"
        if self.question is not None:
            return right_answer(self.question, answer), f"{answer.strip()[:60]!r} for {self.question['answer']!r}"
        try:
            share = self.task.share(score(folder / self.task.output_file, self.task))
        except BadPredictions as error:
            return False, str(error)
        if self.ran and not shown(folder / NOTEBOOK, self.ran):
            return False, f"share {share:.2f}, and no cell shows {self.ran}"
        return share >= SOLVED, f"share {share:.2f}"


def shown(notebook: Path, pattern: str) -> bool:
    """Whether a code cell that ran without an error has the pattern in its source or in a text that it put out."""
    for cell in nbformat.read(notebook, as_version=4).cells if notebook.is_file() else []:
        if cell.cell_type == "code" and not any(each.output_type == "error" for each in cell.outputs):
            texts = [cell.source, *map(text_of, cell.outputs)]
            if cell.execution_count and re.search(pattern, "\n".join(texts), re.I):
                return True
    return False


def proposed(journal: Path, pattern: str) -> bool:
    """Whether a cell with the pattern in its source was proposed."""
    with contextlib.closing(Journal(journal)) as events:
        return any(re.search(pattern, event.source) for event in events.since(0, CellProposed))


def right_answer(question: dict[str, Any], answer: str) -> bool:
    """Whether an answer states the right one: a number within the tolerance, or the text as a word of its own.

    A text may be tagged values, such as `@mean[1.5] @decision[equal]`: each is compared by itself.
    """
    expected = question["answer"]
    if isinstance(expected, str):
        if tags := dict(_TAG.findall(expected)):
            said = dict(_TAG.findall(answer))
            return all(_same(said.get(name, ""), value, question.get("tolerance", 0)) for name, value in tags.items())
        return bool(re.search(rf"(?<!\w){re.escape(expected)}(?!\w)", answer, re.I)) and len(answer) < 200
    # The value closes the sentence or is all there is, but for numbers that the question gave.
    numbers = _NUMBER.findall(answer)
    own = [each for each in numbers if each not in _NUMBER.findall(question["question"])] or numbers
    return bool(own) and _same(own[-1], expected, question["tolerance"])


_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_TAG = re.compile(r"@(\w+)\[([^\]]*)\]")


def _same(said: str, expected: str | float, tolerance: float) -> bool:
    try:
        return abs(float(said.replace(",", "")) - float(expected)) <= tolerance + 1e-9
    except ValueError:
        return said.strip().lower() == str(expected).strip().lower()


def problems(
    sets: list[str], folder: Path, questions: Path, names: list[str], beside: Path | None = None
) -> list[Problem]:
    """The tables of a folder and the questions of a file that are wanted, all where no names are given.

    Tasks that have no table of their own are there only with the folder `beside`.
    """
    found = []
    if "tables" in sets:
        found += [Problem(task.name, task.task, task.folder / "data", task) for task in read_tasks(folder)]
    if "skills" in sets:
        tables = {task.name: task for task in read_tasks(ROOT / "bench/tasks")}
        for each in json.loads((ROOT / "bench/skills.json").read_text("utf-8")):
            if task := tables.get(each["table"]):
                words = f"{task.task} {each['also']}"
                asks = each.get("asks", False)
                found.append(Problem(each["name"], words, task.folder / "data", task, ran=each["ran"], asks=asks))
            elif beside:
                found.append(Problem(each["name"], each["also"], beside, ran=each["ran"]))
    if "questions" in sets:
        for each in json.loads(questions.read_text("utf-8")):
            found.append(Problem(each["name"], each["question"], questions.parent / each["file"], question=each))
    return [each for each in found if not names or each.name in names]


def ours(words: str, folder: Path, options: argparse.Namespace, without: str) -> list[str]:
    """The command that lets this agent work; one of its calls is for the plan."""
    command = [
        sys.executable,
        "-m",
        "ml_intern_jlab.cli",
        "run",
        words,
        "--cwd",
        str(folder),
        "--notebook",
        NOTEBOOK,
    ]
    command += ["--approve", "auto", "--json", "--max-steps", str(options.calls - 1), "--timeout", str(options.timeout)]
    command += ["--journal", str(folder / JOURNAL), *_model(options)]
    return command + (["--without", without] if without else [])


def stock(words: str, options: argparse.Namespace) -> list[str]:
    """The command that lets the stock agent work."""
    return [sys.executable, str(ROOT / "bench/stock.py"), words, "--max-steps", str(options.calls), *_model(options)]


def _model(options: argparse.Namespace) -> list[str]:
    return ["--model", options.model, *(["--base-url", options.base_url] if options.base_url else [])]


def attempt(problem: Problem, agent: str, options: argparse.Namespace) -> dict[str, Any]:
    """Let one agent try one problem in a fresh copy of the data; a row of the table as a mapping."""
    with tempfile.TemporaryDirectory(prefix="quality-") as place:
        folder = Path(options.keep or place) / agent.replace(":", "_") / problem.name
        shutil.rmtree(folder, ignore_errors=True)
        if problem.data.is_dir():
            shutil.copytree(problem.data, folder)
        else:
            folder.mkdir(parents=True)
            shutil.copy(problem.data, folder)
        if options.beside and options.beside != problem.data:
            shutil.copytree(options.beside, folder / options.beside.name)
        without = agent.partition(" without ")[2]
        command = stock(problem.words, options) if agent == "stock" else ours(problem.words, folder, options, without)
        started = time.monotonic()
        said: dict[str, Any] = {}
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=options.timeout + GRACE, check=False
            )
            lines = done.stdout.strip().splitlines()
            said = json.loads(lines[-1]) if lines else {"reason": done.stderr.strip()[-200:]}
        except subprocess.TimeoutExpired as error:
            # What the stock agent said after its last step, and the rest is out of its time.
            lines = (error.stdout or b"").decode().strip().splitlines()
            said = (json.loads(lines[-1]) if agent == "stock" and lines else {}) | {"status": "failed"}
            said["reason"] = "out of time"
        except json.JSONDecodeError:
            said = {"status": "failed", "reason": "no summary"}
        right, remark = problem.verdict(folder, str(said.get("answer") or ""))
        finished = said.get("status") == "finished"
        return {
            "task": problem.name,
            "agent": agent,
            "result": "solved" if right else "wrong" if finished else "failed",
            "steps": said.get("steps", 0),
            "errors": said.get("errors", 0),
            "tokens": said.get("input_tokens", 0) + said.get("output_tokens", 0),
            "seconds": round(time.monotonic() - started, 1),
            "remark": " ".join(filter(None, [remark, str(said.get("reason") or "")[:120]])),
        }


def main() -> None:
    """Run what the command line names, one at a time; a row as each ends, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url", default="")
    parser.add_argument("--agents", default="ours,stock")
    parser.add_argument("--sets", default="tables,questions")
    parser.add_argument("--dir", type=Path, default=ROOT / "bench/tasks", help="the folder of tables")
    parser.add_argument("--questions", type=Path, default=ROOT / "bench/questions.json", help="the file of questions")
    parser.add_argument("--tasks", default="", help="names, separated by commas (default: all)")
    parser.add_argument("--calls", type=int, default=8, help="calls of the model for one task")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one task")
    parser.add_argument("--beside", type=Path, help="a folder that is copied beside the data, such as a model's")
    parser.add_argument("--ablate", action="append", default=[], metavar="PART", help="also run without this part")
    parser.add_argument("--keep", help="leave the working folders here")
    options = parser.parse_args()
    agents = [name for name in options.agents.split(",") if name] + [f"ours without {part}" for part in options.ablate]
    names = [name for name in options.tasks.split(",") if name]
    rows = []
    print(ROW.format(*HEAD), flush=True)
    for problem in problems(options.sets.split(","), options.dir, options.questions, names, options.beside):
        for agent in agents:
            row = attempt(problem, agent, options)
            rows.append(row)
            print(ROW.format(*row.values()), flush=True)
    for agent in agents:
        mine = [row for row in rows if row["agent"] == agent]
        counts = {kind: sum(row["result"] == kind for row in mine) for kind in ("solved", "wrong", "failed")}
        sums = {name: sum(row[name] for row in mine) for name in ("steps", "errors", "tokens", "seconds")}
        print(
            f"{agent}: {counts['solved']} of {len(mine)} solved, {counts['wrong']} wrong, {counts['failed']} failed;",
            end=" ",
        )
        print(", ".join(f"{value:,.0f} {name}" for name, value in sums.items()))


if __name__ == "__main__":
    main()
