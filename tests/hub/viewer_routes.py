"""The dataset viewer over HTTP."""

from __future__ import annotations

from typing import Any

from tests.hub.repositories import Repository
from tests.hub.rows import Split
from tests.hub.serving import Refusal, Request, Response, Router, json_response
from tests.hub.state import HubState

Rows = dict[str, dict[tuple[str, str], Split]]


class ViewerRoutes:
    """Answers about the rows of datasets that the Hub has; a dataset without rows here has no viewer."""

    def __init__(self, state: HubState, rows: Rows, router: Router) -> None:
        self._state, self._rows = state, rows
        for name, route in (
            ("is-valid", self.is_valid),
            ("splits", self.splits),
            ("info", self.info),
            ("parquet", self.parquet),
            ("first-rows", self.first_rows),
            ("rows", self.some_rows),
            ("statistics", self.statistics),
        ):
            router.add("GET", f"/viewer/{name}", route)

    def is_valid(self, request: Request) -> Response:
        """What the viewer can do for a dataset."""
        known = bool(self._splits(request))
        return json_response(dict.fromkeys(("preview", "viewer", "search", "filter", "statistics"), known))

    def splits(self, request: Request) -> Response:
        """Its configurations and splits."""
        name = request.first("dataset")
        told = [{"dataset": name, "config": config, "split": split} for config, split in self._served(request)]
        return json_response({"splits": told, "pending": [], "failed": []})

    def info(self, request: Request) -> Response:
        """Features and sizes by configuration."""
        told: dict[str, Any] = {}
        for (config, name), split in self._served(request).items():
            facts = told.setdefault(config, {"features": split.features(), "splits": {}, "config_name": config})
            size = len(str(split.rows))
            facts["splits"][name] = {"name": name, "num_bytes": size, "num_examples": len(split.rows)}
        for facts in told.values():
            facts["dataset_size"] = sum(each["num_bytes"] for each in facts["splits"].values())
            facts["download_size"] = facts["dataset_size"] // 2
        config = request.first("config")
        return json_response({"dataset_info": told[config] if config else told, "partial": False})

    def parquet(self, request: Request) -> Response:
        """The files in which the rows lie."""
        name = request.first("dataset")
        files = [
            {
                "dataset": name,
                "config": config,
                "split": split,
                "url": f"https://huggingface.co/datasets/{name}/resolve/refs%2Fconvert%2Fparquet/{config}/{split}/0000.parquet",
                "filename": "0000.parquet",
                "size": len(str(rows.rows)),
            }
            for (config, split), rows in self._served(request).items()
        ]
        return json_response({"parquet_files": files, "partial": False})

    def first_rows(self, request: Request) -> Response:
        """The first hundred rows of a split."""
        split = self._split(request)
        told = {"features": split.listed_features(), "rows": split.page(0, 100), "truncated": False}
        return json_response({"dataset": request.first("dataset"), **told})

    def some_rows(self, request: Request) -> Response:
        """Up to a hundred rows from an offset."""
        split, length = self._split(request), request.number("length", 100)
        if not 0 < length <= 100:
            raise Refusal(422, "Parameter 'length' must not be greater than 100")
        told = {"features": split.listed_features(), "rows": split.page(request.number("offset", 0), length)}
        return json_response({**told, "num_rows_total": len(split.rows), "num_rows_per_page": 100, "partial": False})

    def statistics(self, request: Request) -> Response:
        """What each column of a split holds."""
        split = self._split(request)
        return json_response({"num_examples": len(split.rows), "statistics": split.statistics(), "partial": False})

    def _repo(self, request: Request) -> Repository:
        name = request.first("dataset")
        try:
            return self._state.with_content(request, "dataset", name)
        except Refusal:
            message = "The dataset does not exist, or is not accessible without authentication (private or gated)."
            raise Refusal(404 if self._state.user(request) else 401, message) from None

    def _splits(self, request: Request) -> dict[tuple[str, str], Split]:
        return self._rows.get(self._repo(request).id, {})

    def _served(self, request: Request) -> dict[tuple[str, str], Split]:
        found = self._splits(request)
        if not found:
            raise Refusal(501, "The dataset has no data files that the viewer supports.")
        return found

    def _split(self, request: Request) -> Split:
        found = self._served(request).get((request.first("config"), request.first("split")))
        if found is None:
            raise Refusal(404, "The split does not exist")
        return found
