"""Peers: their ways to choose, in an environment of their own, on the same embeddings and the same head."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from selection_data import Pool
from selection_runs import Rows, State

__all__ = ["PEERS", "Peer", "python_of_peers", "versions_of_peers"]

BENCH = Path(__file__).parent
PACKAGES = ("scikit-activeml", "modAL-python")
PEERS = {
    "scikit-activeml margin": "UncertaintySampling",
    "scikit-activeml Badge": "Badge",
    "scikit-activeml CoreSet": "CoreSet",
    "scikit-activeml TypiClust": "TypiClust",
    "modAL ranked batch": "ranked batch",
}
"""Name in the tables → what the worker calls it."""

_COLD = {"CoreSet", "TypiClust"}
"""Those that begin without a model; the others begin at random."""


class Peer:
    """One peer on one pool: a process that is asked for rows. A context manager."""

    def __init__(self, python: Path, name: str, pool: Pool) -> None:
        self.name = PEERS[name]
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "embeddings.npy"
        np.save(file, pool.embeddings)
        self.errors = (Path(self.folder.name) / "errors.txt").open("w+")
        command = [python, BENCH / "selection_worker.py", self.name, file]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        self.folder.cleanup()

    def __call__(self, state: State, count: int) -> Rows:
        if state.head is None and self.name not in _COLD:
            return state.rng.permutation(state.free)[:count]
        rows = np.flatnonzero(state.labelled)
        asked = {
            "labelled": rows.tolist(),
            "labels": state.pool.labels[rows].tolist(),
            "count": count,
            "seed": int(state.rng.integers(2**31)),
        }
        if state.head is not None:
            asked["weights"] = (state.head.weights / state.head.temperature).tolist()
            asked["bias"] = (state.head.bias / state.head.temperature).tolist()
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            self.errors.seek(0)
            raise RuntimeError(self.errors.read().strip().splitlines()[-1])
        return np.array(json.loads(answer), dtype=np.intp)


def python_of_peers() -> Path:
    """Return the interpreter of the peers' environment, which is made where it is missing."""
    home = BENCH / ".venvs" / "selection"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(pip, check=True, capture_output=True, text=True)
        (home / "complete").touch()
    return python


def versions_of_peers(python: Path) -> str:
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    answer = subprocess.run([python, "-c", code, *PACKAGES], check=True, capture_output=True, text=True)
    return ", ".join(
        f"{name} {version}" for name, version in zip(PACKAGES, answer.stdout.split(), strict=True)
    )
