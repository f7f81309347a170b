"""A webhook of somebody: a real HTTP server on this machine that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Received:
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    status: int = 200
    content: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    #: Seconds it keeps the caller waiting.
    delay: float = 0.0


@dataclass
class Webhook:
    url: str
    received: list[Received] = field(default_factory=list)
    #: One answer for each message; the last one again and again.
    answers: list[Answer] = field(default_factory=lambda: [Answer()])


@contextmanager
def webhook_server() -> Iterator[Webhook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            parts = urlsplit(self.path)
            hook.received.append(
                Received(parts.path, parse_qs(parts.query), dict(self.headers), json.loads(content.decode("utf-8")))
            )
            answer = hook.answers[min(len(hook.received), len(hook.answers)) - 1]
            time.sleep(answer.delay)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who was kept waiting has hung up; that is no news for the output of the test."""

    server = Server(("127.0.0.1", 0), Handler)
    hook = Webhook(f"http://127.0.0.1:{server.server_port}/hook/t0ken-of-the-address")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
