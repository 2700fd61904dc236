"""The loopback Hub: a stateful stand-in for the Hub that the real clients talk to. See README.md beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from tests.hub.code_routes import CodeRepository, CodeRoutes, Shelves
from tests.hub.file_routes import FileRoutes
from tests.hub.job_routes import JobRoutes
from tests.hub.jobs import JobRunner
from tests.hub.paper_routes import PaperRoutes
from tests.hub.papers import Paper
from tests.hub.repository_routes import RepositoryRoutes
from tests.hub.rows import Split
from tests.hub.serving import Fault, Request, Router, Server
from tests.hub.state import HubState
from tests.hub.viewer_routes import Rows, ViewerRoutes

TOKEN = "hf_" + "loopbackOwner" * 2
"""The write token of the user `ada` of the organization `lab`."""

READ_TOKEN = "hf_" + "loopbackReader" * 2
"""The read token of the user `bob`."""


class LoopbackHub(HubState):
    """The Hub, and its second host for large files, on ports of their own.

    As a context manager it serves while the block runs.

    Args:
        port: the Hub's port; 0: any free one.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self.server = Server(Router(), port)
        self.cdn = Server(Router())
        self.url, self.cdn_url = self.server.url, self.cdn.url
        self.add_user(TOKEN, "ada", "lab")
        self.add_user(READ_TOKEN, "bob", role="read")
        self.jobs = JobRunner()
        self.papers: dict[str, Paper] = {}
        self.rows: Rows = {}
        self.shelves = Shelves()
        self._add_routes(self.server.router)

    def _add_routes(self, router: Router) -> None:
        FileRoutes(self, router, self.cdn.router, self.url, self.cdn_url)
        PaperRoutes(self.papers, router)
        CodeRoutes(self.shelves, router, self.url)
        ViewerRoutes(self, self.rows, router)
        JobRoutes(self, self.jobs, router)
        # Last: its pages have the widest patterns.
        RepositoryRoutes(self, router, self.url)

    def __enter__(self) -> LoopbackHub:
        self.jobs.environment = {name: value for name, value in self.environment().items() if name != "HF_TOKEN"}
        self.server.start()
        self.cdn.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.jobs.close()
        self.server.stop()
        self.cdn.stop()

    def environment(self, token: str = TOKEN) -> dict[str, str]:
        """The variables that make another process's clients talk to this Hub."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": token,
            # Large files go by the LFS protocol; nothing here speaks that of the chunk store.
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "ML_INTERN_ARXIV": f"{self.url}/arxiv",
            "ML_INTERN_AR5IV": f"{self.url}/ar5iv",
            "ML_INTERN_SEMANTIC_SCHOLAR": f"{self.url}/scholar",
            "ML_INTERN_DATASETS_SERVER": f"{self.url}/viewer",
            "ML_INTERN_GITHUB": f"{self.url}/github",
            **({"ML_INTERN_WEB_SEARCH": f"{self.url}/web"} if self.shelves.web else {}),
        }

    def add_paper(self, id: str, title: str, **facts: Any) -> Paper:
        """A paper; `facts` are fields of `Paper`."""
        self.papers[id] = Paper(id, title, **facts)
        return self.papers[id]

    def add_rows(
        self,
        dataset: str,
        rows: list[dict[str, Any]],
        *,
        config: str = "default",
        split: str = "train",
        classes: dict[str, list[str]] | None = None,
    ) -> None:
        """Rows that the viewer shows of a dataset that the Hub has."""
        self.rows.setdefault(dataset, {})[config, split] = Split(rows, classes or {})

    def add_code(self, name: str, files: Mapping[str, str | bytes], **facts: Any) -> CodeRepository:
        """A repository on GitHub; `facts` are fields of `CodeRepository`."""
        held = {path: each.encode() if isinstance(each, str) else each for path, each in files.items()}
        self.shelves.code[name] = CodeRepository(name, held, **facts)
        return self.shelves.code[name]

    def fail(self, path: str, status: int = 0, **how: Any) -> Fault:
        """Let requests to paths that match `path` go wrong; see `Fault`. Both hosts are struck."""
        fault = Fault(path, status, **how)
        self.server.faults.append(fault)
        self.cdn.faults.append(fault)
        return fault

    def heal(self) -> None:
        """Take all faults away."""
        self.server.faults.clear()
        self.cdn.faults.clear()

    def asked(self, path: str = "", method: str = "") -> list[Request]:
        """The requests so far, those to both hosts, whose path begins with `path`."""
        seen = [*self.server.requests, *self.cdn.requests]
        return [each for each in seen if each.path.startswith(path) and method in {"", each.method}]
