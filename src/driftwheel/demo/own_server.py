"""A server of one's own: `driftwheel serve` in a process beside this one, and calls of its API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driftwheel.client.api import Api
from driftwheel.errors import DriftwheelError

__all__ = ["OwnServer", "run_server"]

_START_SECONDS = 90.0
_STOP_SECONDS = 30.0
_CALL_SECONDS = 60.0


@dataclass(slots=True)
class OwnServer:
    """A running server.

    Attributes
    ----------
    url
        Where it is.
    password
        Of its user `admin`; None where the data folder was there before.
    """

    url: str
    password: str | None
    lines: list[str] = field(default_factory=list)

    def api(self) -> Api:
        """Log in as admin, make a token that may do all that an admin may, and return the API called with it.

        Raises
        ------
        DriftwheelError
            When the server does not let us in.
        """
        told = {"name": "admin", "password": self.password}
        request = _request(self.url, "POST", "/session", told, {})
        with urllib.request.urlopen(request, timeout=_CALL_SECONDS) as answer:  # noqa: S310
            cookie = str(answer.headers["Set-Cookie"]).split(";")[0]
            csrf = json.load(answer)["csrf"]
        wanted = {"name": "demo", "role": "admin"}
        request = _request(self.url, "POST", "/tokens", wanted, {"Cookie": cookie, "X-CSRF-Token": csrf})
        with urllib.request.urlopen(request, timeout=_CALL_SECONDS) as answer:  # noqa: S310
            return Api(self.url, json.load(answer)["token"])


@contextmanager
def run_server(data: Path, settings: Mapping[str, str]) -> Iterator[OwnServer]:
    """Run a server on a free port until the end, its data in `data`, with these environment variables.

    Raises
    ------
    DriftwheelError
        When it does not start; with what it said.
    """
    command = [sys.executable, "-m", "driftwheel", "serve", "--port", "0", "--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWHEEL_")}
    with subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment | dict(settings),
        start_new_session=True,  # Ctrl+C is for us; we stop it in our own time
    ) as process:
        running, ready = OwnServer("", None), threading.Event()
        reader = threading.Thread(target=_read, args=(process, running, ready), daemon=True)
        reader.start()
        try:
            ready.wait(_START_SECONDS)
            if not running.url:
                raise DriftwheelError(f"The server does not start: {''.join(running.lines).strip()}")
            yield running
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join()


def _read(process: subprocess.Popen[str], running: OwnServer, ready: threading.Event) -> None:
    for line in process.stdout or ():
        running.lines.append(line)
        if found := re.search(r"with the password (\S+)", line):
            running.password = found[1]
        if found := re.search(r"Driftwheel is at (http://\S+)", line):
            running.url = found[1]
            ready.set()
    ready.set()


def _request(
    url: str, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
) -> urllib.request.Request:
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.Request(  # noqa: S310 - our own server's
        f"{url}/api/v1{path}",
        data=data,
        method=method,
        headers={"Content-Type": "application/json", **headers},
    )
