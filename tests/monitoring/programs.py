"""Prometheus and Alertmanager as real processes, from Debian's packages."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

__all__ = ["Daemon", "alertmanager", "needed", "prometheus", "until"]

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Daemon:
    """A running program that answers at `url`."""

    url: str

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")

    def get(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(self.url + path, params=parameters, timeout=10, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers at this moment."""
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=expression)["data"]["result"]
        return found


def needed(*programs: str) -> None:
    """Skip where one of them is not installed."""
    packages = {"amtool": "prometheus-alertmanager", "prometheus-alertmanager": "prometheus-alertmanager"}
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(
                f"There is no {program} here; install the package `{packages.get(program, 'prometheus')}`."
            )


def until(found: Callable[[], _Found], seconds: float = 40) -> _Found:
    """Ask again until the answer is true."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return answer


@contextmanager
def prometheus(configuration: str, folder: Path) -> Iterator[Daemon]:
    needed("prometheus")
    file = folder / "prometheus.yml"
    file.write_text(configuration)
    with _running(
        folder,
        lambda address: [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={address}",
            "--log.level=warn",
        ],
    ) as daemon:
        yield daemon


@contextmanager
def alertmanager(configuration: str, folder: Path) -> Iterator[Daemon]:
    needed("prometheus-alertmanager")
    file = folder / "alertmanager.yml"
    file.write_text(configuration)
    with _running(
        folder,
        lambda address: [
            "prometheus-alertmanager",
            f"--config.file={file}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ],
    ) as daemon:
        yield daemon


@contextmanager
def _running(folder: Path, command: Callable[[str], list[str]]) -> Iterator[Daemon]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = command(address)
    log = folder / f"{words[0]}.log"
    with log.open("w") as said, subprocess.Popen(words, stdout=said, stderr=said) as process:
        try:
            daemon = Daemon(f"http://{address}")
            until(lambda: _ready(daemon, process, log))
            yield daemon
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(daemon: Daemon, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return httpx.get(f"{daemon.url}/-/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
