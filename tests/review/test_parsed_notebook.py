from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.errors import NotebookUnavailable
from ml_intern_jlab.review.notebook_rules import findings, review
from ml_intern_jlab.review.parsed_notebook import parse, read_notebook


def code(*sources: str) -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "source": source, "execution_count": i, "outputs": []}
            for i, source in enumerate(sources, 1)
        ]
    }


def test_magics_and_shell_lines_are_read_as_python_with_their_lines_kept() -> None:
    [cell] = parse(code("%%time\nx = 1\n!ls {x}\ny = %pwd")).code
    assert cell.tree is not None
    assert [node.lineno for node in cell.tree.body] == [2, 3, 4]
    assert cell.magics == ("%%time", "!ls {x}", "y = %pwd")


def test_a_notebook_of_format_3() -> None:
    old = {
        "nbformat": 3,
        "metadata": {},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "source": "Title", "level": 1},
                    {
                        "cell_type": "code",
                        "input": ["print(\n", "nowhere)"],
                        "prompt_number": 4,
                        "outputs": [
                            {"output_type": "stream", "stream": "stdout", "text": "hi"},
                            {"output_type": "pyerr", "ename": "NameError", "evalue": "nowhere"},
                        ],
                    },
                ]
            }
        ],
    }
    notebook = parse(old)
    assert (notebook.prose[0].source, notebook.code[0].count) == ("Title", 4)
    assert {rule.id for rule, _ in findings(notebook)} >= {"undefined_name", "error_output", "skipped_counts"}


def test_another_language_is_not_read_as_python() -> None:
    document = code("x <- c(1, 2)\nprint(nowhere)", "password = 'hunter2hunter'")
    document["metadata"] = {"kernelspec": {"language": "R", "name": "ir"}}
    assert {finding.rule for finding in review(document)} == {"secrets"}


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5_000,
        "-" * 20_000 + "1",
        "not " * 5_000 + "x",
        "x" + ".a" * 5_000,
        "x" + "[0]" * 3_000,
        "1" + "+1" * 20_000,
        "lambda: " * 2_000 + "1",
        "if x:\n" + "".join(" " * i + "if x:\n" for i in range(1, 150)) + " " * 150 + "pass",
        "a = 1 if x else " * 2_000 + "2",
        "\x00\ufeff\u202e",
        "f'" + "{x}" * 5_000 + "'",
        "def f():\n    return f()\nf()",
        "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\nf(1)",
        "x = []\nx.append(x)\nfor y in x:\n    x = [x, y]",
        "\n".join(f"def f{i}():\n    return f{i + 1}() + f{i + 1}()" for i in range(40)) + "\nf0()",
    ],
    ids=lambda source: source[:12].strip(),
)
def test_hostile_sources_end_soon(source: str) -> None:
    review(code(source, "import pandas as pd\ndf = pd.read_csv('a.csv')"))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"cells": {}}', b"null"])
def test_a_file_that_is_no_notebook_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookUnavailable, match="notebook"):
        read_notebook(path)


def test_a_notebook_of_200_cells_is_reviewed_quickly() -> None:
    head = "import pandas as pd\nfrom sklearn.linear_model import Ridge\n"
    head += "from sklearn.model_selection import train_test_split\n"
    cell = (
        "df = pd.read_csv('a.csv')\nX, y = df.drop(columns='y'), df['y']\n"
        "a, b, c, d = train_test_split(X, y, random_state=0)\nfor alpha in (1, 2):\n"
        "    model = Ridge(alpha).fit(a, c)\n    print('R2', model.score(b, d))\n"
    )
    document = code(head, *([cell] * 199))
    review(document)
    start = time.process_time()  # of this process, so that a loaded machine doesn't count
    review(document)
    assert time.process_time() - start < 1


def test_a_giant_notebook_is_read(tmp_path: Path) -> None:
    document = code("print('x')")
    document["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "a@b.cd 1.5\n" * 3_000_000}]
    path = tmp_path / "giant.ipynb"
    path.write_text(json.dumps(document))
    assert "giant_output" in {rule.id for rule, _ in findings(read_notebook(path))}


@pytest.mark.parametrize("text", ["x.a" * 30_000, "1" * 90_000, "\n" * 50_000, "a@" * 40_000, "accuracy 0.9 " * 7_000])
def test_long_lines_take_no_long_time(text: str) -> None:
    document = code("print(df['y'].value_counts())")
    document["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    document["cells"].append({"cell_type": "markdown", "source": text})
    start = time.process_time()
    review(document)
    assert time.process_time() - start < 5
