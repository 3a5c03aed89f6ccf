"""200,000 labels read into a project and written out again: seconds, and memory above idle.

``labels_files.py 200000`` for so many. Each measurement is a process of its own; the database is SQLite.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine_lines

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # the records are those of the tests

from tests.store.rows import NOON, new_record  # noqa: E402

from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat  # noqa: E402
from driftwheel.services.exchange.export_labels import export_labels  # noqa: E402
from driftwheel.services.exchange.import_labels import import_labels  # noqa: E402
from driftwheel.services.label.pools.create_pool import NewPool, create_pool  # noqa: E402
from driftwheel.services.label.projects.create_project import NewClass, create_project  # noqa: E402
from driftwheel.store.engine.database import open_database, writing  # noqa: E402
from driftwheel.store.engine.migrate import migrate  # noqa: E402
from driftwheel.store.files.blobs import Blobs  # noqa: E402
from driftwheel.store.models.models import create_model  # noqa: E402
from driftwheel.store.records.writer import write_records  # noqa: E402

LIMIT = 120.0
"""Seconds in which 200,000 class labels must be imported."""

CLASSES = tuple(f"class {number}" for number in range(20))
FORMATS = (LabelFormat.CSV, LabelFormat.CVAT, LabelFormat.LABEL_STUDIO)


def begin(folder: Path, count: int) -> None:
    """Make records, a project, and a file of labels."""
    engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
    migrate(engine)
    with writing(engine) as connection:
        model = create_model(connection, "m", task="classification", created=NOON)
    for start in range(0, count, 2000):
        with writing(engine) as connection:
            write_records(
                connection, [new_record(model.key, f"r{n:07d}") for n in range(start, start + 2000)]
            )
    create_project(engine, "p", "m", "class", [NewClass(one) for one in CLASSES], by="bench", now=NOON)
    engine.dispose()
    with (folder / "first.csv").open("w") as out:
        out.write("image,label\n")
        out.writelines(f"photos/r{n:07d}.jpg,{CLASSES[n % 20]}\n" for n in range(count))


def measured(folder: Path, what: str, form: str) -> dict[str, float]:
    """Return what one process took, in seconds and MiB above idle."""
    command = [sys.executable, __file__, "worker", str(folder), what, form]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    print(what, form, answer, flush=True)
    return answer


def cell(one: dict[str, float]) -> str:
    return f"{one['seconds']:.0f} s ({one['busy']:.0f}), {one['mib']:.0f} MiB"


def work(folder: Path, what: str, form: str) -> None:
    engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, busy = time.perf_counter(), time.process_time()
    if what == "import":
        file = folder / (form if form == "first.csv" else f"out-{form}{SINGLE_FILES[LabelFormat(form)]}")
        pool = create_pool(engine, 1, NewPool(form), by="bench", now=NOON)
        labels = import_labels(engine, 1, pool.key, file, "consensus", by="bench", now=NOON).taken
    else:
        blobs = Blobs.open(str(folder / "blobs"))
        path = folder / f"out-{form}{SINGLE_FILES[LabelFormat(form)]}"
        with path.open("w+b") as out:
            labels = export_labels(engine, blobs, 1, LabelFormat(form), out).answers
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    print(json.dumps({"seconds": seconds, "busy": busy, "mib": peak, "labels": labels}))


def main(count: int) -> None:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, count)
        slowest = 0.0
        first = measured(folder, "import", "first.csv")
        rows.append(f"| csv, of another tool | | {cell(first)} |")
        for form in FORMATS:
            out = measured(folder, "export", form.value)
            back = measured(folder, "import", form.value)
            slowest = max(slowest, first["seconds"], back["seconds"])
            assert out["labels"] == back["labels"] == count
            rows.append(f"| {form.value} | {cell(out)} | {cell(back)} |")
    lines = [
        "# Labels in and out of a project",
        "",
        *machine_lines("sqlalchemy"),
        f"The load of the machine was {os.getloadavg()[2]:.0f}.",
        "",
        f"{count:,} class labels, joined to as many records by name; SQLite. Each measurement is a process",
        "of its own: seconds of the clock, in brackets those of the processor, and the peak of memory",
        "above that before it began. Every import fills a pool of its own.",
        "",
        "| format | export | import |",
        "| --- | ---: | ---: |",
        *rows,
        "",
    ]
    (BENCH / "results" / "labels_files.md").write_text("\n".join(lines), encoding="utf-8")
    if count >= 200_000 and slowest > LIMIT:
        raise SystemExit(f"An import took {slowest:.0f} s; {LIMIT:.0f} s are the bound.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
