"""The answer that a task asks back for: the form that it demands, and whether an output supports it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from keyword import iskeyword

from ..protocol import Deliverable
from .metrics import numbers_in

_AMOUNT = r"(?:percentage|count|amount|share|p-value|slope|coefficient|difference|mean|median|total|sum)"
_FORMS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("JSON", r"\b(?:as|in|with|is) (?:a |an )?(?:valid )?json\b", lambda text: _is_json(text)),
    ("yes or no", r"\byes\s*(?:/|or)\s*no\b", lambda text: bool(re.match(r"\W*(?:yes|no)\b", text, re.IGNORECASE))),
    (
        "a whole number",
        r"\b(?:an integer|a whole number)\b",
        lambda text: bool(re.search(r"(?<![\d.])\d+(?![\d.]*\d)", text)),
    ),
    (
        "a number",
        r"\b(?:(?:just|only|single|as) (?:a |the |one )*number|numbers? only|(?:a|the|one) (?:single )?"
        r"(?:number|figure)\b|decimals?\b|decimal places|"
        rf"\b(?:just|only|nothing but) (?:the |its )?{_AMOUNT}\b|\b{_AMOUNT} only\b)",
        lambda text: bool(re.search(r"\d", text)),
    ),
    (
        "a name",
        r"\b(?:answer|reply|respond) with (?:just |only )?(?:its|the|his|her|their|a)\b[^.\n]{0,40}?"
        r"\b(?:name|code|year|month|date|id|label|category|class|value)\b|"
        r"\b(?:give|state|return|write|say|tell me)\b[^.?!\n]{0,40}\bonly\b(?! (?:for|those|rows|if|the))|"
        r"\b(?:just|only) (?:the |its )?[\w'’ ]{0,30}\b(?:name|title|code|label)\b|"
        r"\b(?:name|title|code|label)s? only\b",
        lambda text: len(text) <= 200,
    ),
    ("one word", r"\b(?:one|a single) word\b", lambda text: len(text.split()) == 1),
    (
        "one sentence",
        r"\b(?:one|a single) sentence\b",
        lambda text: len(re.findall(r"[.!?](?:\s+(?=[A-Z])|\s*$)", text)) <= 1,
    ),
    (
        "a list",
        r"\bas (?:a )?(?:(?:comma[- ]separated|bulleted|numbered) )?list\b",
        lambda text: bool(re.search(r"[,;\n]", text)),
    ),
    (
        "in figures",
        r"\bhow (?:many|much)\b|\bwhat (?:percentage|share|proportion|fraction)\b|"
        r"\bwhat(?:['’]s| is| was) the (?:[\w-]+ ){0,3}?(?:number|count|mean|average|median|sum|total|"
        r"correlation|deviation|variance|percentile|share|percentage)\b",
        lambda text: bool(re.search(r"\d|\b(?:no|none|zero)\b", text, re.IGNORECASE)),
    ),
)
_SHORT = ("a number", "a whole number", "a name")
_SHOWN = (*_SHORT, "in figures")
"""The forms of an answer that the outputs have to show; the short ones are that and nothing else."""
_ANSWER = "the answer: "
_ASKS_BACK = re.compile(
    r"\b(?:answer|reply|respond|tell me|report back|return|give (?:me )?(?:the|your) (?:answer|result))\b", re.I
)
_QUESTION = re.compile(
    r"(?:\b(?:what|which|who|how (?:many|much|often|long|old|large)|when|where|why|is there|are there)|"
    r"(?:^|[.!:;,] )(?:do|does|did|is|are|was|were|has|have))\b"
    r"(?:[^.!\n]|\.(?=\w))*\?",
    re.I,
)
_FORM_DEMAND = re.compile(
    r"(?:(?<=[.?!;])|^)\s*(?:please )?(?:"
    r"(?:answer|reply|respond|report|return|write|format|give|round(?:ed)?|as|percent)\b|"
    r"(?:just|only)\b(?! (?:count|use|consider|look|take|include|keep|compare)\b)(?=[^.?!\n]*\b(?:answer|code|count|"
    r"date|day|figure|id|integer|label|letter|month|name|number|percentage|title|value|word|year)s?\b)|"
    r"(?:the )?(?:answer|code|count|figure|name|number|percentage|title|value|word)s? only\b|\w+ decimals?\b)"
    r"(?:[^.?!\n]|\.(?=\w)|(?<=\be\.g)\.|(?<=\bi\.e)\.)*[.!]?\s*\Z",
    re.I,
)
"""A last sentence that says what form the answer must have."""
_NUMBER = r"one|two|three|four|five|six|no|\d"
"""How many decimals there may be, in words or a figure."""
_ROUNDED = re.compile(
    rf"[,(]?\s*(?:both |each )?(?:rounded )?(?:to |with |in |at )?\b(?:{_NUMBER}) decimals?\b"
    r"(?: places?| digits?)?(?: each)?\)?",
    re.I,
)
_FIGURE = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])", re.I)
_DECIMALS = re.compile(rf"\b({_NUMBER}) decimals?\b|\b(nearest (?:integer|whole|unit)|whole \w+)", re.I)
_TAG = re.compile(r"@(\w+)\[([^\]\n]*)\]")
"""A value under its name, such as "@mean_price[two decimals]"."""
_ANY_VALUE = re.compile(r"\W*|(?:the |your |a )?(?:value|number|answer|result|figure|statistic|x+|n)", re.I)
"""What stands for a value of which nothing is said."""
SPLIT = re.compile(
    r"\btrain_test_split\b|\b(?:random_state|test_size)\b|\brandom (?:state|seed)\b|\bseed (?:of )?\d", re.I
)
"""Words of a task that says itself how the rows are split."""
_TAKEN = re.compile(r"df|rows|whole|groups|distinct|filled|scaled|ranges|test|line|stats|pd|np")
"""Variables that the skeletons use."""
_COUNTS = {"no": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def asks_back(task: str) -> bool:
    """Whether the task wants to be answered in words."""
    return bool(_ASKS_BACK.search(task) or _QUESTION.search(task) or _TAG.search(task))


def without_form(task: str) -> str:
    """The task without the last sentences, where these say what form the answer must have."""
    tag = _TAG.search(task)
    asked = task[: tag.start()] if tag else task
    while (rest := _FORM_DEMAND.sub("", asked)) != asked:
        asked = rest
    asked = _ROUNDED.sub("", asked)
    return asked if re.search(r"\w+ \w+ \w+", asked) else _TAG.sub("", task)


def tagged(task: str) -> list[str]:
    """The names of the values that the task wants back as `@name[value]`, in its order."""
    return list(dict.fromkeys(name for name, _ in _TAG.findall(task)))


def variable_of(name: str) -> str:
    """The variable that has the value called `name`: no keyword and none that the skeletons use."""
    return f"{name}_value" if iskeyword(name) or _TAKEN.fullmatch(name) else name


def printed(task: str) -> str:
    """The line that prints the variable `answer`, in the form `@name[value]` where the task wants it so, rounded as it
    says; of several values, those of variables of these names."""
    tags = dict(_TAG.findall(task))
    if not tags:
        return "print(answer)"
    everywhere = _places(_TAG.sub("", task))
    parts = []
    for name, said in tags.items():
        variable, places = "answer" if len(tags) == 1 else variable_of(name), _places(said)
        if places is None and everywhere is not None and _ANY_VALUE.fullmatch(said):
            # Of several, one may be a count.
            value = f"{variable}:.{everywhere}f" if len(tags) == 1 else f"round({variable}, {everywhere})"
        else:
            value = variable if places is None else f"{variable}:.{places}f"
        parts.append(f"@{name}[{{{value}}}]")
    return f'print(f"{" ".join(parts)}")'


def described(task: str) -> str:
    """The deliverable's description for a task that asks back."""
    if names := tagged(task):
        return _ANSWER + " ".join(f"@{name}[…]" for name in names)
    form = next((name for name, pattern, _ in _FORMS if asks_back(task) and re.search(pattern, task, re.I)), "")
    return f"{_ANSWER}{form}" if form else "an answer in words"


def short_answer(task: str) -> bool:
    """Whether the task demands just a number or a name."""
    form = described(task).removeprefix(_ANSWER)
    return form in _SHORT or form.startswith("@")


def answer_form(wanted: Deliverable) -> str:
    """The form that an answer must have, "" where the task demands none."""
    return wanted.description.removeprefix(_ANSWER) if wanted.description.startswith(_ANSWER) else ""


def answer_verdict(wanted: Deliverable, answer: str, outputs: str, task: str) -> tuple[bool, str]:
    """Whether the answer has its form and an output shows it, with a sentence that says why."""
    if not answer.strip():
        return False, "The answer is empty; say in words what was found."
    form = answer_form(wanted)
    if form.startswith("@"):
        return _tags_verdict(form, answer, outputs, task)
    fits = next((fits for name, _, fits in _FORMS if name == form), None)
    if fits and not fits(answer.strip()):
        return False, f"The answer is not {form}, as the task demands."
    shown = _name_shown if form == "a name" else _figure_shown
    if form in _SHOWN and not shown(answer, outputs, task):
        return False, f"No output shows the answer ({answer.strip()[:100]}): let a cell compute and print it."
    return True, "The answer was given."


def _tags_verdict(form: str, answer: str, outputs: str, task: str) -> tuple[bool, str]:
    said = dict(_TAG.findall(answer))
    if missing := [name for name in tagged(form) if not said.get(name, "").strip(" .…")]:
        return False, f"The answer lacks {', '.join(missing)}: the task demands it as {form}."
    for name in tagged(form):
        if not _figure_shown(said[name], outputs, task):
            return False, f"No output shows {name} ({said[name][:100]}): let a cell compute and print it."
    return True, "The answer was given."


def states_result(words: str, wanted: Deliverable, outputs: str, task: str) -> bool:
    """Whether words hold a figure or a name that an output shows and the task doesn't give: a result, not a plan."""
    form = answer_form(wanted)
    if form.startswith("@"):
        return _tags_verdict(form, words, outputs, task)[0]
    if form == "a name":
        return bool(_printed_name(words, outputs, task))
    return form in _SHOWN and _tells_figure(words, outputs, task)


def tells_output(words: str, outputs: str, task: str) -> bool:
    """Whether words hold a name or a figure that an output shows and the task doesn't give."""
    return bool(_printed_name(words, outputs, task)) or _tells_figure(words, outputs, task)


def in_form(answer: str, wanted: Deliverable, outputs: str, task: str) -> str:
    """The answer without the sentence around it, where the task demands just a number or a name and there is one.

    A number is rounded as the task demands. What can't be told for sure stays as it was said.
    """
    form = answer_form(wanted)
    if form.startswith("@"):
        return _in_tags(form, answer, outputs)
    if form not in _SHORT:
        return answer
    if form == "a name":
        return _printed_name(answer, outputs, task) or answer
    given = set(_FIGURE.findall(task))
    stated: list[str] = list(dict.fromkeys(_FIGURE.findall(answer)))
    stated = [each for each in stated if each not in given] or stated
    if len(stated) > 1:  # small models copy what they were told; the last output is what they were asked for
        last = {value for value, _ in numbers_in((outputs.strip().splitlines() or [""])[-1])}
        stated = [each for each in stated if abs(float(each.replace(",", ""))) in last]
    if len(stated) != 1:
        return answer
    figure = stated[0].replace(",", "")
    places = _places(task)
    if places is None or "e" in figure.lower():
        return figure.removesuffix(".0")
    return f"{float(figure):.{places}f}" if len(figure.partition(".")[2]) > places else figure


def _in_tags(form: str, answer: str, outputs: str) -> str:
    """The values of `form` as they stand in the answer, or else in the last output that has them."""
    for text in (answer, *reversed(outputs.splitlines())):
        said = dict(_TAG.findall(text))
        if all(re.search(r"\w", said.get(name, "")) for name in tagged(form)):
            return " ".join(f"@{name}[{said[name].strip()}]" for name in tagged(form))
    figures = _FIGURE.findall(answer)
    return form.replace("…", figures[0]) if len(figures) == form.count("…") == 1 else answer


def _places(words: str) -> int | None:
    """How many decimals the words demand, None where they don't."""
    found = _DECIMALS.search(words)
    if not found:
        return None
    word = (found[1] or "no").lower()
    return _COUNTS[word] if word in _COUNTS else int(word)


def supported(note: str, known: str, form: str = "") -> str:
    """The sentences of a note whose figures are known: before a cell has run, a model can't tell what it will give.

    Args:
        note: what the notebook's reader shall read above the cell.
        known: all that was shown and printed so far, and the cell itself.
        form: what a model was told to write, of which small models copy sentences.
    """
    shown = {value for value, _ in numbers_in(known)}
    kept = []
    for sentence in re.split(r"(?<=[.!?])(?=\s)|(?=\n)", note):
        stated = [value for value, places in numbers_in(sentence) if value >= 10 or places > 0]
        known_all = all(value in shown or value / 100 in shown for value in stated)  # "20 %" of a `test_size=0.2`
        if known_all and not (sentence.strip() and sentence.strip() in form):
            kept.append(sentence)
    return "".join(kept).strip()


def _printed_name(answer: str, outputs: str, task: str) -> str:
    """What was printed last, as a line or a part of one, that stands in the answer and isn't all the task's words."""
    given = set(re.findall(r"\w+", task.lower()))
    for line in reversed(outputs.splitlines()):
        for part in (line, *re.split(r"\s{2,}|\t|[:=]\s", line)):
            name = part.strip(" .,;:!?\"'`*()[]")
            new = set(re.findall(r"\w+", name.lower())) - given
            if new and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", answer):
                return name
    return ""


def _tells_figure(words: str, outputs: str, task: str) -> bool:
    given = {value for value, _ in numbers_in(task)}
    return any(value not in given for value, _ in numbers_in(words)) and _figure_shown(words, outputs, task)


def _figure_shown(answer: str, outputs: str, task: str) -> bool:
    """Whether a figure of the answer stands in the outputs as precisely, perhaps as a share instead of a percentage.

    Figures that the task itself gives ("below 1 carat") tell nothing, unless the answer has no other.
    """
    given = {value for value, _ in numbers_in(task)}
    stated = list(numbers_in(answer))
    if not stated:
        return True  # "none", which `_FORMS` let pass
    stated = [each for each in stated if each[0] not in given] or stated
    shown = [value * factor for value, _ in numbers_in(outputs) for factor in (1, 100, 0.01)]
    return any(abs(value - other) <= 0.51 * 10**-places for value, places in stated for other in shown)


def _name_shown(answer: str, outputs: str, task: str) -> bool:
    """Whether a word of the answer that the task doesn't give stands in the outputs."""
    said, given, printed = (set(re.findall(r"[\w&+-]+", text.lower())) for text in (answer, task, outputs))
    return bool((said - given or said) & printed)


def _is_json(text: str) -> bool:
    match = re.search(r"```(?:json)?\s*(.*?)```", text, re.DOTALL)
    try:
        json.loads(match[1] if match else text)
    except ValueError:
        return False
    return True
