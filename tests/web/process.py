"""A real server process, started as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from driftwheel.services.access.create_token import create_token
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.store.engine.database import open_database

__all__ = ["ServerProcess", "running_process"]

_START = "import sys; from driftwheel.cli import main; sys.argv[0] = 'driftwheel'; main()"


@dataclass
class ServerProcess:
    """`driftwheel serve` on a free port; `lines` is what it has printed so far."""

    process: subprocess.Popen[str]
    data: Path
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        found = re.search(r"http://\S+", "".join(self.lines))
        assert found, self.lines
        return found[0]

    def peak_memory(self) -> int:
        """Bytes of memory, the most there ever were."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def token(self, role: str, *, model: str) -> str:
        """Register a model and return a new token for it."""
        engine = open_database(f"sqlite:///{self.data}/driftwheel.sqlite")
        try:
            now = datetime.now(UTC)
            register_model(engine, NewModel(model, "classification", embedder="none"), by="test", now=now)
            return create_token(engine, "test", role, by="test", now=now).text
        finally:
            engine.dispose()

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Tell it to stop, wait, and return its exit code."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, with_signal)
        return self.process.wait(60)


@contextmanager
def running_process(data: Path, *options: str) -> Iterator[ServerProcess]:
    """Run `driftwheel serve --port 0 --no-worker` until the end."""
    command = [sys.executable, "-c", _START, "serve", "--port", "0", "--no-worker", "--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWHEEL_")}
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment | {"DRIFTWHEEL_DISK_RESERVE_BYTES": "0"},
    ) as process:
        running = ServerProcess(process, data)
        ready = threading.Event()

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                running.lines.append(line)
                if "Driftwheel is at" in line:
                    ready.set()
            ready.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert ready.wait(90), running.lines
            assert process.poll() is None, running.lines
            yield running
        finally:
            running.stop(signal.SIGKILL)
            reader.join()
