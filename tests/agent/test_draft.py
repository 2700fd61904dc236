from __future__ import annotations

import pytest

from ml_intern_jlab.agent.draft import DoesNotFit, changed, whole
from ml_intern_jlab.agent.reply import read_turn

DRAFT = (
    'models = {\n    "linear": Ridge(),\n    "trees": Forest(),\n}\nfor name in models:\n    fit(name)\nprint("done")'
)


def test_lines_are_changed_removed_and_added_where_they_stand() -> None:
    text = changed(
        DRAFT, '@@ -1,3 +1,4 @@\n     "linear": Ridge(),\n-    "trees": Forest(),\n+    "near": Neighbours(),'
    )
    assert text == DRAFT.replace('"trees": Forest()', '"near": Neighbours()')
    assert changed(DRAFT, '-print("done")') == DRAFT.removesuffix('\nprint("done")')
    assert changed(DRAFT, "+save()") == DRAFT + "\nsave()"


def test_two_changes_need_nothing_between_them() -> None:
    text = changed(DRAFT, '-    "trees": Forest(),\n+    "trees": Forest(500),\n-    fit(name)\n+    score(name)')
    assert '    "trees": Forest(500),\n}' in text
    assert "    score(name)" in text


def test_a_wrong_indentation_and_wrong_surroundings_are_forgiven() -> None:
    assert "    fit_all(name)" in changed(DRAFT, "-fit(name)\n+fit_all(name)")
    assert "    fit_all(name)" in changed(DRAFT, " something else\n-    fit(name)\n+    fit_all(name)")


def test_a_line_that_is_not_there_is_named() -> None:
    with pytest.raises(DoesNotFit, match="no line `refit\\(\\)`"):
        changed(DRAFT, "-refit()\n+fit()")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Item 1\nIt does what is asked.\nRUN DRAFT", DRAFT),
        ("Item 1\n**Run draft.**", DRAFT),
        ("Item 1\n```python\n# RUN DRAFT\n```", DRAFT),
        (
            "Item 1\nI change it.\nRUN DRAFT\n```diff\n-    fit(name)\n+    score(name)\n```",
            DRAFT.replace("fit", "score"),
        ),
        ("Item 1\n```diff\n-old\n+new\n```", "new"),
        ("Item 1\nRUN DRAFT\n```python\nx = 1\n```", "x = 1"),
        ("Item 1\nWe run the draft and look at it.", None),
    ],
)
def test_an_answer_may_take_the_draft_change_a_cell_or_be_its_own(answer: str, code: str | None) -> None:
    assert whole(read_turn(answer), DRAFT, "old").code == code


def test_without_a_draft_there_is_nothing_to_run() -> None:
    assert whole(read_turn("RUN DRAFT"), "", "old").code is None
