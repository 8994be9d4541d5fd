"""A model hub on loopback: one repository, as much of the hub's protocol as fetching a snapshot takes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server answers, and what it was asked.

    Attributes:
        files: of the only repository, by path.
        refusal: a status and the hub's own error code, given to every request; None answers properly.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    refusal: tuple[int, str] | None = None
    downloaded: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""

    def add_directory(self, directory: Path) -> None:
        for path in directory.rglob("*"):
            if path.is_file():
                self.files[path.relative_to(directory).as_posix()] = path.read_bytes()


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            hub.tokens.add(self.headers.get("Authorization"))
            if hub.refusal:
                status, code = hub.refusal
                return self._send(status, b"{}", with_body, {"X-Error-Code": code})
            path = self.path.split("?")[0]
            if "/resolve/" in path:
                return self._send_file(path.split("/", 5)[5], with_body)
            listing: Any = (
                [self._entry(name) for name in hub.files] if "/tree/" in path else {"sha": COMMIT, "id": "a/b"}
            )
            return self._send(200, json.dumps(listing).encode(), with_body, {"Content-Type": "application/json"})

        def _send_file(self, name: str, with_body: bool) -> None:
            if name not in hub.files:
                return self._send(404, b"", with_body, {"X-Error-Code": "EntryNotFound"})
            if with_body:
                hub.downloaded.append(name)
            headers = {"ETag": f'"{self._entry(name)["oid"]}"', "X-Repo-Commit": COMMIT}
            return self._send(200, hub.files[name], with_body, headers)

        def _entry(self, name: str) -> dict[str, Any]:
            content = hub.files[name]
            return {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}

        def _send(self, status: int, body: bytes, with_body: bool, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
