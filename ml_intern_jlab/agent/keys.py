"""Keys of model servers: where they are looked for, and which host each of them may be sent to.

A key comes from the environment, from the Hugging Face login, or from the operating system's keyring. It is sent to the
host that issued it and to no other, and it is never written anywhere but into the keyring.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import InternError

SERVICE = "ml-intern-jlab"
"""The name under which the keyring keeps our keys; the user is the provider's name or the host."""


class KeyringUnavailable(InternError):
    """The operating system's keyring can't be used."""

    code = "keyring_unavailable"


@dataclass(frozen=True)
class KeyOf:
    """Whose key: the `provider`'s name in the keyring, the environment's `variable`, and the page that issues it."""

    provider: str
    variable: str
    page: str


HUGGING_FACE = KeyOf("hf", "HF_TOKEN", "https://huggingface.co/settings/tokens")
OPENAI = KeyOf("openai", "OPENAI_API_KEY", "https://platform.openai.com/api-keys")
OPENAI_HOST = "api.openai.com"


def hub_key() -> str | None:
    """The Hugging Face token: `HF_TOKEN`, the login on this machine, or the keyring's."""
    from huggingface_hub import get_token

    return get_token() or stored_key(HUGGING_FACE.provider)


def key_for_url(url: str) -> str | None:
    """The key for the server at `url`, None where there is none.

    `OPENAI_API_KEY` belongs to the host of `OPENAI_BASE_URL`, and to OpenAI's own where that isn't set.
    """
    host = host_of(url)
    if host == host_of(os.environ.get("OPENAI_BASE_URL") or f"https://{OPENAI_HOST}"):
        key = os.environ.get(OPENAI.variable)
        if key:
            return key
    return stored_key(OPENAI.provider if host == OPENAI_HOST else host)


def advice(url: str) -> str:
    """What to do when the server at `url` wants a key, or refuses the one it got."""
    host = host_of(url)
    if host == OPENAI_HOST:
        return missing(OPENAI)
    if host == host_of(os.environ.get("OPENAI_BASE_URL", "")):
        return f"Check {OPENAI.variable}, the key for {host}."
    return f"Give the key for {host} with `jupyter ml-intern key set {host}`."


def missing(key: KeyOf) -> str:
    """Which key is needed, where to get it and where to put it."""
    return (
        f"Get a key at {key.page}, then set {key.variable} or run `jupyter ml-intern key set {key.provider}` and "
        "start again."
    )


def host_of(url: str) -> str:
    """Host and port of an address, or of a bare `host:port`."""
    return urlsplit(url if "//" in url else f"//{url}").netloc.rpartition("@")[2].lower()


def keyring_name(provider: str) -> str:
    """The keyring's name for what a person typed: a provider's name, or the host in an address."""
    if "/" not in provider and "." not in provider and ":" not in provider:
        return provider.lower()
    host = host_of(provider)
    return OPENAI.provider if host == OPENAI_HOST else host


def stored_key(name: str) -> str | None:
    """The keyring's key of a provider or host; None where there is none, or no keyring."""
    with contextlib.suppress(KeyringUnavailable), _keyring() as keyring:
        found = keyring.get_password(SERVICE, name)
        return str(found) if found else None
    return None


def store_key(name: str, key: str) -> None:
    """Put a key into the keyring.

    Raises:
        KeyringUnavailable: there is none, or it is locked.
    """
    with _keyring() as keyring:
        keyring.set_password(SERVICE, name, key)


def forget_key(name: str) -> bool:
    """Take a key out of the keyring; returns whether there was one.

    Raises:
        KeyringUnavailable: there is none, or it is locked.
    """
    with _keyring() as keyring:
        if keyring.get_password(SERVICE, name) is None:
            return False
        keyring.delete_password(SERVICE, name)
        return True


@contextlib.contextmanager
def _keyring() -> Any:
    import keyring
    from keyring.errors import KeyringError

    try:
        yield keyring
    # Its backends let through what D-Bus and the like raise.
    except (KeyringError, OSError, RuntimeError) as error:
        raise KeyringUnavailable(
            f"The operating system's keyring can't be used ({type(error).__name__}: {str(error).splitlines()[0]}). "
            "Set the key in the environment instead."
        ) from error
