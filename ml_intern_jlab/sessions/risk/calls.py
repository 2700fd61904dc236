"""What a call in a cell does, as far as its name and its arguments tell."""

from __future__ import annotations

import ast
import base64
import binascii
import posixpath
import re
from abc import ABC, abstractmethod

from ...protocol import Reason
from ...protocol import RiskClass as Risk
from .cell import magic, program_here, program_of
from .commands import commands
from .effects import note_dumps, note_effects
from .methods import items_method, path_method, text_method
from .names import is_known_module, is_secret_name, matcher, risks_of_name
from .results import RESULTS, Call, each
from .rules import OPENERS, PATH_KEYWORDS, READS, SECRET_PATH, TAINTING, WRITES, WRITING_METHODS
from .unlisted import TEXT_TAKERS, call_handed_on, note_texts, note_unlisted
from .values import (
    LABEL,
    PLACEHOLDERS,
    TAINT,
    TEMPORARY,
    UNKNOWN,
    UNREADABLE,
    Bound,
    Class,
    Function,
    Items,
    PathText,
    Qualified,
    Value,
    Values,
    combine,
    host_of,
    names_in,
    place_of,
    shown,
    text_of,
    union,
)

REMOTE_USERS = re.compile(
    r"(read|load|open|get|fetch|download|scan|imread|from_|Image|Audio|Video|connect|create_engine|Client|init$|to_|"
    r"retrieve|upload|send|post|put|request|stream|url)"
)
"""Functions that go where an address leads that they are given."""
TAKING_ADDRESS = names_in("to_sql connect create_engine Client init")


class CallReader(ABC):
    """Notes what calls do; a subclass reads the statements and expressions around them."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.details: dict[tuple[int, Risk, str], Reason] = {}
        self.mentions: dict[tuple[int, Risk], Reason] = {}
        self.endless = 0
        self.entered: list[Function] = []
        self.within = ""
        """The function of an earlier cell that is being read, in words; "" for none."""
        self.defining = False
        """Whether a function is read that nothing calls yet: what its arguments are will be seen where it is called."""
        self.dumped: set[str] = set()
        """Files that the notebook itself wrote from objects of its own, and that nothing else has changed since."""
        self.modules: dict[str, str | None] = {}
        """Python files that the notebook wrote, with their source where it is known."""
        self.namespaces: dict[str, dict[str, Values]] = {}
        """The modules that the notebook wrote or that lie in the working folder, as they were read."""
        self.searched: tuple[str, ...] = ("",)
        """Folders within the working folder in which imports look."""
        self.telling: set[int] = set()
        """The lines whose shell commands only tell something."""
        self.moved = False
        """Whether the working folder may have become another one."""

    @abstractmethod
    def line_of(self, node: ast.AST) -> int:
        """The line of the person's source at which `node` stands."""

    @abstractmethod
    def enter(self, function: Function, call: Call | None) -> Values:
        """Read the body of a function of the cell; what it returns."""

    @abstractmethod
    def read_inner(self, node: ast.AST, code: str, *, body: bool = False) -> None:
        """Read Python that stands in a text at `node`; the lines of a magic's `body` count from there."""

    @abstractmethod
    def instance(self, made: Class, call: Call) -> Values:
        """Read what making an object of a class of the notebook runs; what the object is."""

    @abstractmethod
    def replace_item(self, node: ast.AST, holder: Value, keys: Values, values: Values) -> None:
        """Let `holder[keys]` stand for `values`: names may be bound, and modules replaced, through the dictionaries in
        which they stand."""

    @abstractmethod
    def replace_attribute(self, node: ast.AST, holder: Value, name: str, values: Values) -> None:
        """Let `holder.name` stand for `values`."""

    @abstractmethod
    def use_module(self, node: ast.AST, name: str) -> None:
        """Read a module that the notebook wrote, where `name` is one."""

    @abstractmethod
    def attribute(self, value: Value, name: str) -> Values:
        """What `value.name` stands for."""

    @abstractmethod
    def looked_up(self, node: ast.AST, name: str, keys: Values) -> Values:
        """What stands under `keys` in the mapping called `name`."""

    def knows_module(self, name: str) -> bool:
        """Whether it is known what the module of the dotted `name` may do: by the tables, or since it was read."""
        first = name.partition(".")[0].partition("(")[0]
        return is_known_module(name) or any(module.partition(".")[0] == first for module in self.namespaces)

    def note(self, node: ast.AST, risk: Risk, text: str) -> None:
        """Keep a reason that names what is done."""
        line, text = self.line_of(node), text + self.within
        self.details[line, risk, text] = Reason(risk=risk, line=line, text=text)

    def less_exact(self, node: ast.AST, risk: Risk, text: str) -> None:
        """Keep a reason that stands only where no other of its class is noted for the line."""
        line = self.line_of(node)
        self.mentions.setdefault((line, risk), Reason(risk=risk, line=line, text=text + self.within))

    def mention(self, node: ast.AST, name: str) -> None:
        """Keep a reason for using a risky name at all, however it is then called."""
        for risk, words in risks_of_name(name):
            self.less_exact(node, risk, f"{words} ({shown(name.removeprefix('?.'), 80)})")

    def reasons(self) -> list[Reason]:
        """All reasons by line; a mention stands only where nothing more exact was noted."""
        exact = {(line, risk) for line, risk, _ in self.details}
        kept = [reason for key, reason in self.mentions.items() if key not in exact]
        order = list(Risk)
        found = [*self.details.values(), *kept]
        told = [each for each in found if each.risk is not Risk.shell or each.line not in self.telling]
        return sorted(told, key=lambda reason: (reason.line, order.index(reason.risk), reason.text))

    # --- paths, commands, the environment -----------------------------------------------------------------------

    def place(self, text: str) -> str:
        """Where a path leads, as `place_of` says it, seen from the kernel's working folder."""
        place = place_of(text, self.folder)
        return "unknown" if self.moved and place == "inside" and not text.startswith("/") else place

    def same_path(self, text: str) -> str:
        """One spelling of a path."""
        return posixpath.normpath(text.replace("\\", "/"))

    def path(self, node: ast.AST, values: Values, *, writes: bool, by: str = "") -> None:
        """Note what reading or writing these paths means; an object that is no path is an open file or a buffer.
        `by` is the function that gets them, where it isn't known what it does with them."""
        for value in values:
            if isinstance(value, Qualified) and is_secret_name(value.name.rpartition(".")[2]):
                self.note(node, Risk.credentials, f"touches the file {shown(value.name)}, by its name a secret")
            if not isinstance(value, str | bytes | PathText):
                continue
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else text_of(value)
            place = self.place(text)
            if writes:
                self.dumped.discard(self.same_path(text))
                if text.endswith(".py"):
                    self.modules[self.same_path(text)] = None
            if self.defining and (not text.strip(PLACEHOLDERS) or (text.startswith(LABEL) and place == "unknown")):
                continue
            if SECRET_PATH.search(text):
                self.note(node, Risk.credentials, f"touches {shown(text)}, which usually holds credentials")
            if text == ":memory:":
                continue
            if place == "remote":
                host = shown(host_of(text))
                self.note(node, Risk.network, f"{'writes to' if writes else 'reads from'} {host} over the network")
                if writes:
                    self.note(node, Risk.publish, f"sends data to {host}")
            elif place == "outside" and by:
                words = f"gives {shown(text)}, outside this folder, to {by}()"
                self.less_exact(node, Risk.outside, words)
            elif place == "outside":
                self.note(node, Risk.outside, f"{'writes' if writes else 'reads'} {shown(text)}, outside this folder")
            elif writes and place == "unknown":
                self.note(node, Risk.outside, "writes a file whose path can't be followed here")
            elif writes and place == "temporary":
                self.note(node, Risk.write, "writes a file in a temporary folder")
            elif writes:
                self.note(node, Risk.write, f"writes {shown(text) or '.'} in this folder")

    def shell(self, node: ast.AST, values: Values | None) -> None:
        """Note what a shell command does, given as a text or a list of words."""
        for value in values or ():
            if isinstance(value, Items):
                texts = combine(lambda *words: " ".join(words), *(words for _, words in value.pairs))
            else:
                texts = frozenset({text_of(value)})
            for text in texts:
                if isinstance(text, str) and text.strip(LABEL + TAINT):
                    for risk, words in commands(text):
                        self.note(node, risk, words)

    def environment(self, node: ast.AST, keys: Values | None) -> Values:
        """The value of an environment variable; note the reading of those whose names tell of a secret."""
        found: set[Value] = set()
        for key in keys or UNREADABLE:
            name = text_of(key)
            if name in ("HOME", "USERPROFILE"):
                found.add("~")
                continue
            found.add(TAINT)
            if LABEL in name or TAINT in name:
                self.note(node, Risk.credentials, "reads an environment variable whose name can't be followed here")
            elif is_secret_name(name):
                self.note(node, Risk.credentials, f"reads the environment variable {shown(name)}")
        return frozenset(found)

    # --- calls --------------------------------------------------------------------------------------------------

    def invoke(self, call: Call, callee: Value) -> Values:
        """Note what calling `callee` does; what it returns."""
        name = callee.name if isinstance(callee, Qualified) else ""
        note_effects(self, call, name)
        if name:
            note_unlisted(self, call, name)
        call_handed_on(self, call)
        if isinstance(callee, Function):
            return self.enter(callee, call)
        if isinstance(callee, Class):
            return self.instance(callee, call)
        if isinstance(callee, Bound):
            if isinstance(callee.receiver, PathText):
                return path_method(self, call, callee.receiver.text, callee.name)
            if isinstance(callee.receiver, Items):
                return items_method(self, call, callee.receiver, callee.name)
            return text_method(self, call, callee.receiver, callee.name)
        if isinstance(callee, Qualified):
            return self._named(call, callee.name)
        note_texts(self, call, "")
        if callee == TAINT:
            self.note(call.node, Risk.opaque, "calls something that is made while the cell runs")
        return UNKNOWN

    def _named(self, call: Call, name: str) -> Values:
        node, first = call.node, call.given(0, "path", "args", "cmd", "command", "code", "source") or frozenset()
        if not self.knows_module(name):
            self.note(node, Risk.opaque, f"calls {shown(name)}, and what that may do isn't known here")
        for risk, _ in risks_of_name(name):
            if risk is Risk.shell:
                joined = (
                    frozenset({Items(tuple(enumerate(call.args)))})
                    if name.startswith(("os.exec", "os.spawn"))
                    else first
                )
                self.shell(node, joined)
            elif risk is Risk.delete and not name.startswith("?"):
                for value in first:
                    if self.place(text_of(value)) == "outside":
                        self.note(node, Risk.outside, f"deletes {shown(text_of(value))}, outside this folder")
                    self.note(node, risk, f"deletes {shown(text_of(value))}")
            elif risk is Risk.opaque and name.startswith("builtins."):
                for value in first:
                    if isinstance(value, str) and value.strip(LABEL + TAINT):
                        self.read_inner(node, value)
        self._paths(call, name)
        note_dumps(self, call, name)
        if name in ("sys.path.insert", "sys.path.append", "sys.path.extend"):
            self._search_path(call, name)
        if name == "os.chdir" and any(self.place(text_of(value)) != "inside" for value in first):
            self.moved = True
        result = RESULTS.get(name)
        if result is not None:
            return result(self, call)
        return self._pattern_result(call, name)

    def _search_path(self, call: Call, name: str) -> None:
        given = call.given(1 if name.endswith("insert") else 0) or UNKNOWN
        for value in union(*(each(frozenset({value})) if isinstance(value, Items) else {value} for value in given)):
            if self.place(text_of(value)) != "inside":
                where = shown(text_of(value)).strip("…") or "a folder that can't be followed here"
                self.note(call.node, Risk.opaque, f"lets imports take code from {where}")
            else:
                self.searched += (text_of(value),)

    def _paths(self, call: Call, name: str) -> None:
        if name in OPENERS:
            mode = call.given(OPENERS[name], "mode") or frozenset({"r"})
            writes = any(re.search(r"[wax+]", text_of(value)) or not text_of(value).isascii() for value in mode)
            self.path(call.node, call.given(0, *PATH_KEYWORDS) or UNKNOWN, writes=writes)
            return
        found = False
        for table, writes in ((READS, False), (WRITES, True), (WRITING_METHODS, True)):
            if table is WRITING_METHODS and found:
                break
            for patterns, position in table:
                if matcher(patterns).fullmatch(name):
                    found = True
                    given = call.given(position, *PATH_KEYWORDS)
                    if given is not None:
                        self.path(call.node, given, writes=writes)
        last = name.rsplit(".", 1)[-1]
        if last in ("write_text", "write_bytes", "touch", "mkdir") and name.startswith("?."):
            self.path(call.node, UNKNOWN, writes=True)
        if name == "?.open" and any(
            re.fullmatch("[rbt]*[wax+][rbt+]*", text_of(value)) for value in call.given(0, "mode") or ()
        ):
            self.path(call.node, UNKNOWN, writes=True)
        if not found and REMOTE_USERS.match(last) and not TEXT_TAKERS.fullmatch(name):
            given = union(*call.values()) if last in TAKING_ADDRESS else call.given(0, *PATH_KEYWORDS, "url")
            remote = [
                value
                for value in given or ()
                if isinstance(value, str | PathText) and self.place(text_of(value)) == "remote"
            ]
            self.path(call.node, frozenset(remote), writes=False)
        note_texts(self, call, name)

    def _pattern_result(self, call: Call, name: str) -> Values:
        node, first = call.node, call.given(0) or UNKNOWN
        if match := re.fullmatch(r"get_ipython\(\)\.(run_line_magic|run_cell_magic)", name):
            self._magic(call, cell=match[1] == "run_cell_magic")
            return UNKNOWN
        if name.startswith("get_ipython().") and name.endswith(("run_cell", ".ex", ".ev", "run_code")):
            for value in first:
                self.read_inner(node, text_of(value))
        if name in ("timeit.timeit", "timeit.repeat", "cProfile.run", "profile.run", "timeit.Timer"):
            for value in union(first, call.given(1, "setup") or frozenset()):
                if isinstance(value, str):
                    self.read_inner(node, value)
        if name.startswith("tempfile."):
            last = name.rsplit(".", 1)[1]
            if last in ("TemporaryDirectory", "mkdtemp", "NamedTemporaryFile", "mkstemp", "TemporaryFile", "mktemp"):
                self.note(node, Risk.write, f"makes a temporary file or folder ({name})")
                made = frozenset({TEMPORARY})
                return frozenset({Items(((0, UNKNOWN), (1, made)))}) if last == "mkstemp" else made
            return frozenset({"/tmp"})
        if matcher(TAINTING).fullmatch(name):
            return self._decoded(first) if name.startswith("base64.") else UNREADABLE
        return (
            UNKNOWN if name.startswith(("?", "builtins.")) or len(name) > 200 else frozenset({Qualified(name + "()")})
        )

    def _decoded(self, values: Values) -> Values:
        found: set[Value] = set()
        for value in values:
            try:
                found.add(base64.b64decode(value) if isinstance(value, bytes | str) else TAINT)
            except (binascii.Error, ValueError):
                found.add(TAINT)
        return frozenset(found)

    def _magic(self, call: Call, *, cell: bool) -> None:
        name, line, body = (call.args + [frozenset({""})] * 3)[:3]
        for choice in name:
            known = isinstance(choice, str) and not re.search(f"[{LABEL}{TAINT}]", choice)
            if not known:
                self.note(call.node, Risk.opaque, "runs a magic that is chosen while the cell runs")
                continue
            for text in line:
                for inner in body:
                    self.magic(call.node, str(choice), text_of(text), text_of(inner) if cell else None)

    def magic(self, node: ast.AST, name: str, line: str, body: str | None) -> None:
        """Note what a magic does, and read the Python in it."""
        program = self._program(line) if name.strip("%") == "run" else None
        if program is not None:
            self.read_inner(node, program)
            return
        found = magic(name, line, body, self.folder)
        for risk, words in found.risks:
            self.note(node, risk, words)
        written = [word for word in line.split() if not word.startswith("-")]
        if name.strip("%") in ("writefile", "file", "save") and written:
            self.path(node, frozenset({written[0].strip("'\"")}), writes=True)
            if written[0].endswith(".py"):
                self.modules[self.same_path(written[0])] = None if "-a" in line.split() else body
        if name.strip("%") == "pycat":
            self.path(node, frozenset({line.strip()}), writes=False)
        if name.strip("%") == "cd" and any(risk is Risk.outside for risk, _ in found.risks):
            self.moved = True
        if found.code.strip():
            self.read_inner(node, found.code, body=body is not None)

    def _program(self, line: str) -> str | None:
        """The source that `%run line` runs: as the notebook wrote it, else as it lies in this folder; None where it
        can't be read."""
        path = program_of(line)
        written = self.same_path(path)
        if written in self.modules:
            return self.modules[written]
        return None if self.moved else program_here(path, self.folder)
