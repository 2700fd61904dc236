from __future__ import annotations

import pytest

from ml_intern_jlab.agent.answers import (
    answer_verdict,
    described,
    in_form,
    printed,
    short_answer,
    states_result,
    supported,
    without_form,
)
from ml_intern_jlab.protocol import Deliverable


def wants(form: str) -> Deliverable:
    return Deliverable(deliverable_id="d1", kind="answer", description=f"the answer: {form}")


@pytest.mark.parametrize(
    ("answer", "outputs", "status"),
    [
        ("It is 1,073.", "median 1073.0", "passed"),
        ("7439", "1    7439.0   6.8", "passed"),
        ("The median below 1 carat is 7439.", "nan", "failed"),
        ("The median below 1 carat is 7439.", "1 row", "failed"),
        ("20.3 %", "0.20341", "passed"),
        ("20.3 %", "0.2049", "failed"),
        ("About 0.88, of 2 tries.", "rho 0.8814", "passed"),
        ("1.5e3 rows", "1500 rows", "passed"),
        ("-4.2", "the lowest: -4.21", "passed"),
        ("15", "arrived more than 15 minutes late: 15", "passed"),
        ("15", "", "failed"),
    ],
)
def test_an_answer_in_figures_has_to_be_printed(answer: str, outputs: str, status: str) -> None:
    wanted = wants("a number")
    task = "What is the median of those below 1 carat that are 15 minutes late? Answer with a number."
    assert answer_verdict(wanted, answer, outputs, task)[0] == (status == "passed")


@pytest.mark.parametrize(
    ("answer", "outputs", "status"),
    [
        ("EV", "carrier\nEV 15.8\nYV 15.5", "passed"),
        ("The carrier is ev.", "EV 15.8", "passed"),
        ("AA", "EV 15.8", "failed"),
        ("AA", "", "failed"),
        ("The carrier is", "the carrier", "passed"),
    ],
)
def test_an_answer_in_a_name_has_to_be_printed(answer: str, outputs: str, status: str) -> None:
    task = "Which carrier is late most often? Answer with its two-letter code."
    assert described(task) == "the answer: a name"
    wanted = wants("a name")
    assert answer_verdict(wanted, answer, outputs, task)[0] == (status == "passed")


@pytest.mark.parametrize(
    ("form", "right", "wrong"),
    [
        ("JSON", '```json\n{"a": 1}\n```', "a = 1"),
        ("yes or no", "Yes, it is.", "It is."),
        ("a number", "It is 3.5.", "It is high."),
        ("a whole number", "There are 105 rows.", "About 3.5."),
        ("one word", "Adelie", "Adelie penguin"),
        ("one sentence", "It is so.", "It is so. It is not."),
        ("a list", "a, b and c", "a"),
    ],
)
def test_the_form_of_an_answer(form: str, right: str, wrong: str) -> None:
    wanted = wants(form)
    assert answer_verdict(wanted, right, right, "")[0]
    for answer in (wrong, "  "):
        passed, detail = answer_verdict(wanted, answer, "", "")
        assert not passed
        assert detail


@pytest.mark.parametrize(
    ("task", "form"),
    [
        ("What is the mean of a? Number only.", "the answer: a number"),
        ("How many rows has a.csv?", "the answer: in figures"),
        ("What's the average delay per carrier?", "the answer: in figures"),
        ("Which drug is named most? Answer with its name.", "the answer: a name"),
        ("Who wrote most? Why?", "an answer in words"),
    ],
)
def test_the_form_that_a_question_demands(task: str, form: str) -> None:
    assert described(task) == form


@pytest.mark.parametrize(
    ("answer", "form", "outputs", "short"),
    [
        ("The median price is 1,073.0.", "a number", "median: 1073.0", "1073.0"),
        ("The mean is 23.3512 below 1 carat", "a number", "23.351213", "23.35"),
        ("About -4.2 of 17", "a number", "-4.2 17", "About -4.2 of 17"),
        ("-4.236", "a number", "-4.236", "-4.24"),
        ("From 6 to 8945, 568 missing. It is 56807.25.", "a number", "568\n56807.25", "56807.25"),
        (
            "The drug with the most is `Ethinyl / norethindrone`.",
            "a name",
            "Ethinyl / norethindrone   31",
            "Ethinyl / norethindrone",
        ),
        ("It is the drug", "a name", "31", "It is the drug"),
        ("The year in the table is 2015.", "a name", "error in the cell\n2015", "2015"),
        ("It is `EV`, late by 15.8.", "a name", "carrier: EV", "EV"),
        ("There are 12 of them, 3 missing.", "in figures", "12 3", "There are 12 of them, 3 missing."),
    ],
)
def test_words_around_a_short_answer_go(answer: str, form: str, outputs: str, short: str) -> None:
    task = "What is it below 1 carat for the drug with the most? Answer with just that, two decimals."
    assert in_form(answer, wants(form), outputs, task) == short


def test_a_whole_number_has_no_decimals_that_nobody_demands() -> None:
    assert in_form("It is 56,807.0.", wants("a number"), "56807.0", "How many? Answer with just the number.") == "56807"


@pytest.mark.parametrize(
    ("words", "form", "is_result"),
    [
        ("The answer is 1073.0.", "a number", True),
        ("Compute the median price below 1 carat.", "a number", False),
        ("It is 999.", "a number", False),
        ("It is DL.", "a name", True),
        ("Take the carrier with the highest mean.", "a name", False),
        ("It is 1073.0.", "", False),
    ],
)
def test_a_result_is_told_from_a_plan(words: str, form: str, is_result: bool) -> None:
    task = "What is the median price below 1 carat? Which carrier has the highest mean?"
    assert states_result(words, wants(form), "highest mean: DL\n1073.0", task) is is_result


def test_a_note_states_no_figure_before_it_was_computed() -> None:
    note = "The file has 2800 rows. Their median price is 1221.5. It is taken of 3 columns below 1.5 carat.\nSo be it."
    assert supported(note, "2,800 rows\nprice[carat < 1.5]") == (
        "The file has 2800 rows. It is taken of 3 columns below 1.5 carat.\nSo be it."
    )
    assert supported("It is 99.9.", "") == ""
    assert supported("Hold out 20 % of the rows.", "test_size=0.2") == "Hold out 20 % of the rows."
    assert supported("Say what it does. It counts.", "", "Item N\nSay what it does.") == "It counts."


TAGS = "How skewed is it? Answer as @skew[two decimals] @normal[yes or no]."


@pytest.mark.parametrize(("task", "line"), [
    ("What is it? Just the number.", "print(answer)"),
    ("What is it? @mean[value], one decimal.", 'print(f"@mean[{answer:.1f}]")'),
    ("What is it? @mean[..]", 'print(f"@mean[{answer}]")'),
    (TAGS, 'print(f"@skew[{skew:.2f}] @normal[{normal}]")'),
    ("Which? @class[name] @rows[number]", 'print(f"@class[{class_value}] @rows[{rows_value}]")'),
    ("How many, and their mean? @n[..] @mean[..], two decimals", 'print(f"@n[{round(n, 2)}] @mean[{round(mean, 2)}]")'),
])  # fmt: skip
def test_the_line_that_prints_the_answer(task: str, line: str) -> None:
    assert printed(task) == line


def test_values_under_their_names() -> None:
    wanted = wants(described(TAGS).removeprefix("the answer: "))
    assert "@skew[…] @normal[…]" in wanted.description
    assert short_answer(TAGS)
    outputs = "@skew[1.65] @normal[no]"
    assert in_form("It is quite skewed: 1.65.", wanted, outputs, TAGS) == outputs
    assert in_form("@normal[no], so @skew[1.65].", wanted, "", TAGS) == outputs
    assert in_form("No.", wanted, "1.65", TAGS) == "No."
    assert answer_verdict(wanted, outputs, outputs, TAGS) == (True, "The answer was given.")
    assert "lacks normal" in answer_verdict(wanted, "@skew[1.65]", outputs, TAGS)[1]
    assert "No output shows skew (9.9)" in answer_verdict(wanted, "@skew[9.9] @normal[no]", outputs, TAGS)[1]
    assert states_result(outputs, wanted, outputs, TAGS)
    assert in_form("It is 3.", wants("@n[…]"), "3", "How many? @n[..]") == "@n[3]"


@pytest.mark.parametrize(("task", "asked"), [
    ("Which is it? Answer with its name.", "Which is it?"),
    ("Which is it? Only count those with five rows. The name only.", "Which is it? Only count those with five rows."),
    ("Which is it? Just the count, e.g. 3. No more.", "Which is it? Just the count, e.g. 3. No more."),
    ("Which is it, to 3 decimal places?", "Which is it?"),
    ("Return the mean of x as @mean[..]", "Return the mean of x as "),
    ("How many are there? I need @n[..] in all", "How many are there? I need "),
    ("Which has the most? Report it as @name[..]", "Which has the most?"),
])  # fmt: skip
def test_what_a_task_asks_beside_the_form(task: str, asked: str) -> None:
    assert without_form(task).strip() == asked.strip()
