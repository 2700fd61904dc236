"""`jupyter ml-intern models` and `jupyter ml-intern key`: what there is to choose from, and keys in the keyring."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import Any

from .errors import InternError
from .protocol import ModelInfo


def add_model_commands(commands: Any) -> None:
    """Add both to the parser's commands."""
    models = commands.add_parser("models", help="list the models to choose from")
    models.add_argument("--model", default="", metavar="M", help="one more, as `run --model` takes it")
    models.add_argument("--base-url", default="", metavar="URL", help="its server")
    models.add_argument("--json", action="store_true", help="print a JSON list")
    models.set_defaults(command=_models)

    key = commands.add_parser("key", help="keep a provider's key in the operating system's keyring")
    actions = key.add_subparsers(required=True, metavar="set|forget")
    for name, text, command in (
        ("set", "ask for a key, without showing it, and keep it", _set_key),
        ("forget", "remove a key", _forget_key),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("provider", help="`hf`, `openai`, a provider of litellm, or the host of a server")
        action.set_defaults(command=command)


def _models(options: argparse.Namespace) -> int:
    from .agent.model_catalog import known_models

    found = known_models(options.model, options.base_url)
    if options.json:
        print(json.dumps([each.model_dump(mode="json") for each in found], ensure_ascii=False))
        return 0
    rows = [("MODEL", "WINDOW", "IMAGES", "$ PER 1M IN/OUT", ""), *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]]).rstrip())
    if not any(each.language_model for each in found):
        print("\nNo language model was found: the documentation's pages on models say how to set one up.")
    return 0


def _row(info: ModelInfo) -> tuple[str, str, str, str, str]:
    window = f"{info.context_window:,}" if info.context_window else "–"
    prices = [f"{price:g}" if price is not None else "–" for price in (info.price_in, info.price_out)]
    detail = info.detail if info.available else f"not available: {info.detail}"
    priced = "/".join(prices) if info.language_model else "–"
    return info.model, window, "yes" if info.sees_images else "–", "–" if set(prices) == {"–"} else priced, detail


def _set_key(options: argparse.Namespace) -> int:
    from .agent.keys import keyring_name, store_key

    name = keyring_name(options.provider)
    key = (getpass.getpass(f"Key for {name}: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not key:
        print("jupyter ml-intern: no key was given; nothing was kept.", file=sys.stderr)
        return 2
    try:
        store_key(name, key)
    except InternError as error:
        print(f"jupyter ml-intern: {error}", file=sys.stderr)
        return 1
    print(f"The key for {name} is in the keyring.")
    return 0


def _forget_key(options: argparse.Namespace) -> int:
    from .agent.keys import forget_key, keyring_name

    name = keyring_name(options.provider)
    try:
        forgotten = forget_key(name)
    except InternError as error:
        print(f"jupyter ml-intern: {error}", file=sys.stderr)
        return 1
    print(f"The key for {name} was removed." if forgotten else f"The keyring has no key for {name}.")
    return 0
