from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from ml_intern_jlab.protocol import Mode, Reason, RiskClass
from ml_intern_jlab.sessions.policy import ALWAYS_ASK, Policy, classify, imports_of, risk_of

CELLS = {
    path.stem: path.read_text(encoding="utf-8").removesuffix("\n").split("\n----\n")
    for path in sorted(Path(__file__, "../cells").resolve().glob("*.txt"))
}
"""Labelled cells by what they do: in the style of real notebooks, and in disguises."""
DANGEROUS = [(risk, source) for risk in CELLS if risk not in ("compute", "write") for source in CELLS[risk]]


def reasons(source: str, known: dict[str, str] | None = None) -> list[tuple[int, str, str]]:
    return [(reason.line, reason.risk.value, reason.text) for reason in classify(source, known)]


def classes(source: str, known: dict[str, str] | None = None) -> set[str]:
    return {risk.value for risk in risk_of(classify(source, known))}


@pytest.mark.parametrize("source", CELLS["compute"])
def test_harmless_cell_only_computes(source: str) -> None:
    assert reasons(source) == []


@pytest.mark.parametrize("source", CELLS["write"])
def test_cell_that_writes_here_is_not_dangerous(source: str) -> None:
    assert classes(source) == {"write"}
    assert not Policy().asks(Mode.auto_safe, classify(source))


@pytest.mark.parametrize(("risk", "source"), DANGEROUS)
def test_dangerous_cell_is_seen(risk: str, source: str) -> None:
    assert risk in classes(source)
    assert Policy().asks(Mode.auto_safe, classify(source))


def test_lines_are_those_that_the_person_wrote() -> None:
    source = "\n\nx = 1\n!pip install \\\n   a\n\nimport os\nos.remove('b.csv')\ndf.to_csv('c.csv')\n"
    found = reasons(source)
    assert (4, "install", "installs software (`pip install` in a shell command)") in found
    assert (8, "delete", "deletes b.csv") in found
    assert (9, "write", "writes c.csv in this folder") in found
    assert [line for line, *_ in reasons("%%time\nx = 1\n\nimport os\nos.kill(1, 9)")] == [5]
    assert [line for line, *_ in reasons("exec('a = 1\\nimport os')")] == [1]


def test_texts_say_what_is_done() -> None:
    assert reasons("df.to_csv('/data/x.csv')") == [(1, "outside", "writes /data/x.csv, outside this folder")]
    assert reasons("fig.savefig(path)") == [(1, "outside", "writes a file whose path can't be followed here")]
    assert reasons("pd.read_csv('https://user:pw@example.org/a.csv?token=1')") == [
        (1, "network", "reads from example.org over the network")
    ]
    assert (1, "shell", "runs the shell command `ls -la`") in reasons("!ls -la")


def test_names_of_earlier_cells_are_followed() -> None:
    known = imports_of("import os as o\nfrom shutil import rmtree as sweep")
    known |= imports_of("from pathlib import Path\nOUT = Path('figures')\nUP = '../x'", known)
    second = imports_of("cut = o.remove\nenv = make()", known)
    known |= second
    assert "delete" in classes("cut('a')", known)
    assert "delete" in classes("sweep('a')", known)
    assert classes("fig.savefig(OUT / 'a.png')", known) == {"write"}
    assert classes("df.to_csv(UP)", known) == {"outside"}
    assert classes("env", known) == {"compute"}
    assert classes("requests.get(1)", {"requests": "?"}) == {"compute"}
    assert "network" in classes("requests.get(1)", {})
    assert "network" in classes("api.list_models()", imports_of("from huggingface_hub import HfApi\napi = HfApi()"))


def test_a_name_with_several_values_stays_followed() -> None:
    known = imports_of("p = 'a.csv'\nif x:\n    p = '../b.csv'")
    assert classes("df.to_csv(p)", known) == {"write", "outside"}


def test_a_rebound_name_is_no_longer_what_it_was() -> None:
    assert classes("p = '../a.csv'\np = 'b.csv'\ndf.to_csv(p)") == {"write"}
    assert classes("import os\nos = []\nos.remove(1)") == {"compute"}


@pytest.mark.parametrize(
    "source",
    [
        "x" * 300_000,
        "(" * 5_000 + ")" * 5_000,
        "a" + ".b" * 20_000,
        "!ls\n" * 600,
        "x = '\ud800'",
        "for a in range(9):\n" + "".join(" " * i + "for a in a:\n" for i in range(1, 15)) + " " * 15 + "f(a)",
        "def f(x):\n    f(x)\n    return g(x)\ndef g(x):\n    return f(g(x))\nf(1)",
        "s = 'a'\n" + "s = s + s\n" * 500 + "open(s)",
        "x = ['a', 'b', 'c']\n" + "".join(f"for v{i} in x:\n    p = p + v{i}\n" for i in range(9)) + "open(p, 'w')",
        "'{:>999999999999}'.format('a')\nopen('a' * 10**12, 'w')\n'%999999999d' % 1",
        "%",
        "!",
        "?",
        "%%",
        "\\",
        "\x00",
        "\r\n\x0c",
    ],
)
def test_strange_cells_are_read_or_refused_soon(source: str) -> None:
    started = time.perf_counter()
    classify(source)
    imports_of(source[:1000])
    assert time.perf_counter() - started < 20


def test_broken_pieces_of_cells_never_raise() -> None:
    pieces = [
        "os",
        ".system",
        "('",
        "../x",
        "'",
        ")",
        "\n",
        " ",
        "=",
        "!",
        "%",
        "f'{x}'",
        "lambda",
        "[",
        "*",
        "import ",
    ]
    for parts in itertools.product(pieces, repeat=3):
        classify("".join(parts))


def test_there_are_enough_labelled_cells() -> None:
    assert len(CELLS["compute"]) + len(CELLS["write"]) >= 150
    assert {*CELLS} == {risk.value for risk in RiskClass}
    assert len(DANGEROUS) >= 300


def test_the_tables_rows() -> None:
    policy = Policy()
    of = {risk: [Reason(risk=risk, line=1, text="t")] for risk in RiskClass}
    assert {risk for risk in RiskClass if not policy.asks(Mode.ask, of[risk])} == set()
    assert {risk for risk in RiskClass if not policy.asks(Mode.auto_safe, of[risk])} == {
        RiskClass.compute,
        RiskClass.write,
    }
    assert {risk for risk in RiskClass if policy.asks(Mode.auto, of[risk])} == ALWAYS_ASK
    assert policy.asks(Mode.ask, [])
    assert not policy.asks(Mode.auto_safe, [])
    assert policy.asks(Mode.auto, of[RiskClass.write] + of[RiskClass.shell])


def test_what_a_table_does_not_name_asks() -> None:
    policy = Policy(table={Mode.auto: {RiskClass.compute: "run"}})
    assert policy.asks(Mode.auto, [Reason(risk=RiskClass.write, line=1, text="t")])
    assert policy.asks(Mode.auto_safe, [])
    with pytest.raises(ValidationError):
        Policy.model_validate({"table": {"auto": {"compute": "maybe"}}})
