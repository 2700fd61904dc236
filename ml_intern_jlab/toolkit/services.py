"""The services that the toolkit reads, where each is found, and which token may go there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Service:
    """A service and how its address is configured.

    Attributes:
        title: its name for people.
        variable: the environment variable that moves it.
        default: its public address; "": off unless the variable is set.
        token: whose token it gets: the Hub's, or the value of the first of `token_variables` that is set.
        without: what still works when it can't be reached.
    """

    title: str
    variable: str
    default: str
    without: str
    token: Literal["", "hub", "bearer", "x-api-key"] = ""
    token_variables: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """Its address without a slash at the end; "" where it is off."""
        return (os.environ.get(self.variable) or self.default).rstrip("/")

    @property
    def host(self) -> str:
        """The host's name, for messages."""
        return urlsplit(self.base).netloc or self.title

    def credentials(self) -> dict[str, str]:
        """The headers with the token of this service; {} where it has none."""
        if self.token == "hub":
            token = hub_token() if same_site(self.base, HUB.base) else None
            return {"Authorization": f"Bearer {token}"} if token else {}
        key = next((os.environ[name] for name in self.token_variables if os.environ.get(name)), "")
        if not key or not self.token:
            return {}
        return {"x-api-key": key} if self.token == "x-api-key" else {"Authorization": f"Bearer {key}"}


CACHED = "what was read before is still in the cache, and files on this machine work as ever"

HUB = Service("Hugging Face Hub", "HF_ENDPOINT", "https://huggingface.co", CACHED, "hub")
DATASETS_SERVER = Service(
    "the Hub's dataset viewer",
    "ML_INTERN_DATASETS_SERVER",
    "https://datasets-server.huggingface.co",
    "datasets.inspect still tells what the dataset's card says, and load_dataset may still load it",
    "hub",
)
ARXIV = Service("arXiv", "ML_INTERN_ARXIV", "https://arxiv.org", "papers.details still has the abstract")
AR5IV = Service("ar5iv", "ML_INTERN_AR5IV", "https://ar5iv.labs.arxiv.org", "papers.details still has the abstract")
SEMANTIC_SCHOLAR = Service(
    "Semantic Scholar",
    "ML_INTERN_SEMANTIC_SCHOLAR",
    "https://api.semanticscholar.org",
    "papers.search, details and sections do without it",
    "x-api-key",
    ("SEMANTIC_SCHOLAR_API_KEY", "S2_API_KEY"),
)
GITHUB = Service(
    "GitHub",
    "ML_INTERN_GITHUB",
    "https://api.github.com",
    "docs.look reads what is installed here",
    "bearer",
    ("GITHUB_TOKEN", "GH_TOKEN"),
)
WEB_SEARCH = Service(
    "web search",
    "ML_INTERN_WEB_SEARCH",
    "",
    "papers, docs and github have searches of their own",
    "bearer",
    ("ML_INTERN_WEB_SEARCH_KEY",),
)


def hub_token() -> str | None:
    """The token that the person is logged in to the Hub with, as huggingface_hub finds it."""
    from huggingface_hub import get_token

    return get_token()


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one owner: the same host, or one a part of the other's domain."""
    first, second = urlsplit(one).hostname or "", urlsplit(other).hostname or ""
    return bool(first and second) and (first == second or first.endswith(f".{second}") or second.endswith(f".{first}"))
