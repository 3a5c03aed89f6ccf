"""Set up what the story happens to: a model with its reference, trained and served by the product itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from driftwheel.client.api import Api
from driftwheel.demo.inbox import Inbox
from driftwheel.demo.shot import NAME_PATTERN, Shot
from driftwheel.demo.wait import wait_until
from driftwheel.errors import DriftwheelError

__all__ = ["add_inbox", "register", "set_reference", "train_first", "wait_for_reference", "write_reference"]

_REFERENCE_SECONDS = 1800.0
_TRAINING_SECONDS = 3600.0
_SPLIT = "0.6,0.15,0.25"  # a quarter to measure on: the gate shows on it that nothing else got worse


def write_reference(folder: Path, shots: Sequence[Shot]) -> None:
    """Write the images that are labelled as ``folder/class/name``."""
    for shot in shots:
        target = folder / shot.label / shot.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(shot.source.read_bytes())


def register(api: Api, model: str, classes: Sequence[str], *, embedder: str) -> None:
    """Register a classification model whose windows are days and whose segments are cameras."""
    body = {
        "name": model,
        "task": "classification",
        "classes": list(classes),
        "window": "day",
        "segment_tags": ["camera"],
        "embedder": embedder,
    }
    api.post("/models", body)


def add_inbox(api: Api, inbox: Inbox, *, group_wait: int) -> None:
    """Have alerts sent to the inbox, `group_wait` seconds after the first of them."""
    url = f"json://{inbox.address}/"
    api.post(
        "/channels", {"name": "inbox", "url": url, "group_wait": group_wait, "group_interval": group_wait}
    )


def train_first(
    api: Api, model: str, folder: Path, data: Path, *, recipe: dict[str, Any], tell: Callable[[str], None]
) -> str:
    """Freeze the labelled images as a dataset version, train on it, and return the name of what came of it.

    The first version of a model is its champion: there is none to compare it with.

    Raises
    ------
    DriftwheelError
        When the training fails.
    """
    _command("dataset", "create", model, "--folder", str(folder), "--split", _SPLIT, "--data", str(data))
    run = api.post(f"/models/{model}/training", {"recipe": recipe})
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [api.get(f"/models/{model}/training/{run['key']}")]
        return bool(found[0]["finished"])

    wait_until(look, _TRAINING_SECONDS, "The training has not ended yet")
    done = found[0]
    if done["version"] is None:
        raise DriftwheelError(f"The training failed: {done['reason']}")
    clean = (done["results"] or {}).get("clean") or {}
    if "accuracy" in clean:
        right = f"{100 * clean['accuracy']:.1f} % of {clean.get('n', 0):,} images held out"
        tell(f"Version '{done['version']}' is right on {right}, and is served")
    return str(done["version"])


def set_reference(model: str, folder: Path, data: Path) -> None:
    """Have the labelled images measured as the reference.

    A folder is set where it lies: as a user does on the machine of the server.
    """
    line = ["--folder", str(folder), "--name-pattern", NAME_PATTERN, "--data", str(data)]
    _command("reference", "set", model, *line)


def wait_for_reference(api: Api, model: str) -> None:
    """Wait until the reference of a model is in use, and camera faults are simulated on it.

    Raises
    ------
    DriftwheelError
        When it cannot be measured, or not within half an hour.
    """

    def look() -> bool:
        newest = api.get(f"/models/{model}/references")[0]
        if newest["state"] == "failed":
            raise DriftwheelError(f"The reference cannot be measured: {newest['reason']}")
        return bool(newest["state"] == "ready" and newest["faults"])

    wait_until(look, _REFERENCE_SECONDS, "The reference is not measured yet")


def _command(*words: str) -> None:
    command = [sys.executable, "-m", "driftwheel", *words]
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DriftwheelError(f"`driftwheel {' '.join(words[:2])}` failed: {done.stderr.strip()}")
