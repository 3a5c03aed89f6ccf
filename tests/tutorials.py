"""What a reader of a tutorial types, done in a folder of their own, and the server that one has them start.

Every `driftwheel` is a process forked from one that has imported it, in which a diagnosis simulates its
faults on few images (`tests.faulty_images`); the rest is for the shell.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests import fork_server

from driftwheel.demo.own_server import OwnServer

__all__ = ["blocks", "commands", "serve", "typed"]

INSTALLED_ALREADY = ("python3 -m venv", ". .venv", "pip install")


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of a page of one kind: console, python or text."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """What a page has its reader type, but for what is installed already."""
    lines = [
        line[2:] for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")
    ]
    return [line for line in lines if not line.startswith(INSTALLED_ALREADY)]


def typed(command: str, folder: Path) -> str:
    """Do a command as a shell does that stops at the first that fails; return what it printed."""
    environment, shell, complained = _environment(), command, ""
    if command.startswith("driftwheel "):
        ours, *rest = re.split(r"(?= (?:>|\|\|) )", command, maxsplit=1)
        done = fork_server.run(*shlex.split(ours), environment=environment, folder=folder)
        environment["SAID"], complained = done.stdout, done.stderr
        shell = " ".join([f'(printf %s "$SAID"; exit {done.returncode})', *rest])
    finished = subprocess.run(
        ["bash", "-euc", shell],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert finished.returncode == 0, f"{command}\n{finished.stdout}{complained}{finished.stderr}"
    return finished.stdout


@contextmanager
def serve(folder: Path, settings: Mapping[str, str]) -> Iterator[OwnServer]:
    """Run `driftwheel serve` in a folder, on a free port, until the end."""
    words = ("driftwheel", "serve", "--port", "0")
    process = fork_server.start(*words, environment=_environment() | dict(settings), folder=folder)
    said = ""
    try:
        while not (found := re.search(r"Driftwheel is at (http://\S+)", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        password = re.search(r"with the password (\S+)", said)
        assert password, said
        yield OwnServer(found[1], password[1])
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def _environment() -> dict[str, str]:
    """That of the reader, whose programs are those of these tests, in a wide terminal."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWHEEL_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return known | {"PATH": path, "COLUMNS": "240"}
