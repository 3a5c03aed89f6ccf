"""The installation whose pages bench/pages.py looks at: a million records, 2,000 windows, years of alerts.

Built through the functions of the store and the services, in order of time, as a worker would have: only that
few windows are judged in truth, and the verdicts of the others are variations of these.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Engine, func, select
from sqlalchemy.schema import CreateIndex, CreateTable

from driftwheel.images.faults import apply_fault
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.monitors.observation import Observation
from driftwheel.predictions import Box, Classification, Detection, Feedback, Prediction, Record, Task
from driftwheel.records import Image
from driftwheel.services.access.create_user import create_user
from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
from driftwheel.services.alert.evaluate_monitors import evaluate_monitors
from driftwheel.services.alert.judged import Judged
from driftwheel.services.alert.suggest_monitors import suggest_for_first_window
from driftwheel.services.channels.send_notifications import make_messages
from driftwheel.services.measure.embedding_space import fixed_space
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.services.models.set_reference import (
    Range,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.alerts.channels import create_channel
from driftwheel.store.alerts.notifications import due_notifications, set_sent
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.feedback import add_feedback
from driftwheel.store.records.new_record import NewRecord
from driftwheel.store.records.records import Measurement, insert_records, set_measured
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.schema.alert_tables import episodes, evaluations, notifications, verdicts
from driftwheel.store.schema.columns import METADATA
from driftwheel.store.schema.tables import records, windows
from driftwheel.store.windows.windows import StoredWindow, list_windows, mark_stale
from throughput_files import scenes

USER, PASSWORD = "bench", "three blind mice 1998"
TELLS = "A user of the bench's own installation, which nobody else reaches."
FORMAT = 4  # of what is built; a folder of another is built anew

_CHUNK = 5000
_SIDE = (160, 120)
_GOOD, _BLURRED = 360, 120
_CLASSES = ("scratch", "dent", "stain", "crack", "clean", "other")
_LENGTH = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_TRUTHS = 200  # of each span of the largest model
_REFERENCE = 10  # spans


@dataclass(frozen=True)
class Plan:
    """One model; a spell of drift, which `camera` has alone, comes every `every` spans and lasts `lasts`."""

    name: str
    task: Task
    records: int
    window: str
    spans: int
    cameras: int
    every: int = 5
    lasts: int = 2


PLANS = (
    Plan("parts", "classification", 400_000, "day", 200, 4),
    Plan("bolts", "classification", 200_000, "day", 80, 3),
    Plan("labels", "detection", 150_000, "hour", 240, 0),
    Plan("doors", "classification", 150_000, "day", 60, 2),
    Plan("welds", "classification", 100_000, "week", 52, 4),
)
"""In all 1,000,000 records and 2,000 windows, segments among them."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Images that stand for all: what is measured of them, packed, the blurred ones last; and their blobs."""

    properties: list[bytes]
    embeddings: list[bytes]
    space: str
    digests: list[str]


def build(data: Path, *, share: float = 1.0) -> str:
    """Build the installation in `data` unless it is there already, and return the address of its database."""
    url = f"sqlite:///{data}/driftwheel.sqlite"
    stamp = data / "bench.json"
    wanted = {"format": FORMAT, "tables": _tables(), "share": share}
    if stamp.is_file() and json.loads(stamp.read_text()) == wanted:
        return url
    if data.exists() and any(data.iterdir()) and not (data / "bench.txt").is_file():
        sys.exit(f"{data} is not empty and was not made by this bench; name another folder with --data.")
    _empty(data)
    (data / "bench.txt").write_text("Made by bench/pages.py, which replaces it when it needs another.\n")
    engine = open_database(url)
    migrate(engine)
    try:
        _fill(engine, Blobs.open(f"file://{data}/blobs"), share)
    finally:
        engine.dispose()
    stamp.write_text(json.dumps(wanted))
    return url


def _tables() -> str:
    said = [
        str(statement)
        for table in METADATA.sorted_tables
        for statement in (CreateTable(table), *(CreateIndex(one) for one in table.indexes))
    ]
    return hashlib.sha256("".join(sorted(said)).encode()).hexdigest()


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def _fill(engine: Engine, blobs: Blobs, share: float) -> None:
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"  {time.monotonic() - begun:5.0f} s  {what}", flush=True)

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with writing(engine) as connection:
        for name, url in (("line", "json://127.0.0.1:9/line"), ("desk", "json://127.0.0.1:9/desk")):
            create_channel(connection, name, url=url, created=today - timedelta(days=400), by=USER)
    create_user(engine, USER, PASSWORD, "admin", by=USER, now=today - timedelta(days=400))
    measured = _measured(blobs)
    say(f"{len(measured.digests)} images measured")
    faults: bytes | None = None
    known = KnownReferences(blobs)
    for number, plan in enumerate(PLANS):
        first = _first(plan, today)
        with writing(engine) as connection:
            model = create_model(
                connection,
                plan.name,
                task=plan.task,
                created=first,
                classes=_CLASSES,
                window=plan.window,
                segment_tags=["camera"] if plan.cameras else [],
                embedder="gist",
                keep_images=0.05,
            )
            suggest_for_first_window(connection, model, now=first)  # before there are any: all may page
        _log(engine, model, plan, first, measured, share, np.random.default_rng(number))
        say(f"{plan.name}: records")
        key = None
        while key != 0:
            key = summarise_windows(engine, now=today, after_key=key or 0).last_key or 0
        say(f"{plan.name}: profiles")
        until = first + _REFERENCE * _LENGTH[plan.window]
        row = set_reference(engine, plan.name, Range(first, until), by=USER, now=until)
        artifact = measure_reference_row(engine, blobs, row.key, now=until)
        if artifact is None or not finish_reference(engine, blobs, row.key, artifact):
            sys.exit("The reference could not be made.")
        faults = faults or simulate_reference_faults(engine, blobs, row.key)  # the images are the same
        if faults is not None:
            keep_faults(engine, row.key, faults)
        say(f"{plan.name}: reference")
        _judge(engine, known, model, plan, np.random.default_rng(100 + number))
        say(f"{plan.name}: verdicts, alerts")
    with reading(engine) as connection:
        newest = select(episodes.c.key).where(episodes.c.ended.is_(None), episodes.c.fired.is_not(None))
        to_do = connection.execute(newest.limit(2)).scalars().all()
    for one in to_do:
        acknowledge_alert(engine, one, by=USER, note="the lens is being cleaned", now=today)


def _first(plan: Plan, today: datetime) -> datetime:
    monday = today - timedelta(days=today.weekday()) if plan.window == "week" else today
    return monday - plan.spans * _LENGTH[plan.window]


def _measured(blobs: Blobs) -> Measured:
    images = scenes(*_SIDE, _GOOD)
    images += [apply_fault(one, "blur", 3, 0) for one in images[:_BLURRED]]
    files = [bytes(cv2.imencode(".jpg", one, [1, 90])[1].tobytes()) for one in images]
    network = load_embedder("gist")
    if network is None:
        sys.exit("The embedder gist is not there.")
    source = [Image(str(i), data) for i, data in enumerate(files)]
    table = concatenate(measure_images(source, embedder=network))
    space = fixed_space(network)
    placed = space.place(table.embeddings)
    return Measured(
        [row.astype("<f4").tobytes() for row in table.properties],
        [row.astype("<f2").tobytes() for row in placed],
        space.name,
        [blobs.put(data).hex() for data in files],
    )


def _is_ill(plan: Plan, span: int, camera: int) -> bool:
    """Whether a camera is out of focus in a span: one of them, now and then, and in the last two."""
    if span < _REFERENCE:
        return False
    since = span % plan.every
    spell = span // plan.every
    return (since < plan.lasts or span >= plan.spans - 2) and camera == spell % max(plan.cameras, 1)


def _log(  # noqa: PLR0917
    engine: Engine,
    model: Model,
    plan: Plan,
    first: datetime,
    measured: Measured,
    share: float,
    rng: np.random.Generator,
) -> None:
    """Write all records of a model, measured, and mark their windows."""
    total = round(plan.records * share)
    step = plan.spans * _LENGTH[plan.window] / total
    for begin in range(0, total, _CHUNK):
        numbers = range(begin, min(begin + _CHUNK, total))
        rows, found = [], []
        with writing(engine) as connection:
            last: int = connection.execute(select(func.coalesce(func.max(records.c.key), 0))).scalar_one()
            draws = rng.random((len(numbers), 4))
            for at, number in enumerate(numbers):
                span = number * plan.spans // total
                camera = number % max(plan.cameras, 1)
                ill = _is_ill(plan, span, camera) and draws[at, 0] < 0.7
                image = _GOOD + number % _BLURRED if ill else number % _GOOD
                kept = number % 20 == 0 or span >= plan.spans - 2
                digest = measured.digests[image] if kept else rng.bytes(32).hex()
                tags = {"site": "north", "lot": f"L{number // 50:05}"}
                if plan.cameras:
                    tags["camera"] = str(camera)
                record = Record(
                    f"{plan.name}-{number:07}",
                    plan.name,
                    first + number * step,
                    model_version="3" if span > plan.spans // 2 else "2",
                    tags=tags,
                    image=digest,
                    prediction=_prediction(plan.task, draws[at, 1], draws[at, 2]),
                    latency=0.01 + 0.02 * draws[at, 3],
                )
                rows.append(NewRecord(model.key, record, rng.bytes(32), record.time))
                found.append(
                    Measurement(
                        last + 1 + at,
                        properties=measured.properties[image],
                        embedding=measured.embeddings[image],
                        outlier_p=float(draws[at, 3] ** (4 if ill else 1)),
                        width=_SIDE[0],
                        height=_SIDE[1],
                        space=measured.space,
                        hash=rng.bytes(8),
                    )
                )
            insert_records(connection, rows)
            set_measured(connection, found)
            seen = {
                (one.record.time.replace(minute=0, second=0, microsecond=0), one.record.tags.get("camera"))
                for one in rows
            }
            where = sorted(seen, key=str)
            mark_stale(
                connection,
                model.key,
                plan.window,
                [moment for moment, _ in where],
                [{} if camera is None else {"camera": camera} for _, camera in where],
                model.segment_tags,
                received=rows[-1].received,
            )
            if plan.name == PLANS[0].name:
                _label(connection, model, rows)


def _label(connection, model: Model, rows: Sequence[NewRecord]) -> None:
    some = [one.record for one in rows if isinstance(one.record.prediction, Classification)][::10]
    truths = [
        NewTruth(one.id, Classification(one.prediction.label if i % 12 else "other"))
        for i, one in enumerate(some)
    ]
    now = rows[-1].received
    put_truths(connection, model.key, truths, received=now, by=USER)
    wrong = [Feedback(one.id, wrong=i % 3 > 0, truth=None, note="") for i, one in enumerate(some[::20])]
    add_feedback(connection, model.key, wrong, received=now, by=USER)


def _prediction(task: Task, which: float, score: float) -> Prediction:
    if task == "detection":
        return Detection(
            tuple(
                Box(_CLASSES[int(6 * which + i) % 3], 10.0 + 20 * i, 20.0, 30.0, 40.0, 0.5 + score / 2)
                for i in range(int(which * 6))
            )
        )
    label = _CLASSES[int(which * which * len(_CLASSES))]
    sure = 0.6 + 0.4 * score
    return Classification(label, {label: sure, "other" if label != "other" else "clean": 1 - sure})


def _judge(
    engine: Engine, known: KnownReferences, model: Model, plan: Plan, rng: np.random.Generator
) -> None:
    """Keep a verdict on every window, in order of time, and let the monitors and channels speak."""
    with reading(engine) as connection:
        listed = list_windows(connection, model.key)
    spans: dict[datetime, list[StoredWindow]] = {}
    for one in listed:
        spans.setdefault(one.start, []).append(one)
    ordered = [its for _, its in sorted(spans.items())]
    samples: dict[tuple[bool, bool], Judged] = {}  # ill, a segment → a window judged in truth
    for number, its in enumerate(ordered[_REFERENCE:], _REFERENCE):
        for one in its:
            if (kind := _kind(plan, number, one)) not in samples:
                samples[kind] = judge_window(engine, known, model, one)
    for number, its in enumerate(ordered):
        judged = [(one, _varied(samples[_kind(plan, number, one)], one, rng)) for one in its]
        now = its[0].end + timedelta(seconds=20)
        done = evaluate_monitors(engine, model, judged, now=now)
        if done.changed:
            make_messages(engine, now=now + timedelta(seconds=40), public_url="http://127.0.0.1:8080")
            with writing(engine) as connection:
                for message in due_notifications(connection, now + timedelta(seconds=60)):
                    set_sent(connection, message.key, now + timedelta(seconds=60))


def _kind(plan: Plan, span: int, window: StoredWindow) -> tuple[bool, bool]:
    cameras = [int(window.value)] if window.tag else range(max(plan.cameras, 1))
    return any(_is_ill(plan, span, camera) for camera in cameras), bool(window.tag)


def _varied(judged: Judged, window: StoredWindow, rng: np.random.Generator) -> Judged:
    """The same answer with other numbers, as another window would have."""
    observations = {
        name: one if one.value is None else _nudged(one, rng) for name, one in judged.observations.items()
    }
    p = judged.p_value
    if p is not None and judged.answer == "no_drift":
        p = float(rng.uniform(0.05, 1))
    document = judged.document
    if document is not None:
        properties = [
            {**one, "effect": None if one["effect"] is None else one["effect"] * float(rng.uniform(0.8, 1.2))}
            for one in document["properties"]
        ]
        document = {**document, "properties": properties, "p_value": p}
    return replace(
        judged,
        revision=window.revision,
        p_value=p,
        n=window.records,
        document=document,
        observations=observations,
    )


def _nudged(one: Observation, rng: np.random.Generator) -> Observation:
    if one.value is None or one.signal in {"drift", "records"}:
        return one
    return replace(one, value=one.value * float(rng.uniform(0.9, 1.1)))


def held(engine: Engine) -> dict[str, int]:
    """How many rows of each kind there are."""
    tables = {
        "records": records,
        "windows": windows,
        "verdicts": verdicts,
        "evaluations": evaluations,
        "alerts": episodes,
        "messages": notifications,
    }
    with reading(engine) as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.items()
        }


def some_keys(engine: Engine, column) -> Iterator[int]:
    """Every key of a small table."""
    with reading(engine) as connection:
        yield from connection.execute(select(column)).scalars().all()
