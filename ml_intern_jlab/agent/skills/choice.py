"""Chooses the skills that fit a task and fills their skeletons in.

A skill is a markdown file with front matter between `---` lines:

    name: what it is called
    description: one line
    words: a regular expression that is looked for in the task
    unless: kinds of data that it isn't for
    needs: data that it is for: predict, tables, text, images, time (empty: anything)
    plan: items separated by `|`
    first: how the first cell is to be written, which the model is told last
    priority: a number; the highest that fits gives the skeleton
    draft: `yes` where the skeleton, once filled in, is a whole cell that may be run as it is
    after: the skill whose draft must have run before this one's, because it builds on its variables
    owes: a regular expression of words by which a task asks for such a draft itself, not only for what it is good for
        (default: words)

Its body is a Jinja template over the facts of `facts.py`. A body that needs a fact which is unknown loses its code
blocks: a name that isn't filled in never reaches a model. Files in `.ml-intern/skills/` beside the notebook are skills,
too, and replace one of the package of the same name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from ..data_profile import DataProfile, Inspect, profile_data
from ..snippets import snippet
from .facts import template_facts
from .mentions import Mention

MOST = 2
"""Skills of one task at most, but for drafts that the task's words ask for."""
MAX_SKILL_BYTES = 20_000
PROJECT_FOLDER = ".ml-intern/skills"
TOOLKIT = "ml_intern_jlab.toolkit"
WITHOUT_TOOLKIT = (
    "The package ml_intern_jlab is not installed where this notebook's kernel runs, so imports of it fail there. Offer "
    "it first, in a cell of its own: `%pip install -q ml-intern-jlab` (the person is asked). If that is rejected or "
    "fails, do without: huggingface_hub, httpx and pandas directly, and metrics printed as lines such as "
    "`hold-out accuracy: 0.93`."
)
_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.S)
_PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```[ \t]*$", re.M | re.S)
_CODE = re.compile(r"^```.*?^```[ \t]*$", re.M | re.S)


@dataclass(frozen=True)
class Skill:
    """One skill as its file has it; `needs` and `unless` are kinds of data; `whole`: its skeleton is a whole cell;
    `after`: it builds on the variables of that skill's cell; a task with the words of `owes` asks for it."""

    name: str
    description: str
    words: str
    needs: frozenset[str]
    unless: frozenset[str]
    plan: tuple[str, ...]
    priority: float
    body: str
    whole: bool = False
    after: str = ""
    first: str = ""
    owes: str = ""


@dataclass(frozen=True)
class KnowHow:
    """The chosen skills as the model reads them, a plan that fits, and what was found about the data.

    `drafts` are the filled-in skeletons that are whole cells, in the order in which they may run, `owed` those of them
    that build on another and are what the task's words ask for, each with what it is for; `first` says how the first
    cell is to be written, `computed` the lines of a skeleton that compute a question's answer, `reads` how each
    variable of the skeletons is read, `mentions` what a question names.
    """

    text: str = ""
    plan: str = ""
    drafts: tuple[str, ...] = ()
    owed: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    profile: DataProfile = field(default_factory=DataProfile)
    first: str = ""
    computed: str = ""
    reads: tuple[tuple[str, str], ...] = ()
    mentions: tuple[Mention, ...] = ()


def know_how(
    task: object, listing: str, inspect: Inspect, folder: Path | None = None, without: frozenset[str] = frozenset()
) -> KnowHow:
    """The skills for a task.

    Args:
        task: the `TaskFacts`.
        listing: the files there.
        inspect: runs a snippet in the kernel.
        folder: where the project may have skills of its own.
        without: names of skills to leave out, as `skill:NAME`; `profile` fills no skeleton in.
    """
    from ...recipes.task import TaskFacts

    assert isinstance(task, TaskFacts)
    profile = DataProfile() if "profile" in without else profile_data(task, listing, inspect)
    facts = template_facts(task, profile, listing, inspect)
    kinds = facts["kinds"]
    fitting = [skill for skill in choose(read_skills(folder), task.text, kinds) if f"skill:{skill.name}" not in without]
    # What the task asks for in so many words comes first, and is never left out.
    asked = [skill for skill in fitting[1:] if skill.after == fitting[0].name and owes(skill, task.text)]
    # How the first cell is written is for the first skill to say.
    rest = [skill for skill in fitting if skill not in asked and not (skill.first and skill is not fitting[0])]
    chosen = [*rest[:1], *asked, *rest[1:]][: max(MOST, 1 + len(asked))]
    texts, drafts, owed = [], [], []
    coded = ""
    for skill in chosen:
        text = filled(skill.body, facts, code=skill.after == coded)
        if skill.whole and (block := _PYTHON_BLOCK.search(text)):
            drafts.append(block.group(1).strip("\n"))
            if skill.after and owes(skill, task.text):
                owed.append((drafts[-1], skill.description))
        coded = coded or (skill.name if "```" in text else "")
        texts.append(f"# {skill.name}: {skill.description}\n{text}")
    if any(TOOLKIT in text for text in texts) and inspect(snippet("toolkit")).strip() == "absent":
        texts.insert(0, WITHOUT_TOOLKIT)
    plan = next((skill.plan for skill in chosen if skill.plan), ())
    numbered = "\n".join(f"{number}. {item}" for number, item in enumerate((*plan, *(what for _, what in owed)), 1))
    return KnowHow(
        text="\n\n".join(texts),
        plan=numbered,
        drafts=tuple(drafts),
        owed=tuple(owed),
        names=tuple(skill.name for skill in chosen),
        profile=profile,
        first=next((skill.first for skill in chosen if skill.first), ""),
        # What a question names is held against an answer, and what answers it, only where the model was told of it.
        computed=facts.get("answer", "") if any("mentions" in skill.body for skill in chosen) else "",
        reads=tuple(facts["reads"]),
        mentions=facts.get("mentions", ()) if any("mentions" in skill.body for skill in chosen) else (),
    )


def choose(skills: list[Skill], task: str, kinds: frozenset[str]) -> list[Skill]:
    """The skills that fit, best first: all that they need is there, and the task speaks of them or of nothing else."""
    fitting = []
    for skill in skills:
        spoken = bool(skill.words and re.search(skill.words, task, re.I))
        if skill.needs <= kinds and not skill.unless & kinds and (spoken or (skill.needs and not skill.words)):
            fitting.append((skill.priority + spoken, skill.name, skill))
    return [skill for _, _, skill in sorted(fitting, key=lambda each: (-each[0], each[1]))]


def owes(skill: Skill, task: str) -> bool:
    """Whether the task's words ask for the skill's draft itself."""
    return bool(re.search(skill.owes or skill.words or "(?!)", task, re.I))


def read_skills(folder: Path | None) -> list[Skill]:
    """The package's skills and those of a project; a file without front matter or too large is left out."""
    found: dict[str, Skill] = {}
    places = [files(__package__)]
    if folder is not None:
        places.append(folder / PROJECT_FOLDER)
    for place in places:
        if not place.is_dir():
            continue
        for path in sorted(place.iterdir(), key=lambda each: each.name):
            if path.name.endswith(".md") and path.is_file():
                data = path.read_bytes()
                skill = read_skill(data.decode("utf-8", "replace")) if len(data) <= MAX_SKILL_BYTES else None
                if skill:
                    found[skill.name] = skill
    return list(found.values())


def read_skill(text: str) -> Skill | None:
    """A skill from its file's text, None where it has no front matter with a name or its pattern is none."""
    match = _FRONT.match(text.replace("\r\n", "\n"))
    if not match:
        return None
    front = {}
    for line in match.group(1).splitlines():
        key, colon, value = line.partition(":")
        if colon:
            front[key.strip()] = value.strip()
    try:
        re.compile(front.get("words", "")), re.compile(front.get("owes", ""))
        priority = float(front.get("priority") or 0)
    except (re.error, ValueError):
        return None
    if not front.get("name"):
        return None
    return Skill(
        name=front["name"],
        description=front.get("description", ""),
        words=front.get("words", ""),
        unless=frozenset(re.findall(r"\w+", front.get("unless", ""))),
        needs=frozenset(re.findall(r"\w+", front.get("needs", ""))),
        plan=tuple(item.strip() for item in front.get("plan", "").split("|") if item.strip()),
        priority=priority,
        body=match.group(2).strip(),
        after=front.get("after", ""),
        first=front.get("first", ""),
        owes=front.get("owes", ""),
        whole=front.get("draft", "").lower() in ("yes", "true"),
    )


def filled(body: str, facts: dict[str, object], code: bool = True) -> str:
    """The body with its facts filled in; without its code blocks where a fact is unknown or no code is wanted."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for text in (body, _CODE.sub("", body)) if code else (_CODE.sub("", body),):
        try:
            return environment.from_string(text).render(**facts).strip()
        except (TemplateError, TypeError, ValueError):
            continue
    return ""
