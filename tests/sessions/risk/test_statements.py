from __future__ import annotations

import itertools
import time

import pytest

from ml_intern_jlab.sessions.risk import Knowledge, classify


def after(*sources: str, folder: str = "") -> Knowledge:
    """What is known after cells with these sources."""
    known = Knowledge(folder)
    for source in sources:
        known.learn(source)
    return known


def reasons(source: str, known: Knowledge | None = None) -> list[tuple[int, str, str]]:
    return [(reason.line, reason.risk.value, reason.text) for reason in classify(source, known)]


def classes(source: str, known: Knowledge | None = None) -> set[str]:
    return {risk for _, risk, _ in reasons(source, known)} or {"compute"}


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
    known = after(
        "import os as o\nfrom shutil import rmtree as sweep",
        "from pathlib import Path\nOUT = Path('figures')\nUP = '../x'",
        "cut = o.remove\nenv = make()\nrequests = make()",
    )
    assert "delete" in classes("cut('a')", known)
    assert "delete" in classes("sweep('a')", known)
    assert classes("fig.savefig(OUT / 'a.png')", known) == {"write"}
    assert classes("df.to_csv(UP)", known) == {"outside"}
    assert classes("env", known) == {"compute"}
    assert classes("requests.get(1)", known) == {"compute"}
    assert "network" in classes("requests.get(1)")


def test_classifying_teaches_nothing() -> None:
    known = after("p = 'a.csv'")
    classes("p = '../a.csv'\nclass A:\n    def go(self):\n        os.remove('x')\nimport os\nos.chdir('..')", known)
    assert classes("df.to_csv(p)\nA().go()", known) == {"write"}


def test_a_name_with_several_values_stays_followed() -> None:
    assert classes("df.to_csv(p)", after("p = 'a.csv'\nif x:\n    p = '../b.csv'")) == {"write", "outside"}


def test_a_cell_that_failed_may_have_changed_names_or_not() -> None:
    known = after("p = 'a.csv'")
    known.learn("p = '../a.csv'\n1 / 0", completed=False)
    assert classes("df.to_csv(p)", known) == {"write", "outside"}


def test_a_function_of_an_earlier_cell_is_read_where_it_is_called() -> None:
    known = after("import os\n\n\ndef wipe(path):\n    os.remove(path)", "def tidy(path):\n    wipe(path)")
    assert reasons("x = 1\ntidy('../a.csv')", known) == [
        (2, "outside", "deletes ../a.csv, outside this folder, in tidy() of an earlier cell"),
        (2, "delete", "deletes ../a.csv, in tidy() of an earlier cell"),
    ]
    assert "delete" in classes("list(map(wipe, files))", known)
    assert classes("def wipe(path):\n    return path\nwipe('a')", known) == {"compute"}


def test_a_chain_of_functions_is_read_to_its_end() -> None:
    links = [f"def f{i}():\n    f{i + 1}()" for i in range(12)]
    assert "shell" in classes("f0()", after("import os\ndef f12():\n    os.system('ls')", *reversed(links)))


def test_a_helper_is_judged_by_the_path_of_the_call() -> None:
    known = after("def save(frame, path):\n    frame.to_csv(path)")
    assert classes("def save(frame, path):\n    frame.to_csv(path)") == {"compute"}
    assert classes("save(df, 'a.csv')", known) == {"write"}
    assert classes("save(df, '/srv/a.csv')", known) == {"outside"}
    assert classes("save(df, somewhere)", known) == {"outside"}


def test_the_working_folder_is_inside() -> None:
    known = after("import os", folder="/home/ann/project")
    assert classes("df.to_csv('/home/ann/project/out/a.csv')", known) == {"write"}
    assert classes("pd.read_csv('/home/ann/project/a.csv')", known) == {"compute"}
    assert classes("df.to_csv('/home/ann/project/../a.csv')", known) == {"outside"}
    assert classes("df.to_csv('/home/ann/projects/a.csv')", known) == {"outside"}
    known.learn("os.chdir('..')")
    assert classes("df.to_csv('a.csv')", known) == {"outside"}
    assert classes("df.to_csv('/home/ann/project/a.csv')", known) == {"write"}


def test_what_the_notebook_pickled_it_may_unpickle() -> None:
    known = after("import joblib\njoblib.dump(model, 'a.joblib')")
    assert classes("joblib.load('a.joblib')", known) == {"compute"}
    assert classes("joblib.load('b.joblib')", known) == {"opaque"}
    known.learn("open('a.joblib', 'wb').write(blob)")
    assert classes("joblib.load('a.joblib')", known) == {"opaque"}


def test_a_module_that_the_notebook_wrote_is_read_where_it_is_imported() -> None:
    known = after("%%writefile tools.py\nimport os\ndef go():\n    os.system('ls')", "%%writefile plain.py\nx = 1")
    assert "shell" in classes("import tools\ntools.go()", known)
    assert "shell" in classes("from tools import go", known)
    assert classes("import plain", known) == {"compute"}
    known.learn("open('plain.py', 'a').write(text)")
    assert classes("import plain", known) == {"opaque"}


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
    Knowledge().learn(source[:1000])
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
