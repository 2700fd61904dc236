"""What a call may do that no table lists: read from its verb, from the texts that it is given and from the functions
that are handed to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...protocol import RiskClass as Risk
from .known import COMPUTING
from .names import matcher
from .results import Call, each
from .rules import OPENERS, READS, WRITES
from .values import PLACEHOLDERS, Items, PathText, Qualified, Value, text_of

if TYPE_CHECKING:
    from .calls import CallReader

VERBS = tuple(
    (risk, words, re.compile(pattern, re.VERBOSE))
    for risk, words, pattern in (
        (Risk.publish, "sends something out, by its name", r"""
            upload(_\w+)? | publish(_\w+)? | tweet | toot | chat_postMessage | post_(message|comment|status|to)\w*
            | send_(message|mail|email|file|photo|document|sms|text|webhook)\w*
            | sendmail | push_(to|data|file|model|image|repo)\w*
            | share_(link|publicly|with)\w*
            | create_(issue|pull|pull_request|release|gist|comment|repo|space|post|tweet|paste)\w*"""),
        (Risk.spend, "can cost money, by its name", r"""
            deploy(_\w+)? | provision\w* | purchase\w* | place_order | run_(uv_)?job | generate_content
            | create_(\w+_)?(endpoint|job|cluster|instances?|deployment|droplet|vm)
            | submit_(\w+_)?(job|run|training) | (launch|start)_(\w+_)?(job|instances?|cluster)"""),
        (Risk.network, "uses the network, by its name", r"""
            fetch_(?!all$|one$|many$)\w+ | download(_\w+)? | scrape\w* | crawl\w*"""),
        (Risk.delete, "deletes something, by its name", r"""
            drop_(all|tables?|collection|database|schema|indexes) | delete(_\w+)? | purge\w* | wipe\w* | destroy\w*
            | rmtree | unlink | erase\w* | flush(all|db) | remove_(dir|tree|file)\w*"""),
        (Risk.shell, "runs a program, by its name", r"""
            (run|exec|execute)_(command|shell|cmd)\w* | getoutput | popen | spawnu?"""),
        (Risk.credentials, "reads a secret, by its name", r"""
            (get|read|access|fetch|load)_(secret|password|credential|token|api_?key)\w*"""),
        (Risk.process, "starts or ends a process, by its name", r"""
            serve(_forever)? | kill(_\w+)? | run_server | start_server | reboot | shutdown_(kernel|server|host)"""),
    )
)  # fmt: skip
"""What a function or method of unknown origin is taken to do for what it is called."""

EVERYWHERE = (Risk.publish, Risk.spend, Risk.network, Risk.shell, Risk.process)
"""Classes that such a verb tells of in a module of computing too."""

TEXT_TAKERS = re.compile(
    r"builtins\..*|get_ipython\(\)\..*|re\..*|regex\..*|urllib\.parse\..*|warnings\.\w+|logging\..*|json\.(dumps|loads)|hashlib\..*|os\.path\..*|"
    r"(posix|nt)path\..*|pathlib\..*|fnmatch\..*|typing\..*|dataclasses\..*|collections\..*|argparse\..*|datetime\..*|"
    r"IPython\.display\..*|pandas\.(Series|DataFrame|Index|concat|to_datetime|isna|Categorical)|numpy\.(array|char\..*|where)|"
    r"matplotlib\..*|.*\.str(\(\))?\..*|"
    r"(.*\.)?(print|info|debug|warning|error|exception|critical|log|startswith|endswith|replace|split|rsplit|partition|"
    r"rpartition|join|format|find|rfind|index|count|contains|match|fullmatch|search|findall|sub|strip|lstrip|rstrip|append|"
    r"add|insert|extend|setdefault|get|pop|update|remove|discard|fillna|isin|eq|ne|map|assign|filter|text|title|suptitle|"
    r"set_title|xlabel|ylabel|set_xlabel|set_ylabel|annotate|legend|update_layout|add_annotation|display|Markdown|HTML|"
    r"removeprefix|removesuffix|encode|tokenize|add_argument|route|dumps|loads|groupby|rename|drop|set_index|relative_to|"
    r"is_relative_to|with_name|joinpath|Path|PurePath|urlparse|urljoin|quote|unquote|markdown|caption|write_formula)"
)
"""Functions for which a text that looks like an address or a path is a text."""

ELSEWHERE = re.compile(
    r"(~[\w.-]*([/\\]|$)|(\.\.[/\\])+\S|\.\.$|file:|[A-Za-z]:[\\/]|\\\\\w|"
    r"/(etc|usr|var|home|root|opt|srv|mnt|media|data|proc|sys|dev|run|boot|bin|sbin|lib|scratch|shared?|content|kaggle|"
    r"workspace|Users|Volumes|Library|private|tmp|nfs|work|app)([/\\]|$)|/[\w.-]+/[\w./ -]*\.\w{1,8}$)"
)
"""Texts that are paths to elsewhere whatever function they are given to."""


def note_unlisted(reader: CallReader, call: Call, name: str) -> None:
    """Note what calling `name` (dotted, `?` for an unknown origin) may do although no rule names it."""
    last = name.rsplit(".", 1)[-1]
    computes = name.partition(".")[0].partition("(")[0] in COMPUTING
    for risk, words, pattern in VERBS:
        if (risk in EVERYWHERE or not computes) and pattern.fullmatch(last):
            reader.less_exact(call.node, risk, f"{words} ({last})")
    if True in call.named.get("shell", ()):
        reader.note(call.node, Risk.shell, "hands a command to a shell (shell=True)")


def note_texts(reader: CallReader, call: Call, name: str) -> None:
    """Note addresses and paths to elsewhere among the arguments of a call that no table of paths lists."""
    if TEXT_TAKERS.fullmatch(name):
        return
    last = name.rsplit(".", 1)[-1] or "a function"
    for value in frozenset().union(*call.values()):
        text = text_of(value)
        if not isinstance(value, str | PathText) or not text.strip(PLACEHOLDERS) or "\n" in text:
            continue
        place = reader.place(text)
        if place == "remote" or (place == "outside" and (isinstance(value, PathText) or ELSEWHERE.match(text))):
            reader.path(call.node, frozenset({value}), writes=False, by=last)


def call_handed_on(reader: CallReader, call: Call) -> None:
    """Functions that act on their arguments and are handed to another one, which calls them with what else it gets."""
    for position, values in enumerate(call.args):
        for value in values:
            if isinstance(value, Qualified) and _acts_on_arguments(value):
                others = [each(other) for at, other in enumerate(call.args) if at != position]
                reader.invoke(Call(call.node, others), value)
                for row in frozenset().union(*others):  # `starmap` spreads what it gets
                    if isinstance(row, Items):
                        reader.invoke(Call(call.node, [held for _, held in row.pairs]), value)


def _acts_on_arguments(value: Value) -> bool:
    name = value.name if isinstance(value, Qualified) else ""
    if name in OPENERS or name in ("os.getenv", "os.environ.get", "os.environ.pop", "os.environ.__getitem__"):
        return True
    return any(matcher(patterns).fullmatch(name) for patterns, _ in (*READS, *WRITES))
