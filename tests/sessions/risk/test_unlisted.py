"""What no table names: modules that aren't known, verbs, places in arguments, functions that are handed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_intern_jlab.protocol import RiskClass as Risk
from ml_intern_jlab.sessions.policy import Knowledge, risk_of


def classes(source: str, folder: str = "", *earlier: str) -> set[Risk]:
    known = Knowledge(folder)
    for each in earlier:
        known.learn(each)
    return set(risk_of(known.classify(source))) - {Risk.compute}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import frobnicate", {Risk.opaque}),
        ("from frobnicate.core import thing as t", {Risk.opaque}),
        ("import sklearn.cluster, torch.nn as nn, polars as pl", set()),
        ("client.upload_table(df)", {Risk.publish}),
        ("service.create_gpu_cluster(4)", {Risk.spend}),
        ("store.wipe_everything()", {Risk.delete}),
        ("df.upload_date.max()", set()),
        ("np.delete(a, 0)", set()),
        ("anything('/srv/x')", {Risk.outside}),
        ("anything(where='../x.bin')", {Risk.outside}),
        ("anything('https://h.example/x')", {Risk.network}),
        ("df.url.str.startswith('https://h.example'); print('/srv/x')", set()),
        ("list(map(os.getenv, ['HF_TOKEN']))", {Risk.credentials}),
        ("pool.starmap(shutil.copy, [('a', '/srv/a')])", {Risk.outside}),
        ("os.unshare(0)", {Risk.opaque}),
        ("os.cpu_count(); os.path.getmtime('a')", set()),
        ("row.os.value_counts()", set()),
        ("open(os.path.join(os.path.dirname(os.getcwd()), 'a'), 'w')", {Risk.outside}),
        ("create_engine('sqlite:///a.db')", set()),
        ("open(b'/etc/hosts')", {Risk.outside}),
        ("%load_ext frobnicate", {Risk.opaque}),
    ],
)
def test_what_is_unknown_is_taken_for_the_worse(source: str, found: set[Risk]) -> None:
    assert found <= classes(source)
    assert bool(found) is bool(classes(source))


def test_an_unknown_module_stays_so_in_later_cells() -> None:
    assert classes("f.run()", "", "import frobnicate as f") == {Risk.opaque}


def test_modules_in_the_folder_are_read(tmp_path: Path) -> None:
    here = str(tmp_path)
    (tmp_path / "plain.py").write_text("def keep(table, path):\n    table.to_csv(path)\n")
    (tmp_path / "wild.py").write_text("import shutil\ndef tidy():\n    shutil.rmtree('data')\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "deep.py").write_text("from plain import keep\n")
    assert classes("import plain\nplain.keep(df, 'a.csv')", here) == {Risk.write}
    assert classes("from plain import keep\nkeep(df, '/srv/a.csv')", here) == {Risk.outside}
    assert classes("keep(df, '/srv/a.csv')", here, "from plain import keep") == {Risk.outside}
    assert Risk.delete in classes("import wild", here)
    assert classes("from src import deep", here) == set()
    assert classes("import sys\nsys.path.append('src')\nimport deep", here) == set()
    (tmp_path / "pandas.py").write_text("import os\nos.system('id')\n")
    (tmp_path / "numpy.py").symlink_to("/etc/hostname")
    assert Risk.shell in classes("import pandas as pd", here)
    assert classes("from numpy import mean", here) == {Risk.opaque}
    assert classes("import absent", here) == {Risk.opaque}
    assert classes("import plain", "") == {Risk.opaque}
