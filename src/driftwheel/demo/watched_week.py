"""A week watched by a server: everything that is needed for it, started, and at the end stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from driftwheel.demo.inbox import open_inbox
from driftwheel.demo.live_week import (
    LiveDay,
    Production,
    add_inbox,
    live_week,
    register,
    wait_for_reference,
)
from driftwheel.demo.own_model import train
from driftwheel.demo.own_server import OwnServer, run_server
from driftwheel.demo.shot import NAME_PATTERN, Shot
from driftwheel.demo.write_week import clear_folder, write_week
from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.services.progress import OnProgress

__all__ = ["REPAIRED", "WatchedWeek", "watch_week"]

REPAIRED: Mapping[int, int] = {4: 2, 5: 3, 6: 4}
"""Day → severity of a fault that is repaired in the night after day 6."""


@dataclass(frozen=True, slots=True, eq=False)
class WatchedWeek:
    """A server that watches a model, and the week that lies before it.

    Attributes
    ----------
    server
        Which has just begun.
    production
        The model, as it runs.
    shots
        The week.
    """

    server: OwnServer
    production: Production
    shots: Sequence[Shot]

    def days(self, on_progress: OnProgress | None = None) -> Iterator[LiveDay]:
        """Live through the week; yield each day once it is judged and told of."""
        return live_week(self.production, self.shots, on_progress)


@contextmanager
def watch_week(
    shots: Sequence[Shot],
    folder: Path,
    model: str,
    *,
    fault: str,
    embedder: str = "gist",
    seed: int = 0,
    settle: float = 1.0,
    group_wait: int = 2,
    on_step: Callable[[str], None] | None = None,
) -> Iterator[WatchedWeek]:
    """Write the images into `folder`, train a model on the reference, and start a server that watches it.

    Parameters
    ----------
    fault
        What the right camera has on its bad days.
    settle, group_wait
        Seconds without a record after which a day that is over is judged; seconds that a message waits for
        others. Shorter than by default: nobody wants to wait for a demo.
    on_step
        Told what is done next, in a few words.

    Raises
    ------
    UsageError
        When `folder` holds something the demo did not make.
    DriftwheelError
        When the server does not start or the reference cannot be measured.
    """
    network = load_embedder(embedder)
    if network is None:
        raise UsageError("The demo's own model needs an embedder; choose another than 'none'.")
    tell = on_step or (lambda _: None)
    clear_folder(folder)
    write_week(folder, shots, fault=fault, seed=seed)
    known = [one for one in shots if one.day == 0]
    tell(f"Training a model on {len(known):,} images")
    own = train(network, [folder / one.folder / one.name for one in known], [one.label for one in known])
    settings = {
        "DRIFTWHEEL_SETTLE_SECONDS": str(settle),
        "DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS": "true",  # the inbox is on this machine
    }
    tell("Starting a server")
    with open_inbox() as inbox, run_server(folder / "data", settings) as server:
        api = server.api()
        register(api, model, own.classes, embedder=embedder)
        add_inbox(api, inbox, group_wait=group_wait)
        tell("Measuring the same images as its reference, and simulating camera faults on them")
        _set_reference(model, folder)
        wait_for_reference(api, model)
        yield WatchedWeek(server, Production(api, model, own, folder, inbox, group_wait), shots)


def _set_reference(model: str, folder: Path) -> None:
    """Do as a user does on the machine of the server: a folder is not set over HTTP."""
    command = [sys.executable, "-m", "driftwheel", "reference", "set", model, "--data", str(folder / "data")]
    command += ["--folder", str(folder / "reference"), "--name-pattern", NAME_PATTERN]
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DriftwheelError(f"The reference cannot be set: {done.stderr.strip()}")
