"""Dataset versions of 100,000 images: made, made again, opened, compared, written out, leafed through.

``dataset_versions.py 100000`` for so many. Each measurement is a process of its own; the database is SQLite.
The images themselves are not read: labels name them, as records and tasks do.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from itertools import islice
from pathlib import Path

from machine import machine_lines

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # the records are those of the tests

from sqlalchemy import insert  # noqa: E402
from tests.store.rows import NOON, new_record  # noqa: E402

from driftwheel.formats.label_format import LabelFormat  # noqa: E402
from driftwheel.predictions import Classification  # noqa: E402
from driftwheel.services.datasets.compare_versions import compare_versions  # noqa: E402
from driftwheel.services.datasets.create_version import create_version  # noqa: E402
from driftwheel.services.datasets.export_version import export_version  # noqa: E402
from driftwheel.services.datasets.new_version import LabelChoice, NewVersion  # noqa: E402
from driftwheel.services.datasets.open_dataset import open_dataset  # noqa: E402
from driftwheel.services.datasets.read_version import examples_of  # noqa: E402
from driftwheel.services.label.pools.create_pool import NewPool, create_pool  # noqa: E402
from driftwheel.services.label.projects.create_project import NewClass, create_project  # noqa: E402
from driftwheel.store.datasets.dataset_versions import version_numbered  # noqa: E402
from driftwheel.store.engine.database import open_database, reading, writing  # noqa: E402
from driftwheel.store.engine.migrate import migrate  # noqa: E402
from driftwheel.store.files.blobs import Blobs  # noqa: E402
from driftwheel.store.models.models import create_model  # noqa: E402
from driftwheel.store.records.truths import NewTruth, put_truths  # noqa: E402
from driftwheel.store.records.writer import write_records  # noqa: E402
from driftwheel.store.schema.label_tables import tasks  # noqa: E402

LIMITS = {"make": 30.0, "open": 8.0}
"""Seconds of the processor for 100,000 images."""
MOST_MIB = 150.0
"""Memory above idle, whatever is done."""

CLASSES = tuple(f"class {number}" for number in range(20))
STAGES = {
    "make": "made of the labels of a pool",
    "again": "asked for again: nothing is new",
    "next": "the next, with 1,000 corrections",
    "open": "opened to learn from",
    "compare": "the two compared",
    "export": "written as CSV",
    "page": "a page of 48 images from its middle",
}


def begin(folder: Path, count: int) -> None:
    """Make records, a pool, and a label of each."""
    engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
    migrate(engine)
    with writing(engine) as connection:
        model = create_model(connection, "m", task="classification", created=NOON, classes=CLASSES)
    new = [NewClass(one) for one in CLASSES]
    project = create_project(engine, "p", "m", "class", new, by="bench", now=NOON)
    pool = create_pool(engine, project.key, NewPool("first"), by="bench", now=NOON)
    for start in range(0, count, 2000):
        names = [f"r{n:07d}" for n in range(start, start + 2000)]
        with writing(engine) as connection:
            write_records(
                connection, [new_record(model.key, one, tags={"camera": one[-2:]}) for one in names]
            )
            connection.execute(insert(tasks), [_task(pool.key, one) for one in names])
    engine.dispose()


def _task(pool: int, name: str) -> dict[str, object]:
    number = int(name[1:])
    return {
        "pool": pool,
        "kind": "real",
        "position": number,
        "record": name,
        "image": hashlib.sha256(name.encode()).digest(),
        "width": 640,
        "height": 480,
        "reason": "the model is in doubt",
        "state": "done",
        "wanted": 1,
        "answers": 1,
        "leases": 0,
        "skips": 0,
        "room": 0,
        "consensus": {"class": CLASSES[number % 20]},
        "confidence": 0.9,
        "finished": NOON,
    }


def work(folder: Path, what: str) -> None:
    engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
    blobs = Blobs.open(str(folder / "blobs"))
    if what == "next":
        with writing(engine) as connection:
            new = [NewTruth(f"r{n:07d}", Classification(CLASSES[(n + 1) % 20])) for n in range(1000)]
            put_truths(connection, 1, new, received=NOON, by="bench")
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, busy = time.perf_counter(), time.process_time()
    images = _stage(what, engine, blobs, folder)
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    print(json.dumps({"seconds": seconds, "busy": busy, "mib": peak, "images": images}))


def _stage(what, engine, blobs, folder):  # type: ignore[no-untyped-def]
    if what in {"make", "again", "next"}:
        wish = NewVersion("m", labels=LabelChoice(), parent=1 if what == "next" else None)
        made = create_version(engine, blobs, wish, by="bench", now=NOON + timedelta(days=1))
        assert made.is_new == (what != "again")
        return made.version.images
    with reading(engine) as connection:
        first, second = version_numbered(connection, 1, 1), version_numbered(connection, 1, 2)
        if what == "open":
            data = open_dataset(connection, blobs, "m", 1)
            return sum(len(one) for one in data.splits.values())
    if what == "compare":
        found = compare_versions(blobs, first, second)
        assert found.counted.changes == {"relabelled": 1000}
        return found.counted.same
    if what == "export":
        with (folder / "out.csv").open("w+b") as out:
            return export_version(blobs, first, LabelFormat.CSV, out).images
    return len(list(islice(examples_of(blobs, first, after=b"\x80" + bytes(31)), 48)))


def main(count: int) -> None:
    rows, found = [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, count)
        for what, words in STAGES.items():
            command = [sys.executable, __file__, "worker", str(folder), what]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            one = found[what] = json.loads(done.stdout)
            print(what, one, flush=True)
            rows.append(f"| {words} | {one['seconds']:.1f} s ({one['busy']:.1f}) | {one['mib']:.0f} MiB |")
        size = sum(path.stat().st_size for path in (folder / "blobs").rglob("*") if path.is_file())
    lines = [
        "# Dataset versions",
        "",
        *machine_lines("sqlalchemy"),
        f"The load of the machine was {os.getloadavg()[2]:.0f}.",
        "",
        f"{count:,} labelled images; SQLite. Each measurement is a process of its own: seconds of the",
        "clock, in brackets those of the processor, and the peak of memory above that before it began.",
        f"The two manifests take {size / 2**20:.0f} MiB.",
        "",
        "| what | time | memory |",
        "| --- | ---: | ---: |",
        *rows,
        "",
    ]
    (BENCH / "results" / "dataset_versions.md").write_text("\n".join(lines), encoding="utf-8")
    late = {what: found[what]["busy"] for what, most in LIMITS.items() if found[what]["busy"] > most}
    if count >= 100_000 and (late or max(one["mib"] for one in found.values()) > MOST_MIB):
        raise SystemExit(f"Over the bounds of {LIMITS} s and {MOST_MIB:.0f} MiB: {found}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(Path(sys.argv[2]), sys.argv[3])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
