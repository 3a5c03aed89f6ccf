"""A pool of 100,000 images and 50 annotators at once over HTTP, with the server killed in between.

``labels_server.py 100000 50 5`` for so many images, annotators and kills. First everybody labels as fast as
the server takes it and it is killed at random moments; then at a person's pace, and the time until the next
task is there is measured. PostgreSQL is left out where it is not installed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from machine import machine_lines

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # the load and the checkers are those of the tests

from tests.databases import running_postgres  # noqa: E402
from tests.ingest.history import KEPT, History, doubled, lost, violations  # noqa: E402
from tests.ingest.installation import Installation  # noqa: E402
from tests.ingest.label_load import (  # noqa: E402
    Labeller,
    begin_labelling,
    run_labellers,
    stored_answers,
)
from tests.services.labelling_faults import labelling_faults  # noqa: E402

from driftwheel.store.engine.database import open_database  # noqa: E402

IMAGES, PEOPLE, KILLS = (int(one) for one in (*sys.argv[1:4], *("100000", "50", "5")[len(sys.argv) - 1 :]))
HASTE = 24.0  # seconds between kills, at most
THINK = 2.0  # seconds at an image, on average
PACE = 45.0  # seconds of labelling at a person's pace

ABOUT = (
    "A real server with one open pool, overlap 2 to 4 by confidence, 10 % golden tasks; every annotator has "
    "three tasks ahead, each answer and each request for tasks is a transaction of its own with fsync. In "
    "haste: no time between the answer to one task and the next; the server is killed with `kill -9` at "
    "random moments, and what had no answer is sent again. At a person's pace: "
    f"{THINK:g} s at an image on average. Next task: from asking until it is there, by the client. Lost: an "
    "answer that was acknowledged and is not kept. Doubled: kept or accepted twice. Faults: tasks over "
    "their overlap, answers nobody was asked for, counts that disagree with the rows they count."
)

HEAD = (
    "| database | asked for tasks | answers acknowledged | lost | doubled | faults | answers/s in haste | "
    "next task, ms, median / p95 | answer, ms, median / p95 | of so many |"
)


@dataclass
class Found:
    """What came of one database."""

    database: str
    leases: int
    acknowledged: int
    lost: int
    doubled: int
    faults: int
    rate: float
    next_ms: tuple[float, float]
    send_ms: tuple[float, float]
    paced: int

    def line(self) -> str:
        next_ms, send_ms = (f"{a:.0f} / {b:.0f}" for a, b in (self.next_ms, self.send_ms))
        return (
            f"| {self.database} | {self.leases:,} | {self.acknowledged:,} | {self.lost} | {self.doubled} | "
            f"{self.faults} | {self.rate:.0f} | {next_ms} | {send_ms} | {self.paced:,} |"
        )


def label(people: list[Labeller], seconds: float, installation: Installation, *, kill: bool) -> None:
    """Let everybody label for so long, and end the server, one way or the other."""
    stopping = threading.Event()
    threads = run_labellers(people, stopping)
    time.sleep(seconds)
    if kill:
        assert installation.kill() == -signal.SIGKILL
    stopping.set()
    for thread in threads:
        thread.join()
    if not kill:
        assert installation.stop() == 0


def measure(database: str, installation: Installation) -> Found:
    installation.set_up()
    begun = time.monotonic()
    project, _, token = begin_labelling(
        installation, IMAGES, golden=500, overlap=2, most_overlap=4, confidence=0.9, lease_seconds=60
    )
    print(f"{database}: {IMAGES:,} images are in the pool after {time.monotonic() - begun:.0f} s", flush=True)
    history = History()
    people = [Labeller(installation, token, project, history, seed) for seed in range(PEOPLE)]
    chance = random.Random(5)
    spent = 0.0
    for _ in range(KILLS):
        installation.start()
        seconds = chance.uniform(HASTE / 2, HASTE)
        label(people, seconds, installation, kill=True)
        spent += seconds
    hasty = sum(len(one.sends) for one in people)
    leases = sum(len(one.waits) for one in people)
    for one in people:
        one.waits, one.sends, one.think = [], [], THINK
    installation.start()
    label(people, PACE, installation, kill=False)
    installation.start()
    for one in people:
        one.finish()
    assert installation.stop() == 0
    waits = np.concatenate([np.array(one.waits[1:]) for one in people])  # the first looks for three tasks
    sends = np.concatenate([np.array(one.sends) for one in people])
    stored = stored_answers(installation)
    wrong = violations(history.events, stored) + [error for one in people for error in one.errors]
    engine = open_database(installation.database_url)
    wrong += labelling_faults(engine)
    engine.dispose()
    for each in wrong[:20]:
        print(f"  {each}", flush=True)
    kept = {event.item for event in history.events if event.value in KEPT}
    found = Found(
        database,
        leases + len(waits),
        len(kept),
        len(lost(history.events, stored)),
        len(doubled(history.events, stored)),
        len(wrong),
        hasty / spent,
        (1000 * float(np.median(waits)), 1000 * float(np.quantile(waits, 0.95))),
        (1000 * float(np.median(sends)), 1000 * float(np.quantile(sends, 0.95))),
        len(waits),
    )
    print(found.line(), flush=True)
    return found


def databases() -> Iterator[Found]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        yield measure("SQLite", Installation(data, f"sqlite:///{data}/driftwheel.sqlite"))
    with running_postgres("on") as server, tempfile.TemporaryDirectory() as folder:
        if server is None:
            print("There is no PostgreSQL here; install the package `postgresql`.")
            return
        server.execute("CREATE DATABASE bench_labels")
        yield measure("PostgreSQL", Installation(Path(folder) / "data", server.url("bench_labels")))


def main() -> None:
    busy = os.getloadavg()[0]
    rows = list(databases())
    lines = [
        "# Labelling: many annotators and a server that is killed",
        "",
        *machine_lines("sqlalchemy", "psycopg"),
        f"The load of the machine was {busy:.0f} before it began, and {os.getloadavg()[1]:.0f} in the end.",
        "",
        f"{IMAGES:,} images, {PEOPLE} annotators, {KILLS} kills. {ABOUT}",
        "",
        HEAD,
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(one.line() for one in rows),
        "",
    ]
    (BENCH / "results" / "labels_server.md").write_text("\n".join(lines), encoding="utf-8")
    if any(one.lost or one.doubled or one.faults for one in rows):
        raise SystemExit("Something was lost, doubled, or miscounted.")


if __name__ == "__main__":
    main()
