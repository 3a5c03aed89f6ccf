"""How quick the database is: records written in groups, pages of long lists, and the summary of a long day.

On SQLite (every commit synced) and on PostgreSQL with its defaults, on the same disk. `store.py 100000` does
it with so many records; PostgreSQL is left out where it is not installed.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, text

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.predictions import Classification, Record
from driftwheel.services.measure.window_profile import sum_up
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.record_columns import measured_columns
from driftwheel.store.records.record_pages import Cursor, RecordFilter, page_records
from driftwheel.store.records.records import Measurement, NewRecord, insert_records, set_measured
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.windows.windows import list_windows, mark_stale
from machine import machine_lines

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # PostgreSQL is started as for the tests

from tests.databases import running_postgres  # noqa: E402

WHOLE = 1_000_000
RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else WHOLE
DAY = datetime(2026, 3, 4, tzinfo=UTC)
GROUPS = (1, 10, 100, 1000)
SECONDS = 2.5  # of writing, a group size
BASE = 10_000  # records that are written one by one; the others are copies of them, in SQL
PAGES = 40
COPIED = (
    "model, body, model_version, received, tags, image, width, height, prediction, latency, state, "
    "properties, embedding, space, hash, outlier_p"
)

ABOUT = (
    "SQLite in WAL mode with synchronous=FULL, PostgreSQL with its defaults (fsync on), each on the same "
    "disk. Written: one thread, a transaction a group, with the marks of the windows. The lists and the "
    "summary are of one model with {records:,} records in one day, each with 37 properties, an embedding of "
    "128 dimensions, a class and a camera (of four); a page has 50 records."
)


def new_record(model: Model, number: int, name: str, when: datetime) -> NewRecord:
    digest = hashlib.sha256(name.encode()).hexdigest()
    record = Record(
        name,
        model.name,
        when,
        model_version="3",
        tags={"camera": str(number % 4), "site": "north"},
        image=digest,
        prediction=Classification("cat" if number % 10 else "dog", {"cat": 0.9, "dog": 0.1}),
        latency=0.0123,
    )
    return NewRecord(model.key, record, bytes.fromhex(digest), DAY)


def groups(engine: Engine, model: Model) -> Iterator[tuple[str, str]]:
    """Rows a second in transactions of each size."""
    number = 0
    for size in GROUPS:
        begun, rows = time.perf_counter(), 0
        while (took := time.perf_counter() - begun) < SECONDS:
            made = [
                new_record(model, n, f"w{n}", DAY + timedelta(days=7, seconds=n % 3600))
                for n in range(number, number + size)
            ]
            number, rows = number + size, rows + size
            with writing(engine) as connection:
                write_records(connection, made)
        yield f"records written, {size:,} a commit", f"{rows / took:,.0f}/s"


def fill(engine: Engine, model: Model) -> None:
    """Make one long day of measured records."""
    rng = np.random.default_rng(0)
    step = timedelta(days=1) / BASE
    with writing(engine) as connection:
        first = connection.execute(text("SELECT coalesce(max(key), 0) FROM records")).scalar_one()
    for begin in range(0, BASE, 1000):
        rows = [new_record(model, n, f"r{n}", DAY + n * step) for n in range(begin, begin + 1000)]
        values = rng.random((1000, len(PROPERTY_NAMES)), np.float32)
        vectors = rng.standard_normal((1000, 128)).astype("<f2")
        with writing(engine) as connection:
            insert_records(connection, rows)
            known = connection.execute(
                text("SELECT key FROM records WHERE key > :first ORDER BY key DESC LIMIT 1000"),
                {"first": first},
            ).scalars()
            set_measured(
                connection,
                [
                    Measurement(
                        key,
                        properties=values[i].tobytes(),
                        embedding=vectors[i].tobytes(),
                        outlier_p=float(rng.random()),
                        width=640,
                        height=480,
                        space="gist-1/0123456789abcdef",
                        hash=rng.bytes(8),
                    )
                    for i, key in enumerate(known)
                ],
            )
    copies = RECORDS // BASE
    copy = text(
        f"INSERT INTO records (id, time, {COPIED}) "
        f"SELECT id || '-' || CAST(:copy AS TEXT), time + CAST(:later AS BIGINT), {COPIED} "
        "FROM records WHERE key > :first AND key <= :last"
    )
    for number in range(1, copies):
        later = number * (step / copies) // MICROSECOND
        with writing(engine) as connection:
            connection.execute(
                copy, {"copy": str(number), "later": later, "first": first, "last": first + BASE}
            )
    with writing(engine) as connection:
        cameras = [{"camera": str(n)} for n in range(4)]
        mark_stale(connection, model.key, "day", [DAY] * 4, cameras, ["camera"])
    if engine.dialect.name == "postgresql":  # which otherwise happens some minutes later by itself
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def pages(engine: Engine, model: Model) -> Iterator[tuple[str, str]]:
    """Milliseconds of a page, at the beginning, in the middle and at the end of a list."""
    until = DAY + timedelta(days=1)
    day = {"since": DAY, "until": until}

    def at(share: float) -> Cursor:
        return Cursor((until - share * timedelta(days=1) - EPOCH) // MICROSECOND, 0)

    def timed(look: Callable[[Connection], object]) -> str:
        took = []
        for _ in range(PAGES):
            begun = time.perf_counter()
            with reading(engine) as connection:
                look(connection)
            took.append(time.perf_counter() - begun)
        return f"{statistics.median(took) * 1000:.1f} ms (worst {max(took) * 1000:.0f})"

    chosen = RecordFilter(model.key, **day)
    for share, where in ((0.0, "first"), (0.5, "middle"), (0.9999, "last")):
        place = at(share) if share else None
        yield f"{where} page, newest first", timed(lambda c, p=place: page_records(c, chosen, after=p))
    yield (
        "page of one camera, in the middle",
        timed(lambda c: page_records(c, RecordFilter(model.key, tags={"camera": "2"}, **day), after=at(0.5))),
    )
    yield (
        "page of one class (one in ten), in the middle",
        timed(lambda c: page_records(c, RecordFilter(model.key, predicted="dog", **day), after=at(0.5))),
    )
    yield (
        "first page, least p-value first",
        timed(lambda c: page_records(c, RecordFilter(model.key), order="outlier")),
    )
    yield (
        "page at p = 0.5, least p-value first",
        timed(lambda c: page_records(c, RecordFilter(model.key), order="outlier", after=Cursor(0.5, 0))),
    )


def summary(engine: Engine, model: Model) -> Iterator[tuple[str, str]]:
    """Seconds to sum the day up: the whole model and four cameras."""
    busy, begun = time.process_time(), time.perf_counter()
    summarise_windows(engine, now=DAY)
    busy, took = time.process_time() - busy, time.perf_counter() - begun
    with reading(engine) as connection:
        found = {
            (one.tag, one.value): one.records
            for one in list_windows(connection, model.key, since=DAY, until=DAY + timedelta(days=1))
        }
    whole = found.pop(("", ""))
    if whole != RECORDS // BASE * BASE or sum(found.values()) != whole:
        sys.exit(f"The windows hold {whole:,} and {sum(found.values()):,} records, not {RECORDS:,}.")
    yield "summary of the day, the whole and four cameras", f"{took:.1f} s"
    yield "CPU of that in the worker, a million records", f"{busy * 1e6 / whole:.1f} s"
    busy = time.process_time()
    with reading(engine) as connection:
        blocks = measured_columns(connection, model.key, DAY, DAY + timedelta(days=1))
        sum_up(blocks, [("", "")], tags=["camera"])
    busy = time.process_time() - busy
    yield "of it for properties and embeddings (the rest: predictions)", f"{busy * 1e6 / whole:.1f} s"


def measured(url: str) -> dict[str, str]:
    """All rows of one database."""
    engine = open_database(url)
    migrate(engine)
    try:
        with writing(engine) as connection:
            model = create_model(
                connection, "bench", task="classification", created=DAY, window="day", segment_tags=["camera"]
            )
        found = dict(groups(engine, model))
        begun = time.perf_counter()
        fill(engine, model)
        print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)
        for part in (pages, summary):
            for name, value in part(engine, model):
                print(f"{name}: {value}", flush=True)
                found[name] = value
    finally:
        engine.dispose()
    return found


def main() -> None:
    columns: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        columns["SQLite"] = measured(f"sqlite:///{folder}/driftwheel.sqlite")
    with running_postgres(fsync="on") as server:
        if server is not None:
            server.execute("CREATE DATABASE bench")
            columns["PostgreSQL"] = measured(server.url("bench"))
    lines = [
        "# Store",
        "",
        *machine_lines("sqlalchemy", "psycopg"),
        "",
        ABOUT.format(records=RECORDS),
        "",
        f"| | {' | '.join(columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
        *(f"| {name} | {' | '.join(its[name] for its in columns.values())} |" for name in columns["SQLite"]),
        "",
        f"Pages: the median of {PAGES}. No page reads what comes before it.",
    ]
    if RECORDS != WHOLE:
        lines.append("A trial of the script: no figures to go by.")
    if "PostgreSQL" not in columns:
        lines.append("PostgreSQL is not installed here.")
    (BENCH / "results" / "store.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
