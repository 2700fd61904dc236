"""The wire: every event and command that server, panel, command line and journal exchange.

This file is the only place where a message's shape is written down. `src/protocol.ts` is generated from it
(`python -m ml_intern_jlab.protocol` prints the JSON schema), and `make test` fails when the two differ.

Events are facts and named in the past tense; the journal mints their `seq` and `time`. Commands are imperatives.
All times are Unix seconds, all durations are seconds, all sizes are bytes.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from .errors import BadCommand

PROTOCOL_VERSION = 1
"""Raised whenever an older panel could misread a message; the panel compares it in the `hello` frame."""

MAX_COMMAND_BYTES = 1_000_000
"""The largest command that is read; anything longer is refused unread."""


def source_hash(source: str) -> str:
    """The SHA-256 of a cell's source as hexadecimal digits: what an approval binds to."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def new_id() -> str:
    """A fresh id of 12 hexadecimal digits, valid as an nbformat cell id."""
    return uuid.uuid4().hex[:12]


class Mode(str, Enum):
    """How much runs without asking: nothing, what the policy calls safe, or all except what always asks."""

    ask = "ask"
    auto_safe = "auto_safe"
    auto = "auto"


class CellStatus(str, Enum):
    """The life of a proposed cell."""

    proposed = "proposed"
    approved = "approved"
    rejected = "rejected"
    running = "running"
    done = "done"
    failed = "failed"
    stopped = "stopped"
    superseded = "superseded"


class RunStatus(str, Enum):
    """`finished` means that every deliverable was checked or waived; nothing else does.

    A `paused` run lost its kernel or its server, and waits to be resumed or ended.
    """

    running = "running"
    paused = "paused"
    finished = "finished"
    failed = "failed"
    stopped = "stopped"


class RiskClass(str, Enum):
    """What a cell may do beyond computing (the classes of the policy)."""

    compute = "compute"
    write = "write"
    outside = "outside"
    delete = "delete"
    install = "install"
    shell = "shell"
    network = "network"
    credentials = "credentials"
    process = "process"
    publish = "publish"
    spend = "spend"
    opaque = "opaque"


class Value(BaseModel):
    """Base of everything on the wire: immutable, and unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reason(Value):
    """Why a cell has a risk class: the line (from 1) and a plain sentence."""

    risk: RiskClass
    line: int
    text: str


class Note(Value):
    """A markdown cell of the agent's that belongs to an event; `cell_id` is its nbformat id."""

    cell_id: str
    source: str


class PlanItem(Value):
    """One item of the plan. `result` is a short fact such as "0.969 ± 0.011"; empty until there is one."""

    item_id: str
    title: str = Field(min_length=1, max_length=200)
    status: Literal["open", "active", "done", "skipped"] = "open"
    result: str = Field(default="", max_length=200)


class Deliverable(Value):
    """Something that the task demands and the kernel checks before a run may finish.

    A `file` has a `path` (relative to the notebook's folder), perhaps `columns` that it must have and `rows_of`,
    the file whose number of rows it must match. Where it holds predictions, `values_of` is the file whose column
    `target` shows what such values look like, and `probabilities` says that the chance of one of them is wanted. A
    `metric` has the `metric`'s name. An `answer` is the text itself.
    `detail` says what the last check found, `size` how large the file was then.
    """

    deliverable_id: str
    kind: Literal["file", "metric", "answer"]
    description: str
    path: str = ""
    columns: list[str] = []
    rows_of: str = ""
    values_of: str = ""
    target: str = ""
    probabilities: bool = False
    metric: str = ""
    status: Literal["open", "passed", "failed", "waived"] = "open"
    detail: str = ""
    size: int = 0


class CellError(Value):
    """The exception that ended a cell; `line` is the failing line of the cell's own source, 0 if unknown."""

    ename: str
    evalue: str
    line: int = 0


class IOPubMessage(Value):
    """One raw IOPub message of the kernel, as far as a notebook needs it (Jupyter messaging protocol 5)."""

    msg_type: Literal["stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"]
    content: dict[str, Any]


# --- events -----------------------------------------------------------------------------------------------------


OWN_CELLS = "own"
"""The run id of events about a person's own cells, which no run wrote."""


class EventBase(Value):
    """What every event carries; whoever emits it fills these in.

    `seq` counts a session's stored events from 1; 0 means that it is not stored.
    """

    session_id: str = ""
    run_id: str = ""
    seq: int = 0
    time: float = 0.0


class RunStarted(EventBase):
    """A task was accepted. `note` is the notebook's opening cell; `after` the cell that the run's cells follow."""

    type: Literal["run_started"] = "run_started"
    task: str
    mode: Mode
    model: str
    max_steps: int
    by: str
    user: str = ""
    """The username of who began it, which limits per person go by; "" for the command line."""
    after: str | None = None
    note: Note | None = None
    versions: dict[str, str] = {}


class PlanChanged(EventBase):
    """The plan or a deliverable changed; both lists are whole, never deltas."""

    type: Literal["plan_changed"] = "plan_changed"
    items: list[PlanItem]
    deliverables: list[Deliverable]
    by: str


class FilesListed(EventBase):
    """The files that the agent saw when the run began; a run that is resumed is planned from the same."""

    type: Literal["files_listed"] = "files_listed"
    listing: str


class TextDelta(EventBase):
    """A piece of what the model is writing. Not stored: `cell_proposed` has the whole."""

    type: Literal["text_delta"] = "text_delta"
    step: int
    text: str


class CellProposed(EventBase):
    """A cell waits for a decision (`asks`), or is about to be approved by the policy.

    It stands after the cell `after` (None: first in the notebook), its `note` before it. When `replaces` names a
    failed cell, this is that cell's repair and takes its place once it starts. `may_allow` names the classes
    that the person could allow in this notebook so that such a cell needn't ask; empty where it asks all the same.
    """

    type: Literal["cell_proposed"] = "cell_proposed"
    step: int
    cell_id: str
    after: str | None
    source: str
    hash: str
    title: str
    risk: list[RiskClass]
    reasons: list[Reason]
    asks: bool
    may_allow: list[RiskClass] = []
    plan_item: str = ""
    note: Note | None = None
    replaces: str = ""


class CellDecided(EventBase):
    """Who decided what about which source. `hash` is that of the approved `source`, after any edit."""

    type: Literal["cell_decided"] = "cell_decided"
    cell_id: str
    decision: Literal["approve", "reject"]
    source: str
    hash: str
    edited: bool = False
    by: str
    where: str = ""
    """From where it was decided: the address of the browser, "terminal" or "policy"."""
    feedback: str = ""


class CellStarted(EventBase):
    """The approved source was sent to the kernel."""

    type: Literal["cell_started"] = "cell_started"
    cell_id: str
    hash: str


class CellOutput(EventBase):
    """One IOPub message of a running cell; neighbouring pieces of one stream arrive joined."""

    type: Literal["cell_output"] = "cell_output"
    cell_id: str
    message: IOPubMessage


class CellFinished(EventBase):
    """The kernel replied and is idle again, or `reason` says why that will not happen any more."""

    type: Literal["cell_finished"] = "cell_finished"
    cell_id: str
    status: Literal["done", "failed", "stopped"]
    execution_count: int | None = None
    seconds: float = 0.0
    error: CellError | None = None
    reason: str = ""
    provenance: dict[str, Any] = {}
    """What the notebook keeps of how the cell came about, signed by the server (`review/provenance.py`)."""


class StepFinished(EventBase):
    """One turn of the model ended: its tokens, what it cost in US dollars and how long it took.

    `first_token_seconds` is the time until it began to write, `tokens_per_second` how fast it then wrote. None is
    unknown.
    """

    type: Literal["step_finished"] = "step_finished"
    step: int
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    prompt_hash: str = ""
    """The SHA-256 of what the model was shown."""


class CellOverdue(EventBase):
    """The cell runs for `seconds` now, longer than the administrator thinks that cells should; it goes on running. The
    person may interrupt it (`interrupt_cell`) or let it run."""

    type: Literal["cell_overdue"] = "cell_overdue"
    cell_id: str
    seconds: float


class RunPaused(EventBase):
    """The run waits for the person, because of `reason`: a message lets it go on, a stop ends it.

    A `resumable` run has lost its kernel or its server: `resume_run` lets it go on, a stop ends it.
    """

    type: Literal["run_paused"] = "run_paused"
    reason: str
    resumable: bool = False


class RunResumed(EventBase):
    """A resumable run goes on. In a fresh kernel its approved `cells`, so many, are run again first."""

    type: Literal["run_resumed"] = "run_resumed"
    cells: int
    by: str


class InputRequested(EventBase):
    """The running cell called `input()`; `password` asks that the answer isn't shown."""

    type: Literal["input_requested"] = "input_requested"
    cell_id: str
    prompt: str
    password: bool = False


class InputAnswered(EventBase):
    """Somebody answered `input()`. The text itself is not stored."""

    type: Literal["input_answered"] = "input_answered"
    cell_id: str
    by: str


class MessageSent(EventBase):
    """A person's message while the run works; the model sees it at its next step."""

    type: Literal["message_sent"] = "message_sent"
    text: str
    by: str


class ModeChanged(EventBase):
    """The mode holds from the next proposal on."""

    type: Literal["mode_changed"] = "mode_changed"
    mode: Mode
    by: str


class ModelChanged(EventBase):
    """Another model writes from the next step on. `model` is what `run_started` would say."""

    type: Literal["model_changed"] = "model_changed"
    model: str
    by: str


class ModelProgress(EventBase):
    """What happens before the model can write, such as loading it; `done` is from 0 to 1, None: unknown. Not stored."""

    type: Literal["model_progress"] = "model_progress"
    text: str
    done: float | None = None


class ClassesAllowed(EventBase):
    """The classes that run in this notebook without a question from now on, besides those of the mode."""

    type: Literal["classes_allowed"] = "classes_allowed"
    allowed: list[RiskClass]
    by: str


class LeaseMoved(EventBase):
    """Who writes the notebook document from now on: an open tab, the server through the contents manager, or the server
    into the document that several people share.
    """

    type: Literal["lease_moved"] = "lease_moved"
    writer: Literal["tab", "file", "room"]
    tab_id: str = ""


class MetricLogged(EventBase):
    """A number that a cell's output states. `split` says on what it was measured, such as "hold-out" or "cv".

    `better` says which way is better, "" where that isn't known. What a cell logs through `toolkit.track` has also the
    `experiment` that it belongs to, its `parameters`, the `step` of the training and the `seconds` that it took.
    """

    type: Literal["metric_logged"] = "metric_logged"
    cell_id: str
    name: str
    value: float
    split: str = ""
    better: Literal["higher", "lower", ""] = ""
    experiment: str = ""
    parameters: dict[str, str | int | float | bool | None] = {}
    step: int | None = None
    seconds: float | None = None


class ArtifactAdded(EventBase):
    """A run left a file behind."""

    type: Literal["artifact_added"] = "artifact_added"
    path: str
    size: int
    cell_id: str = ""


class WarningRaised(EventBase):
    """Something that the person should know though the run goes on."""

    type: Literal["warning_raised"] = "warning_raised"
    code: str
    message: str


class FindingAdded(EventBase):
    """A review rule found something in the notebook."""

    type: Literal["finding_added"] = "finding_added"
    rule: str
    severity: Literal["error", "warning", "note"]
    cell_id: str
    line: int
    message: str
    advice: str
    fix: str = ""
    """The cell's source with the fault mended, where that needs no judgement."""


class FindingDismissed(EventBase):
    """A person put a finding aside, in whichever session of the notebook; an empty `reason` takes that back."""

    type: Literal["finding_dismissed"] = "finding_dismissed"
    rule: str
    cell_id: str
    reason: str
    by: str


class ReviewFinished(EventBase):
    """The review rules looked over the notebook: the last `findings` findings are what they found this time."""

    type: Literal["review_finished"] = "review_finished"
    findings: int
    by: str
    standings: dict[str, Literal["approved", "changed", "unsigned"]] = {}
    """Which cells of the agent's are as they were approved, by their ids; see `review/provenance.py`."""


class RerunStarted(EventBase):
    """The notebook's saved file is run again, in a copy of its folder; `total` code cells."""

    type: Literal["rerun_started"] = "rerun_started"
    total: int
    by: str


class RerunProgress(EventBase):
    """So many code cells have been run again, over all runs. Not stored."""

    type: Literal["rerun_progress"] = "rerun_progress"
    done: int


class RerunCell(Value):
    """What became of a code cell: `cell` counts all cells from 1; `detail` and `diff` say what is different."""

    cell: int
    cell_id: str
    verdict: Literal["same", "tolerance", "different", "failed", "not_run", "no_record"]
    detail: str = ""
    diff: str = ""


class RerunFinished(EventBase):
    """The second run ended: the verdict in sentences, then cell by cell. `stopped`: a person ended it."""

    type: Literal["rerun_finished"] = "rerun_finished"
    told: list[str]
    cells: list[RerunCell] = []
    stopped: bool = False
    reason: str = ""
    """Why there is no verdict."""


class RunUndone(EventBase):
    """Cells of `run_id` left the notebook; `kept` are those that a person changed since.

    `after` names for each of `removed` the cell that stood before it, "" for the notebook's first; `sources` holds the
    person's text of those of `removed` that they had changed.
    """

    type: Literal["run_undone"] = "run_undone"
    removed: list[str]
    kept: list[str]
    by: str
    after: list[str] = []
    sources: dict[str, str] = {}


class RunRedone(EventBase):
    """Cells of `run_id` that were undone came back, each behind the cell that `after` names for it, "" for the top."""

    type: Literal["run_redone"] = "run_redone"
    restored: list[str]
    after: list[str]
    by: str


class RunFinished(EventBase):
    """The run ended. `reason` explains a failure or a stop; `note` is the notebook's closing cell."""

    type: Literal["run_finished"] = "run_finished"
    status: Literal["finished", "failed", "stopped"]
    answer: str = ""
    reason: str = ""
    note: Note | None = None
    environment: dict[str, str] = {}
    """Versions of Python and of the packages that the kernel had loaded at the end."""
    provenance: dict[str, Any] = {}
    """What the notebook keeps of the run, signed by the server."""


Event = Annotated[
    RunStarted
    | PlanChanged
    | FilesListed
    | TextDelta
    | CellProposed
    | CellDecided
    | CellStarted
    | CellOutput
    | CellFinished
    | CellOverdue
    | StepFinished
    | RunPaused
    | RunResumed
    | InputRequested
    | InputAnswered
    | MessageSent
    | ModeChanged
    | ModelChanged
    | ModelProgress
    | ClassesAllowed
    | LeaseMoved
    | MetricLogged
    | ArtifactAdded
    | WarningRaised
    | FindingAdded
    | FindingDismissed
    | ReviewFinished
    | RerunStarted
    | RerunProgress
    | RerunFinished
    | RunUndone
    | RunRedone
    | RunFinished,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


# --- commands ---------------------------------------------------------------------------------------------------


class CommandBase(Value):
    """`request_id` comes back in the reply, so that a client can tell its answers apart."""

    request_id: str = Field(default="", max_length=64)


class StartRun(CommandBase):
    """Begin a task. Cells go after the cell `after`, or to the end of the notebook."""

    type: Literal["start_run"] = "start_run"
    task: str = Field(max_length=100_000)
    mode: Mode = Mode.ask
    model: str = ""
    max_steps: int | None = Field(default=None, ge=1, le=1000)
    after: str | None = None


class DecideCell(CommandBase):
    """Approve or reject a proposed cell.

    `hash` is that of the proposal that the person saw; a proposal that has changed since is not run. `source` is the
    person's edit, which runs instead; None runs the proposal as it stands.
    """

    type: Literal["decide_cell"] = "decide_cell"
    cell_id: str
    decision: Literal["approve", "reject"]
    source: str | None = None
    hash: str
    feedback: str = Field(default="", max_length=10_000)


class EditPlan(CommandBase):
    """Replace the plan's items; `waived` names deliverables that the person does without."""

    type: Literal["edit_plan"] = "edit_plan"
    items: list[PlanItem] = Field(max_length=100)
    waived: list[str] = []


class SendMessage(CommandBase):
    """Tell the working agent something."""

    type: Literal["send_message"] = "send_message"
    text: str = Field(min_length=1, max_length=100_000)


class RunOwnCell(CommandBase):
    """Run a cell of the person's own in the notebook's kernel, behind those that were sent before.

    What it gives is told and kept as a run's cells are, under the run id `OWN_CELLS`.
    """

    type: Literal["run_own_cell"] = "run_own_cell"
    cell_id: str = Field(min_length=1, max_length=100)
    source: str


class StopRun(CommandBase):
    """End the run: pending decisions fall, the kernel is interrupted."""

    type: Literal["stop_run"] = "stop_run"


class InterruptCell(CommandBase):
    """Interrupt the running cell; the run goes on."""

    type: Literal["interrupt_cell"] = "interrupt_cell"
    cell_id: str


class ResumeRun(CommandBase):
    """Let the run go on that lost its kernel or its server; in a fresh kernel its approved cells are run again."""

    type: Literal["resume_run"] = "resume_run"


class SetMode(CommandBase):
    """Change how much runs without asking."""

    type: Literal["set_mode"] = "set_mode"
    mode: Mode


class SetModel(CommandBase):
    """Let another model write from the next step of the working run on; `model` as in `start_run`."""

    type: Literal["set_model"] = "set_model"
    model: str = Field(min_length=1, max_length=1000)


class AllowClass(CommandBase):
    """Let cells of one class run in this notebook without a question, or ask about them again."""

    type: Literal["allow_class"] = "allow_class"
    risk: RiskClass
    allowed: bool


class AnswerInput(CommandBase):
    """Answer the `input()` of a running cell."""

    type: Literal["answer_input"] = "answer_input"
    cell_id: str
    text: str = Field(max_length=100_000)


class TakeLease(CommandBase):
    """The tab `tab_id` has the notebook open and writes it for as long as its socket lives.

    Refused while another tab does so: that tab then writes, and this one follows. Where the notebook is open in a
    room, the server writes its shared document: the last `lease_moved` says `room`, and the tab writes nothing.
    """

    type: Literal["take_lease"] = "take_lease"
    tab_id: str = Field(min_length=1, max_length=64)


class UndoRun(CommandBase):
    """Take an ended run's cells out of the notebook; what a person changed since stays, except what `overwrite` names.

    `cells` takes out those alone, each with the note before it; empty means all.
    """

    type: Literal["undo_run"] = "undo_run"
    run_id: str
    cells: list[str] = Field(default=[], max_length=1000)
    overwrite: list[str] = Field(default=[], max_length=1000)


class RedoRun(CommandBase):
    """Bring the cells back that undoing the run took out, with the outputs that they had."""

    type: Literal["redo_run"] = "redo_run"
    run_id: str


class ReviewNotebook(CommandBase):
    """Run the review rules over the session's notebook."""

    type: Literal["review_notebook"] = "review_notebook"


class RerunNotebook(CommandBase):
    """Run the notebook's saved file again, in a clean kernel and a copy of its folder, and compare the outputs."""

    type: Literal["rerun_notebook"] = "rerun_notebook"
    other_seed: bool = False
    """And once more with another seed: how far the metrics move by chance."""
    without_leaks: bool = False
    """And once more for each leak that can be taken out mechanically: both figures side by side."""


class StopRerun(CommandBase):
    """End the second run."""

    type: Literal["stop_rerun"] = "stop_rerun"


class DismissFinding(CommandBase):
    """Put what a rule finds in a cell of this notebook aside; an empty `reason` takes that back."""

    type: Literal["dismiss_finding"] = "dismiss_finding"
    rule: str = Field(min_length=1, max_length=100)
    cell_id: str = Field(min_length=1, max_length=100)
    reason: str = Field(max_length=500)


Command = Annotated[
    StartRun
    | DecideCell
    | EditPlan
    | SendMessage
    | StopRun
    | InterruptCell
    | ResumeRun
    | SetMode
    | SetModel
    | AllowClass
    | AnswerInput
    | TakeLease
    | UndoRun
    | RedoRun
    | ReviewNotebook
    | RerunNotebook
    | StopRerun
    | DismissFinding
    | RunOwnCell,
    Field(discriminator="type"),
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


# --- frames of the socket that are neither ------------------------------------------------------------------------


class Hello(Value):
    """The socket's first frame: who serves, the last `seq` that the replay will reach, and the classes that are allowed
    in the notebook now, in whichever of its sessions somebody did so."""

    type: Literal["hello"] = "hello"
    protocol: int
    version: str
    session: SessionInfo
    last_seq: int
    allowed: list[RiskClass] = []


class Reply(Value):
    """The answer to one command. `error` is a sentence for the person; `code` names it for programs."""

    type: Literal["reply"] = "reply"
    request_id: str = ""
    ok: bool
    code: str = ""
    error: str = ""


class Replay(Value):
    """Stored events that the client does not have, in order. After `hello` come as many of these as it takes."""

    type: Literal["replay"] = "replay"
    events: list[Event]


class Beat(Value):
    """Nothing to tell for a while. Proxies cut a connection that is silent, and a page can't see that one is dead."""

    type: Literal["beat"] = "beat"


class SessionInfo(Value):
    """One conversation, bound to a notebook (`path` relative to the server's root) and its kernel."""

    session_id: str
    path: str
    kernel_name: str = ""
    created: float
    run_id: str = ""
    run_status: RunStatus | None = None
    task: str = ""


class ModelInfo(Value):
    """A model that can be chosen. `language_model` is False for the recipes.

    `context_window` is in tokens, the prices are in US dollars per million tokens of prompt and of reply; None is
    unknown. `detail` says why it isn't available, or where it is.
    """

    model: str
    label: str
    language_model: bool
    available: bool
    detail: str = ""
    context_window: int | None = None
    sees_images: bool = False
    price_in: float | None = None
    price_out: float | None = None


class Health(Value):
    """What `/ml-intern/health` answers."""

    version: str
    protocol: int
    sessions: int
    running: int


class CellChange(Value):
    """A cell of a notebook beside what a run made of it.

    `kind`: the run put it there (`added`), a person has changed it since (`edited`), it has left again (`removed`), or
    the run has nothing to do with it (`other`). `lines` are those of its source, each behind "+", "-" or " ": what was
    added, taken away, or stands as before. `outputs` is their text, shortened.
    """

    cell_id: str
    cell_type: str
    kind: Literal["added", "edited", "removed", "other"]
    lines: list[str]
    outputs: str = ""


class RunChanges(Value):
    """What a run changed in its notebook, cell by cell in the notebook's order; removed ones come last."""

    run_id: str
    path: str
    cells: list[CellChange]


Hello.model_rebuild()
Replay.model_rebuild()

Frame = Annotated[Event | Hello | Replay | Reply | Beat, Field(discriminator="type")]


def parse_command(data: str | bytes, most: int = MAX_COMMAND_BYTES) -> Command:
    """Read one command of at most `most` bytes from JSON.

    Raises:
        BadCommand: the text is too long, no JSON, of an unknown type, or a field is missing, unknown or wrong.
    """
    if len(data) > most or (isinstance(data, str) and len(data.encode("utf-8", "surrogatepass")) > most):
        raise BadCommand(f"The command is longer than {most:,} bytes; it was not read.")
    try:
        return COMMAND.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the message"
        raise BadCommand(f"The command could not be read: {where}: {first['msg']}.") from error


def json_schema() -> dict[str, Any]:
    """The JSON schema of everything on the wire, one definition a type; what `src/protocol.ts` is made from.

    What the server sends is always whole. A command may leave out the fields that have a default.
    """

    class UntitledFields(GenerateJsonSchema):
        def field_title_should_be_set(self, schema: Any) -> bool:
            return False  # a titled field would become a TypeScript type of its own

    roots: list[tuple[str, Any]] = [("Event", Event), ("Command", Command), ("Frame", Frame)]
    roots += [(model.__name__, model) for model in (ModelInfo, Health, RunChanges)]
    schemas, whole = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter(root)) for name, root in roots], schema_generator=UntitledFields
    )
    definitions = whole["$defs"]
    unions = {name: {"oneOf": schemas[name, "serialization"]["oneOf"]} for name in ("Event", "Command")}
    commands = {member["$ref"].removeprefix("#/$defs/") for member in unions["Command"]["oneOf"]}
    for name, definition in definitions.items():
        fields = definition.get("properties", {})
        # A default beside a reference would make a second type of the same name.
        defaults = {field for field, schema in fields.items() if schema.pop("default", fields) is not fields}
        definition["required"] = [f for f in fields if f == "type" or name not in commands or f not in defaults]
    definitions["Replay"]["properties"]["events"]["items"] = {"$ref": "#/$defs/Event"}
    unions["Frame"] = {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("Event", "Hello", "Replay", "Reply", "Beat")]}
    return {
        "title": "Wire",
        "description": "Everything on the wire, and the version of the protocol.",
        "type": "object",
        "properties": {"version": {"const": PROTOCOL_VERSION}}
        | {name: {"$ref": f"#/$defs/{name}"} for name, _ in roots},
        "required": ["version", *(name for name, _ in roots)],
        "$defs": definitions | unions,
    }


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=1))
