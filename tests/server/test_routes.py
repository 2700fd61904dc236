from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_core.utils import ensure_async
from nbformat.v4 import new_code_cell, new_notebook
from pydantic import TypeAdapter
from tornado.httpclient import HTTPClientError

from ml_intern_jlab import __version__
from ml_intern_jlab.agent.streaming import LanguageModel, Piece
from ml_intern_jlab.notebook.file_writer import FileWriter
from ml_intern_jlab.protocol import COMMAND, PROTOCOL_VERSION, Frame, MessageSent
from ml_intern_jlab.server import routes
from ml_intern_jlab.testing import Misbehaviour, ScriptedModel, ScriptedServer, turn
from tests.saved_notebook import saved_with

PLAN = "1. Add\n2. Tell"
DONE = turn('final_answer("It is 2.")')
Fetch = Callable[..., Any]
FRAME: TypeAdapter[Any] = TypeAdapter(Frame)


async def test_health_without_touching_the_journal(jp_fetch: Fetch, tmp_path: Path) -> None:
    response = await jp_fetch("ml-intern", "health")
    assert json.loads(response.body) == {
        "version": __version__,
        "protocol": PROTOCOL_VERSION,
        "sessions": 0,
        "running": 0,
    }
    assert not (tmp_path / "journal.sqlite").exists()


async def test_models(jp_fetch: Fetch) -> None:
    models = json.loads((await jp_fetch("ml-intern", "models")).body)
    assert models[0]["model"] == "recipes"
    assert models[0]["language_model"] is False


async def test_sessions_are_created_listed_shown_and_deleted(jp_fetch: Fetch, new_session: Fetch) -> None:
    first, second = await new_session("a.ipynb"), await new_session("folder/b.ipynb")
    listed = json.loads((await jp_fetch("ml-intern", "sessions")).body)
    assert [info["session_id"] for info in listed] == [second, first]
    one = json.loads((await jp_fetch("ml-intern", "sessions", params={"path": "a.ipynb"})).body)
    assert [info["session_id"] for info in one] == [first]
    shown = json.loads((await jp_fetch("ml-intern", "sessions", first)).body)
    assert shown["path"] == "a.ipynb"
    moved = await jp_fetch("ml-intern", "sessions", first, method="PATCH", body=json.dumps({"path": "c.ipynb"}))
    assert json.loads(moved.body)["path"] == "c.ipynb"
    assert (await jp_fetch("ml-intern", "sessions", first, method="DELETE")).code == 204
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("ml-intern", "sessions", first)
    assert error.value.code == 404
    assert error.value.response
    assert "There is no session" in json.loads(error.value.response.body)["message"]


@pytest.mark.parametrize(
    "body",
    ["", "no json", "{}", '{"path": ""}', '{"path": "a.txt"}', '{"path": "../a.ipynb"}', '{"path": "a.ipynb", "x": 1}'],
)
async def test_a_bad_request_for_a_session_is_a_sentence(jp_fetch: Fetch, body: str) -> None:
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("ml-intern", "sessions", method="POST", body=body, allow_nonstandard_methods=True)
    assert error.value.code == 400
    assert error.value.response
    answer = json.loads(error.value.response.body)
    assert answer["code"] == "bad_command"
    assert answer["message"].startswith(("The session was not created", "The path ../a.ipynb lies outside"))


async def test_an_example_is_copied_once_and_overwrites_nothing(jp_fetch: Fetch, jp_root_dir: Path) -> None:
    async def copy(name: str) -> Any:
        body = json.dumps({"name": name, "folder": ""})
        return await jp_fetch("ml-intern", "examples", method="POST", body=body)

    for _ in range(2):
        answer = json.loads((await copy("penguins")).body)
        assert answer["files"] == ["penguins.csv", "test.csv"]
        assert answer["task"].startswith("Predict species")
    assert "species" in (jp_root_dir / "penguins.csv").read_text()
    (jp_root_dir / "test.csv").write_text("mine")
    for name, code in (("penguins", 409), ("nope", 400)):
        with pytest.raises(HTTPClientError) as error:
            await copy(name)
        assert error.value.code == code
    assert (jp_root_dir / "test.csv").read_text() == "mine"


@pytest.mark.parametrize("path", ["health", "models", "sessions", "sessions/0123456789ab"])
async def test_every_route_needs_a_token(jp_fetch: Fetch, path: str) -> None:
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("ml-intern", *path.split("/"), headers={"Authorization": "token wrong"})
    assert error.value.code == 403


async def test_the_socket_needs_a_token_a_session_and_a_number(jp_ws_fetch: Fetch, new_session: Fetch) -> None:
    session_id = await new_session()
    for where, more, code in [
        (session_id, {"headers": {"Authorization": "token wrong"}}, 403),
        ("0123456789ab", {}, 404),
        (session_id, {"params": {"since": "x"}}, 400),
    ]:
        with pytest.raises(HTTPClientError) as error:
            await jp_ws_fetch("ml-intern", "sessions", where, "events", **more)
        assert error.value.code == code


async def test_who_is_not_authorised_gets_nothing(
    jp_fetch: Fetch, jp_ws_fetch: Fetch, jp_serverapp: Any, new_session: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await new_session()
    asked: list[tuple[str, str]] = []

    def refuse(handler: Any, user: Any, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return False

    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", refuse)
    for path in ("health", "models", "sessions", f"sessions/{session_id}"):
        with pytest.raises(HTTPClientError) as error:
            await jp_fetch("ml-intern", *path.split("/"))
        assert error.value.code == 403
    with pytest.raises(HTTPClientError) as error:
        await jp_ws_fetch("ml-intern", "sessions", session_id, "events")
    assert error.value.code == 403
    assert asked[-1] == ("execute", "ml_intern")
    assert {resource for _, resource in asked} == {"ml_intern"}


async def test_a_whole_run_through_the_socket(
    connect: Fetch, new_session: Fetch, script: Fetch, jp_root_dir: Path
) -> None:
    """Every command of the wire, and the events that follow, as a panel sees them."""
    model = script(PLAN, turn("x = input('Who? ')\nprint('accuracy: 0.5', x)"), turn("1 + 1"), turn("2 + 2"), DONE)
    session_id = await new_session()
    client = await connect(session_id)
    hello = await client.next()
    assert (hello["type"], hello["protocol"], hello["last_seq"]) == ("hello", PROTOCOL_VERSION, 0)

    assert (await client.command("take_lease", tab_id="a tab"))["ok"]
    other = await connect(session_id)
    assert (await other.command("take_lease", tab_id="another tab"))["code"] == "refused"
    assert (await client.command("start_run", task="Add one and one.", mode="ask"))["ok"]
    cell = await client.until("cell_proposed")
    refused = await client.command("start_run", task="Another.")
    assert (refused["ok"], refused["code"]) == (False, "refused")
    await client.command("send_message", text="Hurry.")
    plan = next(frame for frame in client.frames if frame["type"] == "plan_changed")
    items = [*plan["items"], {"item_id": "extra", "title": "Celebrate"}]
    assert (await client.command("edit_plan", items=items))["ok"]
    stale = await client.command("decide_cell", cell_id=cell["cell_id"], decision="approve", hash="0" * 64)
    assert (stale["ok"], stale["code"]) == (False, "stale_decision")
    await client.send("decide_cell", cell_id=cell["cell_id"], decision="approve", hash=cell["hash"])
    asked = await client.until("input_requested")
    assert asked["prompt"] == "Who? "
    await client.send("answer_input", cell_id=cell["cell_id"], text="me")
    await client.until("cell_finished", status="done")
    second = await client.until("cell_proposed")
    await client.send(
        "decide_cell", cell_id=second["cell_id"], decision="reject", hash=second["hash"], feedback="Not that."
    )
    await client.until("cell_proposed")
    await client.send("set_mode", mode="auto")
    ended = await client.until("run_finished")
    assert ended["status"] == "finished"
    assert "Hurry." in model.seen[2]
    assert "3. [open] Celebrate" in model.seen[2]
    assert "Not that." in model.seen[3]

    assert (await client.command("allow_class", risk="shell", allowed=True))["ok"]
    assert (await client.command("allow_class", risk="spend", allowed=True))["code"] == "refused"
    assert (await client.command("review_notebook"))["ok"]
    dismissal = {"rule": "no_seed", "cell_id": cell["cell_id"], "reason": "It is a sketch."}
    assert (await client.command("dismiss_finding", **dismissal))["ok"]
    # This tab never saved what it was told, so there is nothing to take out.
    assert (await client.command("undo_run", run_id=ended["run_id"]))["code"] == "refused"
    assert (await client.command("redo_run", run_id=ended["run_id"]))["code"] == "refused"
    assert (await client.command("resume_run"))["code"] == "refused"
    assert (await client.command("stop_run"))["code"] == "refused"
    assert (await client.command("interrupt_cell", cell_id="0" * 12))["code"] == "refused"
    # The tab had the lease, so the server wrote nothing.
    assert not (jp_root_dir / "a.ipynb").exists()

    stored = [frame for frame in client.frames if frame.get("seq")]
    assert [frame["seq"] for frame in stored] == list(range(1, len(stored) + 1))
    for since in (0, 5, len(stored)):
        again = await connect(session_id, since)
        hello = await again.next()
        assert hello["last_seq"] == len(stored)
        assert [await again.next() for _ in range(len(stored) - since)] == stored[since:]


async def test_a_tab_that_takes_the_lease_while_a_run_begins_is_the_only_writer(
    connect: Fetch, new_session: Fetch, script: Fetch, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = asyncio.Event()
    open_file = FileWriter.open

    async def open_slowly(writer: FileWriter) -> None:
        opening.set()
        await asyncio.sleep(0.5)
        await open_file(writer)

    monkeypatch.setattr(FileWriter, "open", open_slowly)
    script(PLAN, turn("1 + 1"), DONE)
    session_id = await new_session()
    client, tab = await connect(session_id), await connect(session_id)
    await client.send("start_run", task="Add.", mode="auto")
    await asyncio.wait_for(opening.wait(), 60)
    assert (await tab.command("take_lease", tab_id="a tab"))["ok"]
    await client.until("run_finished")
    assert (await client.command("review_notebook"))["ok"]
    file = jp_root_dir / "a.ipynb"
    # The server may have written the opening cell before; what came after is the tab's to write.
    cells = nbformat.read(file, as_version=4).cells if file.exists() else []
    assert [cell.source for cell in cells if cell.cell_type == "code"] == []


async def test_when_the_tab_goes_the_server_writes_what_it_missed(
    connect: Fetch, new_session: Fetch, script: Fetch, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml_intern_jlab.server.routes.GRACE_SECONDS", 0.2)
    script(PLAN, turn("print('first')"), turn("import time\ntime.sleep(2)\nprint('second')"), DONE)
    session_id = await new_session()
    client = await connect(session_id)
    await client.command("take_lease", tab_id="a tab")
    await client.command("start_run", task="Print.", mode="auto")
    await client.until("cell_finished")
    client.socket.close()
    again = await connect(session_id)
    moved = [await again.until("lease_moved"), await again.until("lease_moved")]
    assert [event["writer"] for event in moved] == ["tab", "file"]
    await again.until("run_finished")
    notebook = await saved_with(jp_root_dir / "a.ipynb", "second\\n")
    printed = [cell.outputs[0].text for cell in notebook.cells if cell.cell_type == "code"]
    assert printed == ["first\n", "second\n"]


async def test_the_model_is_changed_in_mid_run(connect: Fetch, new_session: Fetch, jp_serverapp: Any) -> None:
    models = {
        "openai:one": ScriptedModel([PLAN, turn("print('by one')")]),
        "openai:two": ScriptedModel([turn("print('by two')"), DONE]),
    }
    sessions = jp_serverapp.web_app.settings["ml_intern_jlab"].sessions
    sessions._settings = replace(sessions._settings, create_model=lambda name, url: models[name])
    session_id = await new_session()
    client = await connect(session_id)
    assert (await client.command("set_model", model="openai:two"))["code"] == "refused"
    await client.command("start_run", task="Print.", model="openai:one")
    first = await client.until("cell_proposed")
    refused = await client.command("set_model", model="recipes")
    assert (refused["ok"], "from its first step" in refused["error"]) == (False, True)
    await client.send("set_model", model="openai:two")
    changed = await client.until("model_changed")
    assert changed["model"] == "openai:two"
    await client.send("decide_cell", cell_id=first["cell_id"], decision="approve", hash=first["hash"])
    second = await client.until("cell_proposed")
    assert second["source"] == "print('by two')"
    # The new one sees what the old one did.
    assert "by one" in models["openai:two"].seen[0]
    await client.send("set_mode", mode="auto_safe")
    await client.send("decide_cell", cell_id=second["cell_id"], decision="approve", hash=second["hash"])
    assert (await client.until("run_finished"))["status"] == "finished"
    again = await connect(session_id)
    assert (await again.until("model_changed")) == changed


async def test_what_a_model_loads_is_told_and_not_stored(connect: Fetch, new_session: Fetch, jp_serverapp: Any) -> None:
    class Loading(LanguageModel):
        def pieces(self, messages: Any, request: Any, options: Any) -> Iterator[Piece]:
            self.tell("Loading it", 0.5)
            yield Piece(next(answers))

    answers = iter([PLAN, DONE])
    model = Loading("loading")
    sessions = jp_serverapp.web_app.settings["ml_intern_jlab"].sessions
    sessions._settings = replace(sessions._settings, create_model=lambda name, url: model)
    session_id = await new_session()
    client = await connect(session_id)
    await client.command("start_run", task="Nothing.", mode="auto")
    told = await client.until("model_progress")
    assert (told["text"], told["done"], told["seq"]) == ("Loading it", 0.5, 0)
    await client.until("run_finished")
    stored = sessions.journal.events(session_id)
    assert "model_progress" not in {event.type for event in stored}


async def test_a_stop_aborts_the_request_to_the_model(connect: Fetch, new_session: Fetch, jp_serverapp: Any) -> None:
    with ScriptedServer([PLAN, Misbehaviour(then="silence")]) as server:
        client = await connect(await new_session())
        await client.command("start_run", task="Wait.", model=f"openai:some@{server.base_url}")
        assert await asyncio.to_thread(server.silent.wait, 60)
        await client.send("stop_run")
        assert (await client.until("run_finished"))["status"] == "stopped"
        assert await asyncio.to_thread(server.hung_up.wait, 20)


@pytest.mark.parametrize(("length", "frames"), [(1, [500, 100]), (400_000, [3, 3])])
def test_a_replay_comes_in_bounded_frames(length: int, frames: list[int]) -> None:
    events = [MessageSent(seq=seq, text="x" * length, by="ann") for seq in range(1, sum(frames) + 1)]
    replays = [FRAME.validate_json(text) for text in routes._replays(events)]
    assert [len(replay.events) for replay in replays] == frames
    assert [event for replay in replays for event in replay.events] == events


async def test_a_silent_connection_beats(connect: Fetch, new_session: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BEAT_SECONDS", 0.1)
    client = await connect(await new_session())
    assert [(await client.next())["type"] for _ in range(3)] == ["hello", "beat", "beat"]
    assert (await client.command("stop_run"))["code"] == "refused"


async def test_a_notebook_is_run_again_and_that_is_stopped(
    connect: Fetch, new_session: Fetch, jp_root_dir: Path
) -> None:
    client = await connect(await new_session())
    nbformat.write(
        new_notebook(cells=[new_code_cell("1 + 1"), new_code_cell("while True: pass")]), jp_root_dir / "a.ipynb"
    )
    assert (await client.command("rerun_notebook"))["ok"]
    await client.until("rerun_progress")
    assert (await client.command("rerun_notebook"))["code"] == "refused"
    assert (await client.command("stop_rerun"))["ok"]
    assert (await client.until("rerun_finished"))["stopped"]


async def test_stop_through_the_socket(connect: Fetch, new_session: Fetch, script: Fetch) -> None:
    script(PLAN, turn("import time\ntime.sleep(60)"))
    client = await connect(await new_session())
    await client.command("start_run", task="Sleep.", mode="auto")
    await client.until("cell_started")
    await asyncio.sleep(0.3)
    await client.send("stop_run")
    assert (await client.until("run_finished"))["status"] == "stopped"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"type": "nope"}',
        '{"type": "start_run"}',
        '{"type": "set_mode", "mode": "never"}',
        b"x",
    ],
)
async def test_what_is_no_command_gets_an_error_and_the_socket_lives(
    connect: Fetch, new_session: Fetch, data: str | bytes
) -> None:
    client = await connect(await new_session())
    await client.next()
    await client.socket.write_message(data, binary=isinstance(data, bytes))
    reply = await client.until("reply")
    assert (reply["ok"], reply["code"]) == (False, "bad_command")
    assert len(reply["error"]) > 20
    assert (await client.command("stop_run"))["code"] == "refused"
    assert (await client.command("interrupt_cell", cell_id="0" * 12))["code"] == "refused"


async def test_an_unreadable_command_is_answered_under_its_id(connect: Fetch, new_session: Fetch) -> None:
    client = await connect(await new_session())
    await client.send("start_run", request_id="r7", surprise=1)
    reply = await client.until("reply")
    assert (reply["request_id"], reply["code"]) == ("r7", "bad_command")


async def test_an_oversized_command_is_refused(connect: Fetch, new_session: Fetch) -> None:
    client = await connect(await new_session())
    await client.send("start_run", task="x" * 1_100_000)
    assert "longer than" in (await client.until("reply"))["error"]


async def test_the_run_outlives_its_socket(
    connect: Fetch, new_session: Fetch, script: Fetch, jp_root_dir: Path
) -> None:
    script(PLAN, turn("import time\ntime.sleep(1)\nprint('still here')"), DONE)
    session_id = await new_session()
    client = await connect(session_id)
    await client.command("start_run", task="Wait.", mode="auto")
    await client.until("cell_started")
    client.socket.close()
    assert await client.socket.read_message() is None
    again = await connect(session_id)
    assert (await again.until("run_finished"))["status"] == "finished"
    await asyncio.sleep(1)
    assert "still here" in (jp_root_dir / "a.ipynb").read_text()


async def test_a_kernel_that_ends_while_it_starts_is_started_once_more(
    connect: Fetch, jp_fetch: Fetch, script: Fetch, jp_serverapp: Any, tmp_path: Path
) -> None:
    # As one does that finds a port taken which Jupyter had found free.
    once = (
        "import pathlib, sys; mark = pathlib.Path(sys.argv.pop(1)); begun = mark.exists(); mark.touch()\n"
        "if not begun: sys.exit('Address already in use')\n"
        "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    )
    argv = [sys.executable, "-c", once, str(tmp_path / "begun"), "-f", "{connection_file}"]
    folder = tmp_path / "kernels" / "unlucky"
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": "Unlucky", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    jp_serverapp.kernel_spec_manager.kernel_dirs.append(str(folder.parent))
    script(PLAN, turn("print(6 * 7)"), DONE)
    body = json.dumps({"path": "a.ipynb", "kernel_name": "unlucky"})
    response = await jp_fetch("ml-intern", "sessions", method="POST", body=body)
    client = await connect(json.loads(response.body)["session_id"])
    assert (await client.command("start_run", task="Print.", mode="auto"))["ok"]
    assert (await client.until("cell_output"))["message"]["content"]["text"] == "42\n"
    assert len(await ensure_async(jp_serverapp.session_manager.list_sessions())) == 1
    await client.until("run_finished")


async def test_two_sockets_hear_the_same(connect: Fetch, new_session: Fetch, script: Fetch) -> None:
    script(PLAN, turn("1 + 1"), DONE)
    session_id = await new_session()
    one, two = await connect(session_id), await connect(session_id)
    await one.command("start_run", task="Add.", mode="auto")
    for client in (one, two):
        await client.until("run_finished")
    heard = [[frame for frame in client.frames if frame.get("seq")] for client in (one, two)]
    assert heard[0] == heard[1]


def test_the_tests_send_every_command() -> None:
    """A command that is added to the wire must be sent by a test of this folder."""
    kinds = {
        each["properties"]["type"]["const"]
        for each in COMMAND.json_schema()["$defs"].values()
        if "type" in each.get("properties", {})
    }
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert {kind for kind in kinds if f'"{kind}"' not in text} == set()
