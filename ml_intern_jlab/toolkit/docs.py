"""Documentation, what is installed here first: signatures and docstrings, the Hub's documentation, changelogs.

What a library is called may have changed since any model or book learnt it; `look` says what this kernel really has.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import re
import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from . import github
from .errors import BadRequest, NotFound, did_you_mean, nearest
from .http import FRESH, TIMEOUT, Answer, get
from .services import HUB, Service
from .tables import Passage, Record, Table, passage, shown, table

MOST_OF_A_PAGE = 10_000
MOST_OF_A_DOCSTRING = 3500
_ENTRY = re.compile(r"^\s*[-*] \[(?P<title>[^\]]+)\]\((?P<url>[^)\s]+)\)(?::\s*(?P<about>.*))?$", re.M)


@dataclass(frozen=True, repr=False)
class Installed(Record):
    """What is installed under a name. `docstring` is shortened when it is printed, not for code."""

    name: str
    kind: str = ""
    package: str = ""
    version: str = ""
    signature: str = ""
    docstring: str = ""
    members: tuple[str, ...] = ()
    file: str = ""

    def __repr__(self) -> str:
        head = f"{self.name}{self.signature}" if self.signature else self.name
        told = [f"{self.kind} of {self.package} {self.version}".strip(), head]
        told += [self.docstring[:MOST_OF_A_DOCSTRING]] if self.docstring else []
        if len(self.docstring) > MOST_OF_A_DOCSTRING:
            told.append(f"… ({len(self.docstring) - MOST_OF_A_DOCSTRING} more characters in .docstring)")
        told += [f"Members: {', '.join(self.members)[:1200]}"] if self.members else []
        return "\n".join(told)


@dataclass(frozen=True)
class Page:
    """A page of a documentation; `docs.read(url)` reads it."""

    title: str = shown(link="url")
    about: str = ""
    url: str = ""
    score: float = shown(hidden=True, default=0.0)


@dataclass(frozen=True)
class Endpoint:
    """A call of the Hub's interface."""

    method: str
    path: str
    about: str = ""
    parameters: tuple[str, ...] = ()


def look(name: str) -> Installed:
    """The signature, docstring and version of what is installed, such as `trl.SFTConfig` or `pandas.DataFrame.merge`.

    The module is imported for it.

    Raises:
        NotFound: nothing of that name is installed; nearest names are given.
        BadRequest: it is no name, or that of a file in the working folder.
    """
    found, package = _resolved(name)
    version = ""
    for distribution in importlib.metadata.packages_distributions().get(package, []):
        version = importlib.metadata.version(distribution)
    kind = "module" if inspect.ismodule(found) else "class" if inspect.isclass(found) else "function"
    if not callable(found) and kind == "function":
        kind = type(found).__name__
    try:
        signature = str(inspect.signature(found)) if callable(found) else ""
    except (TypeError, ValueError):
        signature = "(…)"  # written in C, without a signature that can be read
    members = tuple(each for each in dir(found) if not each.startswith("_")) if kind in {"module", "class"} else ()
    try:
        file = inspect.getsourcefile(found) or ""
    except TypeError:
        file = ""
    return Installed(name, kind, package, version, signature, inspect.getdoc(found) or "", members, file)


def search(words: str, library: str = "transformers", limit: int = 15, *, timeout: float = TIMEOUT) -> Table[Page]:
    """Pages of a library's documentation on the Hub that fit the words, the best match first.

    Args:
        words: what to look for.
        library: as the documentation's address names it (`transformers`, `trl`, `peft`, `datasets`, `hub`, …); or the
            address of any project's `llms.txt`.
        limit: how many.
        timeout: seconds.

    Raises:
        NotFound: there is no such documentation.
    """
    answer, base = _index(library, timeout)
    wanted = [word for word in re.split(r"[^a-z0-9_]+", words.lower()) if word]
    rows = []
    for found in _ENTRY.finditer(answer.text):
        title, about = found["title"], found["about"] or ""
        score = sum(
            3.0 * (word in title.lower()) + 2.0 * (word in found["url"].lower()) + (word in about.lower())
            for word in wanted
        )
        if score or not wanted:
            rows.append(Page(title, about, urljoin(base, found["url"]), score))
    rows.sort(key=lambda row: row.score, reverse=True)
    note = "" if rows else f"Read the index itself with docs.read({base!r})"
    return table(f"Pages of {library} for {words!r}, best match first", rows[:limit], answer.source, note)


def read(
    page: str,
    library: str = "",
    *,
    version: str = "main",
    start: int = 0,
    most: int = MOST_OF_A_PAGE,
    timeout: float = TIMEOUT,
) -> Passage:
    """A page of a documentation as text.

    Args:
        page: its address; or, with a library, its name there, such as `quicktour`.
        library: see `search`.
        version: of the documentation: `main`, or such as `v4.57.0`.
        start: the character to begin at, to read on.
        most: characters at most.
        timeout: seconds.

    Raises:
        NotFound: there is no such page.
        BadRequest: it is neither an address nor a page of a library.
    """
    if library:
        page = f"{HUB.base}/docs/{quote(library)}/{quote(version)}/en/{quote(page.strip('/').removesuffix('.md'))}.md"
    parts = urlsplit(page)
    if parts.scheme not in {"http", "https"}:
        raise BadRequest(f"{page!r} is no address. Give one, or a page's name with its library.")
    # The Hub gives each page of its documentation as markdown, too.
    own = page.startswith(f"{HUB.base}/docs/")
    address = (
        f"{page.partition('#')[0]}.md" if own and not parts.path.endswith((".md", ".txt")) else page.partition("#")[0]
    )
    try:
        answer = _page(address, library, version, timeout)
    except NotFound as error:
        raise NotFound(f"{error} docs.search finds a library's pages by words.", error.status) from None
    text = answer.text
    if "html" in answer.headers.get("content-type", ""):
        from .paper_text import plain_text

        text = plain_text(text)
    return passage(page, text, page, start, most, answer.source)


def changelog(package: str, limit: int = 5, *, repository: str = "", timeout: float = TIMEOUT) -> Table[github.Release]:
    """The newest releases of a package with their notes, from the repository that its metadata names.

    Args:
        package: as it is installed by, such as `scikit-learn`.
        limit: how many.
        repository: owner/name on GitHub, where the metadata names none or the package isn't installed.
        timeout: seconds.

    Raises:
        NotFound: it is not installed, or its metadata names no repository on GitHub.
    """
    installed = ""
    if not repository:
        try:
            metadata = importlib.metadata.metadata(package)
        except importlib.metadata.PackageNotFoundError:
            raise NotFound(
                f"{package} is not installed. Name its repository: changelog({package!r}, repository=…)."
            ) from None
        installed = importlib.metadata.version(package)
        told = [*(metadata.get_all("Project-URL") or []), f"home, {(metadata.get_all('Home-page') or [''])[0]}"]
        links = (re.search(r"https?://github\.com/([\w.-]+/[\w.-]+)", each) for each in told)
        repository = next((link[1] for link in links if link), "")
        if not repository:
            raise NotFound(f"The metadata of {package} names no repository on GitHub; give it as repository=….")
    found = github.releases(repository, limit, timeout=timeout)
    note = f"{package} {installed} is installed here" if installed else ""
    return table(found.title, found.rows, found.source, note)


def hub_api(words: str = "", limit: int = 20, *, timeout: float = TIMEOUT) -> Table[Endpoint]:
    """Calls of the Hub's own interface that fit the words, from its description of itself."""
    answer = get(HUB, "/.well-known/openapi.json", timeout=timeout, fresh=86400)
    wanted = words.lower().split()
    rows = []
    for path, methods in answer.part("paths").items():
        for method, told in methods.items():
            if not isinstance(told, dict):
                continue
            about = str(told.get("summary") or told.get("description") or "")
            if all(word in f"{path} {about}".lower() for word in wanted):
                names = tuple(str(each.get("name")) for each in told.get("parameters") or [] if "name" in each)
                rows.append(Endpoint(method.upper(), path, about, names))
    rows.sort(key=lambda row: (len(row.path), row.path))
    return table(
        f"Calls of {HUB.host}{f' for {words!r}' if words else ''}, shortest first", rows[:limit], answer.source
    )


def _resolved(name: str) -> tuple[Any, str]:
    """What a dotted name stands for, and its top-level package."""
    parts = name.strip().split(".")
    if not all(part.isidentifier() for part in parts):
        raise BadRequest(f"{name!r} is no name in Python. Names look like package.module.thing.")
    _check_installed(parts[0])
    try:
        found: Any = importlib.import_module(parts[0])
    except ModuleNotFoundError as error:
        if error.name != parts[0]:
            raise NotFound(f"{parts[0]} is installed, but can't be imported: {error}.") from error
        known = {module.name for module in pkgutil.iter_modules()}
        raise NotFound(f"{parts[0]} is not installed here.{did_you_mean(nearest(parts[0], known))}") from None
    for at, part in enumerate(parts[1:], 1):
        if not hasattr(found, part):
            try:
                importlib.import_module(".".join(parts[: at + 1]))
            except ImportError:
                near = did_you_mean(".".join([*parts[:at], each]) for each in nearest(part, dir(found)))
                raise NotFound(f"{'.'.join(parts[:at])} has nothing called {part}.{near}") from None
        found = getattr(found, part)
    return found, parts[0]


def _check_installed(package: str) -> None:
    """Looking something up must not run a file that happens to lie in the working folder."""
    spec = importlib.util.find_spec(package) if package not in sys.modules else None
    places = [*((spec.origin or "",) if spec else ()), *((spec.submodule_search_locations or ()) if spec else ())]
    here = Path.cwd()
    installed = [Path(folder) for folder in {*sysconfig.get_paths().values(), *site.getsitepackages()}]
    for place in filter(None, places):
        inside = Path(place).resolve().is_relative_to(here)
        if inside and not any(Path(place).is_relative_to(folder) for folder in installed):
            raise BadRequest(f"{package} is a file of this folder, not installed; read {place} instead.")


def _index(library: str, timeout: float) -> tuple[Answer, str]:
    """The `llms.txt` of a library, and its address."""
    address = library if "://" in library else f"{HUB.base}/docs/{quote(library)}/llms.txt"
    try:
        return _fetch(address, timeout, fresh=86400), address
    except NotFound:
        raise NotFound(
            f"There is no documentation of {library} at {address}. Give the address of a project's llms.txt instead."
        ) from None


def _page(address: str, library: str, version: str, timeout: float) -> Answer:
    """A page; some of the Hub's own documentations have no versions."""
    try:
        return _fetch(address, timeout)
    except NotFound:
        if not library:
            raise
        return _fetch(address.replace(f"/{quote(version)}/en/", "/en/", 1), timeout)


def _fetch(address: str, timeout: float, fresh: float = FRESH) -> Answer:
    """A page of any host; a token goes along to the Hub only."""
    if address.startswith(f"{HUB.base}/"):
        return get(HUB, address.removeprefix(HUB.base), timeout=timeout, fresh=fresh, accept="*/*")
    parts = urlsplit(address)
    site = Service(parts.netloc, "", f"{parts.scheme}://{parts.netloc}", "docs.look reads what is installed here")
    return get(site, address.removeprefix(site.base), timeout=timeout, fresh=fresh, accept="*/*")
