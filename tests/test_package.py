"""The two halves belong together: names, versions and the wire's schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

import ml_intern_jlab
from ml_intern_jlab import protocol

ROOT = Path(__file__).parent.parent
PACKAGE_JSON: dict[str, Any] = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
COMMANDS = get_args(get_args(protocol.Command)[0])
EVENTS = get_args(get_args(protocol.Event)[0])


def test_both_halves_have_one_version() -> None:
    assert PACKAGE_JSON["version"] == ml_intern_jlab.__version__


def test_the_page_half_lies_where_the_build_puts_it() -> None:
    [paths] = ml_intern_jlab._jupyter_labextension_paths()
    assert f"ml_intern_jlab/{paths['src']}" == PACKAGE_JSON["jupyterlab"]["outputDir"]
    assert paths["dest"] == PACKAGE_JSON["name"]


def test_the_configuration_enables_the_server_half() -> None:
    config = ROOT / "jupyter-config" / "server-config" / "ml_intern_jlab.json"
    enabled = json.loads(config.read_text(encoding="utf-8"))["ServerApp"]["jpserver_extensions"]
    assert enabled == {ml_intern_jlab.__name__: True}


def test_the_lock_file_names_no_registry() -> None:
    assert not re.search(r"https?://", (ROOT / "yarn.lock").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["Event", "Command", "Frame", *(t.__name__ for t in (*EVENTS, *COMMANDS))])
def test_typescript_exports_every_message_by_name(name: str) -> None:
    types = (ROOT / "src" / "protocol.ts").read_text(encoding="utf-8")
    assert re.search(rf"^export (interface|type) {name}\b", types, re.MULTILINE)
    assert not re.search(rf"^export (interface|type) {name}\d", types, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_the_schema_demands_of_a_command_what_the_server_demands(command: type[protocol.CommandBase]) -> None:
    demanded = {name for name, field in command.model_fields.items() if field.is_required()}
    assert set(protocol.json_schema()["$defs"][command.__name__]["required"]) == demanded | {"type"}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_the_schema_promises_every_field_of_an_event(event: type[protocol.EventBase]) -> None:
    assert set(protocol.json_schema()["$defs"][event.__name__]["required"]) == set(event.model_fields)
