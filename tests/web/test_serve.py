"""`driftwheel serve` as a process: its first start, its address, its end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from tests.web.process import running_process


def test_the_first_start_tells_the_password_once(tmp_path: Path) -> None:
    with running_process(tmp_path / "data") as first:
        told = "".join(first.lines)
        found = re.search(r"Log in as admin with the password (\S+)", told)
        assert found
        password = found[1]
        assert len(password) == 20
        assert told.count(password) == 1
        answer = httpx.post(
            f"{first.url}/api/v1/session", json={"name": "admin", "password": password}, trust_env=False
        )
        assert answer.json()["role"] == "admin"
        assert first.stop() == 0
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("driftwheel.sqlite*"))
    assert password.encode() not in stored
    with running_process(tmp_path / "data") as second:
        assert "password" not in "".join(second.lines)
        answer = httpx.post(
            f"{second.url}/api/v1/session", json={"name": "admin", "password": password}, trust_env=False
        )
        assert answer.status_code == 201
        assert second.stop(signal.SIGINT) == 0


def test_it_ends_well_and_answers_what_is_under_way(tmp_path: Path) -> None:
    with running_process(tmp_path) as process:
        token = process.token("ingest", model="cats")
        port = int(process.url.rpartition(":")[2])
        body = json.dumps({"id": "last", "time": "2026-03-04T05:06:07Z"}).encode()
        head = (
            f"POST /api/v1/models/cats/records HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.encode() + body[:5])
            threading.Timer(0.3, process.stop).start()
            threading.Event().wait(0.8)  # it is stopping now, and still waits for the rest
            connection.sendall(body[5:])
            connection.settimeout(20)
            assert connection.recv(1000).startswith(b"HTTP/1.1 202")
        assert process.process.wait(30) == 0
    assert not any("Traceback" in line for line in process.lines), process.lines


def test_mistakes_end_in_one_line(tmp_path: Path) -> None:
    def serve(*options: str) -> str:
        start = "import sys; from driftwheel.cli import main; sys.argv[0] = 'driftwheel'; main()"
        done = subprocess.run(
            [sys.executable, "-c", start, "serve", "--no-worker", "--data", str(tmp_path), *options],
            check=False,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr
        return done.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Cannot listen on 127.0.0.1, port {port}: Address already in use" in serve(
            "--port", str(port)
        )
    assert "cannot be '70000'" in serve("--port", "70000")
    (tmp_path / "driftwheel.sqlite").write_bytes(b"no database" * 100)
    assert "Error: " in serve("--port", "0")


@pytest.mark.parametrize("option", ["--no-worker", "--port", "--host", "--data"])
def test_its_options_are_in_the_help(option: str) -> None:
    from typer.testing import CliRunner

    from driftwheel.cli import app

    assert option in CliRunner().invoke(app, ["serve", "--help"]).output
