"""Processes forked from one that has imported everything, which takes a new interpreter two seconds.

For tests that start a program of ours again and again, to kill it or to look at what it does, and not at how
it starts. `start` is as `subprocess.Popen`, and `run` as `subprocess.run`: a real process, with its own
environment, output and exit code, that runs ``python -m module``. Only what most of our programs import was
imported before, by the process it was forked from.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.faulty_images import use_few

__all__ = ["Forked", "run", "start"]

ROOT = Path(__file__).parents[1]

IMPORTS = (
    "driftwheel.cli.restore",
    "driftwheel.cli.serve",
    "driftwheel.cli.worker",
    "driftwheel.report.html",
    "driftwheel.services.check.check_images",
    "driftwheel.services.operate.restore",
    "driftwheel.web.app",
    "driftwheel.web.security.slow_clients",
    "driftwheel.workflows.run",
    "anyio._backends._asyncio",
    "fsspec.implementations.local",
    "pwdlib.hashers.argon2",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
)
"""What a server, a worker, a restore or a check imports, at its start or soon after it."""

# They read the environment once, when they are imported.
READ_AT_IMPORT = ("driftwheel.services.crash_points",)

_MOST = 1 << 18  # bytes of a request
_STATUS = struct.Struct("i")
_ASKING = threading.Lock()


@dataclass
class Forked:
    """A process as `subprocess.Popen` has it."""

    pid: int
    stdout: IO[str]
    status: IO[bytes]
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends and return how: minus the signal that killed it."""
        ended = self._look(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return ended

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self.status], [], [], timeout)[0]:
            told = self.status.read(_STATUS.size)
            self.status.close()
            if len(told) != _STATUS.size:
                raise RuntimeError("The process that forks others has ended.")
            self.returncode = os.waitstatus_to_exitcode(_STATUS.unpack(told)[0])
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path = ROOT,
    options: Sequence[str] = (),
    files: tuple[IO[str], IO[str]] | None = None,
) -> Forked:
    """Run ``python -m module arguments`` in a process that has imported `IMPORTS` already.

    What it prints goes into the two files, for standard output and standard error, else both into the pipe
    `stdout`. `folder` is where it runs, and `options` are those of the interpreter.
    """
    channel = _server(tuple(options), environment.get("LD_PRELOAD", ""))
    output, status = os.pipe(), os.pipe()
    told = json.dumps(
        {"module": module, "arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    )
    printed = [output[1], output[1]] if files is None else [one.fileno() for one in files]
    with _ASKING:
        socket.send_fds(channel, [told.encode()], [*printed, status[1]])
        said = channel.recv(_STATUS.size)
    os.close(output[1])
    os.close(status[1])
    if not said:
        raise RuntimeError("The process that forks others has ended.")
    reader = os.fdopen(output[0], encoding="utf-8")
    return Forked(_STATUS.unpack(said)[0], reader, os.fdopen(status[0], "rb", buffering=0))


def run(
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path = ROOT,
    options: Sequence[str] = (),
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Run it likewise until it ends, as `subprocess.run` does with all that is printed captured."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        process = start(
            *(module, *arguments),
            environment=environment,
            folder=folder,
            options=options,
            files=(output, errors),
        )
        process.stdout.close()
        try:
            ended = process.wait(timeout)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess([module, *arguments], ended, output.read(), errors.read())


@functools.cache
def _server(options: tuple[str, ...], library: str) -> socket.socket:
    """Start the process to fork from, once, and return the way to ask it; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, *options, "-m", "tests.fork_server", str(theirs.fileno())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    if library:  # the loader of the system looks for it once
        environment["LD_PRELOAD"] = library
    with theirs:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _fork_for(channel: socket.socket) -> dict[str, object] | None:
    """Fork whenever asked; return what to run in each process forked, None in this one when it is to end."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_of_ended(running)
        if channel not in ready:
            continue
        told, descriptors, *_ = socket.recv_fds(channel, _MOST, 3)
        if not told:
            return None
        output, error, status = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(output, 1)
            os.dup2(error, 2)
            for one in {woken, wake, *descriptors, *running.values()}:
                os.close(one)
            channel.close()
            asked: dict[str, object] = json.loads(told)
            return asked
        running[pid] = status
        os.close(output)
        os.close(error)
        channel.send(_STATUS.pack(pid))


def _tell_of_ended(running: dict[int, int]) -> None:
    """Tell those who asked for them how processes ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        teller = os.fdopen(running.pop(pid), "wb", buffering=0)
        with teller, suppress(BrokenPipeError):  # nobody waits for it
            teller.write(_STATUS.pack(status))


def _become(told: dict[str, object]) -> None:
    """Run a module as a new interpreter would, up to its end."""
    os.environ.clear()
    os.environ.update(told["environment"])  # type: ignore[arg-type]
    os.chdir(str(told["folder"]))
    for name in READ_AT_IMPORT:
        if name in sys.modules:
            importlib.reload(sys.modules[name])
    sys.argv[1:] = told["arguments"]  # type: ignore[assignment]
    runpy.run_module(str(told["module"]), run_name="__main__", alter_sys=True)


def _main() -> None:
    channel = int(sys.argv[1])
    for name in IMPORTS:
        importlib.import_module(name)
    use_few()
    gc.collect()
    gc.freeze()
    told = _fork_for(socket.socket(fileno=channel))
    if told is not None:
        _become(told)


if __name__ == "__main__":
    _main()
