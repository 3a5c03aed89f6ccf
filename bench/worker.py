"""How many images a second the worker measures: in the server, beside it, and two workers on PostgreSQL.

Images are logged first, while no worker runs; then the worker is started as users start it, and the time
counts from the first image that is measured to the last. `worker.py 200` measures so many images a row;
PostgreSQL is left out where it is not installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
from sqlalchemy import Engine, func, select

from driftwheel.predictions import Classification, Record
from driftwheel.services.models.set_reference import Folder, set_reference
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model
from driftwheel.store.models.references import measuring_references
from driftwheel.store.records.new_record import NewRecord
from driftwheel.store.records.records import count_received
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.tables import records
from driftwheel.store.windows.windows import list_windows
from machine import machine_lines
from throughput_files import scenes

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # PostgreSQL is started as for the tests

from tests.databases import running_postgres  # noqa: E402

ENOUGH = 1200
IMAGES = int(sys.argv[1]) if len(sys.argv) > 1 else ENOUGH
REFERENCE = 100
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LOOK_SECONDS = 0.05
PATIENCE = 300.0

ABOUT = (
    "{images:,} JPEG files of 800 × 600 pixels and about 100 KB wait, each another; 37 properties, the "
    "embedder `gist`, and a p-value beside a reference of {reference} images. The time counts from the first "
    "burst of 256 images that is committed to the last image. `summed up`: how long after that until the "
    "profile of the window held them all."
)


@dataclass(frozen=True)
class Run:
    """One row: who measures, each with how many processes that decode."""

    name: str
    postgres: bool
    commands: tuple[tuple[str, ...], ...]


SERVER = ("serve",)
WORKER = ("worker",)
ONE = ("worker", "--threads", "1")
RUNS = (
    Run("the server's own worker", postgres=False, commands=(SERVER,)),
    Run("the server's own worker", postgres=True, commands=(SERVER,)),
    Run("one `driftwheel worker`", postgres=True, commands=(WORKER,)),
    Run("one `driftwheel worker --threads 1`", postgres=True, commands=(ONE,)),
    Run("two `driftwheel worker --threads 1`", postgres=True, commands=(ONE, ONE)),
)


def jpegs() -> list[bytes]:
    """A few photos' worth of detail, of about 100,000 bytes each."""
    made = []
    for pixels in scenes(800, 600, 8):
        sizes = {quality: cv2.imencode(".jpg", pixels, [1, quality])[1].tobytes() for quality in (80, 85, 90)}
        made.append(min(sizes.values(), key=lambda data: abs(len(data) - 100_000)))
    return made


def set_up(url: str, data: Path, made: list[bytes]) -> Engine:
    """Make a model with a reference that is still to be measured, and log the images."""
    engine = open_database(url)
    migrate(engine)
    blobs = Blobs.open(f"file://{data}/blobs")
    folder = data / "reference"
    folder.mkdir(parents=True)
    for number in range(REFERENCE):
        (folder / f"{number:04}.jpg").write_bytes(commented(made[number % len(made)], f"reference {number}"))
    with writing(engine) as connection:
        model = create_model(connection, "bench", task="classification", created=NOW, window="day")
    set_reference(engine, "bench", Folder(str(folder)), by="bench", now=NOW)
    environment = settings(url, data)
    subprocess.run([*program(), "worker", "--once"], env=environment, check=True, stdout=subprocess.DEVNULL)
    rows = []
    for number in range(IMAGES):
        digest = blobs.put(commented(made[number % len(made)], str(number)))
        when = NOW + timedelta(seconds=number)
        record = Record(str(number), "bench", when, image=digest.hex(), prediction=Classification("cat"))
        rows.append(NewRecord(model.key, record, hashlib.sha256(digest).digest(), NOW))
    with writing(engine) as connection:
        write_records(connection, rows)
    with reading(engine) as connection:
        if measuring_references(connection) or count_received(connection) != IMAGES:
            sys.exit("The installation is not as it should be before the run.")
    return engine


def commented(jpeg: bytes, what: str) -> bytes:
    """The same image as another file."""
    text = what.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


def settings(url: str, data: Path) -> dict[str, str]:
    own = {"DRIFTWHEEL_DATA": str(data), "DRIFTWHEEL_DATABASE_URL": url, "DRIFTWHEEL_PORT": "0"}
    return {**{name: value for name, value in os.environ.items() if "DRIFTWHEEL" not in name}, **own}


def program() -> list[str]:
    return [sys.executable, "-m", "driftwheel"]


def measure(run: Run, url: str, data: Path, made: list[bytes]) -> tuple[float, float, float]:
    """Return images a second, seconds to the first burst, and seconds until the window held them all."""
    engine = set_up(url, data, made)
    begun = time.monotonic()
    workers = [
        subprocess.Popen([*program(), *command], env=settings(url, data), stdout=subprocess.DEVNULL)
        for command in run.commands
    ]

    def until(met: Callable[[], bool]) -> float:
        while not met():
            if time.monotonic() - begun > PATIENCE or any(one.poll() is not None for one in workers):
                sys.exit(f"{run.name}: the images are not measured.")
            time.sleep(LOOK_SECONDS)
        return time.monotonic()

    def waiting() -> int:
        with reading(engine) as connection:
            return count_received(connection)

    def summed_up() -> bool:
        with reading(engine) as connection:
            return all(not one.stale for one in list_windows(connection, 1))

    try:
        first = until(lambda: waiting() < IMAGES)
        done = IMAGES - waiting()
        last = until(lambda: waiting() == 0)
        summed = until(summed_up)
    finally:
        for one in workers:
            one.terminate()
        for one in workers:
            one.wait()
    with reading(engine) as connection:
        good = select(func.count()).select_from(records).where(records.c.outlier_p.is_not(None))
        if connection.execute(good).scalar_one() != IMAGES:
            sys.exit(f"{run.name}: not all images were measured.")
    engine.dispose()
    return (IMAGES - done) / (last - first), first - begun, summed - last


def main() -> None:
    made = jpegs()
    lines = [
        "# Worker",
        "",
        *machine_lines("sqlalchemy", "psycopg", "dbos"),
        "",
        ABOUT.format(images=IMAGES, reference=REFERENCE),
        "",
        "| who measures | database | images/s | first burst after s | summed up after s |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    with running_postgres(fsync="on") as server:
        for number, run in enumerate(RUNS):
            if run.postgres and server is None:
                continue
            with tempfile.TemporaryDirectory() as folder:
                url = f"sqlite:///{folder}/driftwheel.sqlite"
                if run.postgres and server is not None:
                    server.execute(f"CREATE DATABASE bench_{number}")
                    url = server.url(f"bench_{number}")
                speed, begun, summed = measure(run, url, Path(folder), made)
            database = "PostgreSQL" if run.postgres else "SQLite"
            lines.append(f"| {run.name} | {database} | {speed:.0f} | {begun:.1f} | {summed:.1f} |")
            print(lines[-1], flush=True)
        if IMAGES != ENOUGH:
            lines += ["", "A trial of the script: no figures to go by."]
        if server is None:
            lines += ["", "PostgreSQL is not installed here."]
    (BENCH / "results" / "worker.md").write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
