"""What the detection benchmark has found so far: a file a seed, size and reference, a line a comparison."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from detection_methods import version_of


@dataclass(frozen=True)
class Unit:
    """A file of results.

    Attributes
    ----------
    task
        ``shifts`` or ``draws``.
    reference
        ``matched``: as many images as in the window; ``full``: all of the validation pool.
    """

    task: str
    seed: int
    size: int
    reference: str

    def path(self, folder: Path) -> Path:
        return folder / f"{self.task}-{self.reference}-n{self.size:05}-seed{self.seed:02}.jsonl"


@dataclass(frozen=True)
class Line:
    """One method's answer to one comparison.

    Attributes
    ----------
    case
        The name of the cell, or the number of the draw.
    n
        Images in the window.
    version
        Of the method; see `version_of`.
    """

    case: str
    method: str
    p_value: float | None
    alarm: bool | None
    n: int
    version: str = ""


def read_lines(path: Path) -> list[Line]:
    """Return what is in a file, nothing if there is none; a last line cut short is left out."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")
    return [Line(**json.loads(line)) for line in lines[:-1]]


def add_lines(path: Path, lines: Iterable[Line]) -> None:
    """Write lines behind those that are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.read_bytes() if path.exists() else b""
    if not whole.endswith(b"\n") and whole:  # killed while writing
        path.write_bytes(whole[: whole.rfind(b"\n") + 1])
    with path.open("a") as file:
        file.write("".join(json.dumps(asdict(line)) + "\n" for line in lines))


def done_in(path: Path) -> set[tuple[str, str]]:
    """Return the (case, method) that need not be worked out again: of the method as it is now."""
    return {(line.case, line.method) for line in read_lines(path) if line.version == version_of(line.method)}


def newest(lines: Iterable[Line]) -> list[Line]:
    """Return one line a case and method: the last one written."""
    return list({(line.case, line.method): line for line in lines}.values())
