"""A real S3 server on this machine for tests: moto, in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import pytest

__all__ = ["S3Server", "running_s3", "s3_server"]


@dataclass
class S3Server:
    """A server that holds buckets in memory; stopped and started again it is empty, at the same port."""

    port: int = 0
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What the standard variables of AWS say to whoever is to find it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if "http://127.0.0.1:" in line:
                self.port = int(line.split("http://127.0.0.1:")[1].split()[0])
                break
        else:
            raise RuntimeError(f"The S3 server ended with {self.process.wait()}: {''.join(self.said)}")
        self.reader = threading.Thread(target=_read_all, args=[self.process.stdout], daemon=True)
        self.reader.start()

    def stop(self) -> None:
        if self.process is not None and self.reader is not None:
            self.process.kill()
            self.process.wait()
            self.reader.join()
            self.process = None

    def forget(self) -> None:
        """Empty it."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request, timeout=30):
            pass


def _read_all(log: IO[str]) -> None:
    with log:
        for _ in log:
            pass


@pytest.fixture(scope="session")
def running_s3() -> Iterator[S3Server]:
    missing = [name for name in ("s3fs", "moto", "flask_cors") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"There is no {missing[0]} here; install the extra `dev`.")
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3_server(running_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """An S3 server without a bucket, which the environment names."""
    running_s3.forget()
    for name, value in running_s3.environment().items():
        monkeypatch.setenv(name, value)
    return running_s3
