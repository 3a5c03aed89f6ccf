"""The folder of a training: how the process that trains tells the one that looks after it.

Lines of JSON are appended to one file, a checkpoint takes the place of the last in another; so nothing has to
be listened to, and nothing is lost when either side is late.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from driftwheel.learning.trainers.trainer import Epoch

__all__ = ["FolderReader", "FolderWatch"]

_TOLD, _CHECKPOINT = "told.jsonl", "checkpoint"
_CHECKPOINT_SECONDS = 60.0


@dataclass(slots=True, eq=False)
class FolderWatch:
    """Where a training tells how far it is: a `TrainingWatch`.

    Attributes
    ----------
    folder
        That both sides know.
    before
        Seconds for which runs that were cut off had trained.
    every
        Seconds between two checkpoints.
    """

    folder: Path
    before: float = 0.0
    every: float = _CHECKPOINT_SECONDS
    _begun: float = field(default_factory=monotonic)
    _kept: float = field(default_factory=monotonic)

    def seconds(self) -> float:
        """Return for how long it has been trained in all."""
        return self.before + monotonic() - self._begun

    def epoch(self, epoch: Epoch) -> None:
        """Tell of an epoch."""
        self.tell({"epoch": asdict(epoch)})

    def say(self, line: str) -> None:
        """Tell a line for the log."""
        self.tell({"say": line})

    def tell(self, event: Mapping[str, Any]) -> None:
        """Tell anything."""
        with (self.folder / _TOLD).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def checkpoint(self, made: Callable[[], bytes]) -> None:
        """Leave a checkpoint, if the last is old."""
        if monotonic() - self._kept < self.every:
            return
        self._kept = monotonic()
        new = self.folder / f"{_CHECKPOINT}.new"
        new.write_bytes(made())
        new.replace(self.folder / _CHECKPOINT)


@dataclass(slots=True, eq=False)
class FolderReader:
    """What is new in the folder of a training since it was last asked."""

    folder: Path
    _place: int = 0
    _seen: int = 0

    def told(self) -> list[dict[str, Any]]:
        """Return what was told since."""
        file = self.folder / _TOLD
        if not file.exists():
            return []
        with file.open("rb") as stream:
            stream.seek(self._place)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]  # a line that is still being written is for the next time
        self._place += len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def checkpoint(self) -> bytes | None:
        """Return a checkpoint that is new; None where there is none."""
        file = self.folder / _CHECKPOINT
        try:
            with file.open("rb") as stream:
                made = os.fstat(stream.fileno()).st_ino
                if made == self._seen:
                    return None
                self._seen = made
                return stream.read()
        except FileNotFoundError:
            return None
