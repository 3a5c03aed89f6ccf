"""The assistant on images with known truth: labels until the rest arrives pre-labelled, and what is accepted.

``assistant.py 10 30`` for so many projects of labelling and runs of automatic labelling. The services do the
work, on SQLite; people are the truth, so errors are the assistant's alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_NUM_THREADS", "1")

from machine import machine_lines
from selection_data import SHARED, Pool, pools

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # the projects are those of the tests

from sqlalchemy import Engine, bindparam, update  # noqa: E402
from tests.services.assist_animals import SPACE, Animals  # noqa: E402
from tests.services.labelling import Labelling, labelling  # noqa: E402

from driftwheel.errors import UsageError  # noqa: E402
from driftwheel.services.assist.begin_automatic import begin_automatic  # noqa: E402
from driftwheel.services.assist.describe_automatic import describe_run  # noqa: E402
from driftwheel.services.assist.kept_head import head_of  # noqa: E402
from driftwheel.services.assist.sure_tasks import sure_tasks  # noqa: E402
from driftwheel.services.measure.packed_records import pack_embedding  # noqa: E402
from driftwheel.store.assist.automatic_runs import checked_tasks  # noqa: E402
from driftwheel.store.engine.database import open_database, reading, writing  # noqa: E402
from driftwheel.store.engine.migrate import migrate  # noqa: E402
from driftwheel.store.schema.record_state import RecordState  # noqa: E402
from driftwheel.store.schema.tables import records  # noqa: E402

PROJECTS, RUNS = (int(one) for one in (*sys.argv[1:3], *("10", "30")[len(sys.argv) - 1 :]))
LABELS = (30, 50, 100, 200, 400)
IMAGES = 3400  # of each pool, at most
FIRST = 100  # labels before automatic labelling begins
EMBEDDER = "efficientnet-lite0"


@dataclass(frozen=True)
class Step:
    """An assistant after so many labels."""

    labels: int
    told: float
    low: float
    high: float
    true: float
    sure: float
    seconds: float


@dataclass(frozen=True)
class Accepted:
    """What one run of automatic labelling came to."""

    asked: int
    share: float
    wrong: float
    upper: float


class Named(Animals):
    """A project of other classes than cats and dogs; nobody is wrong in it."""


def project(engine: Engine, pool: Pool, seed: int) -> Animals:
    """A new project of all images of a pool, in a random order."""
    rng = np.random.default_rng(seed)
    vectors = np.concatenate((pool.embeddings, pool.test_embeddings)).astype(np.float16)
    labels = np.concatenate((pool.labels, pool.test_labels))
    order = rng.permutation(len(labels))[:IMAGES]
    names = [f"class {number}" for number in range(int(labels.max()) + 1)]
    work: Labelling = labelling(engine, len(order), classes=names)
    rows = [{"name": f"i{place}", "vector": pack_embedding(vectors[row])} for place, row in enumerate(order)]
    changed = update(records).where(records.c.model == work.project.model, records.c.id == bindparam("name"))
    values = {"space": SPACE, "state": RecordState.MEASURED.value}
    with writing(engine) as connection:
        connection.execute(changed.values(embedding=bindparam("vector"), **values), rows)
    return Named(work, {f"i{place}": names[labels[row]] for place, row in enumerate(order)})


def learn(engine: Engine, pool: Pool, seed: int) -> list[Step]:
    zoo = project(engine, pool, seed)
    steps: list[Step] = []
    for labels in LABELS:
        zoo.label(labels - zoo.work.state().done)
        begun = time.perf_counter()
        made = zoo.train()
        seconds = time.perf_counter() - begun
        assert made is not None
        head = head_of(made)
        assert head is not None
        with reading(engine) as connection:
            said = list(sure_tasks(connection, zoo.work.project, made, head, zoo.work.pool, 2**62))
        truth = {one.key: zoo.truth[one.record] for one in zoo.work.tasks()}
        right = np.array([one.payload["class"] == truth[one.task] for one in said])
        sure = np.array([one.confidence for one in said])
        report = made.report
        steps.append(
            Step(
                labels,
                report["accuracy"],
                report["low"],
                report["high"],
                float(right.mean()),
                float(sure.mean()),
                seconds,
            )
        )
    return steps


def accept(engine: Engine, pool: Pool, seed: int, bound: float) -> Accepted | None:
    zoo = project(engine, pool, seed)
    zoo.label(FIRST)
    zoo.train()
    rng = np.random.default_rng(seed)
    at = zoo.work
    try:
        run = begin_automatic(engine, zoo.project, at.pool, bound=bound, by="bench", now=at.now, rng=rng)
    except UsageError as error:
        print(error, flush=True)
        return None
    with reading(engine) as connection:
        sample = {one.task for one in checked_tasks(connection, run.key, "sample")}
    zoo.finish([one for one in at.tasks() if one.key in sample])
    zoo.go_on(run.key)
    with reading(engine) as connection:
        stands = describe_run(connection, at.pool, run.key)
    taken = [one for one in at.tasks() if one.state == "done" and one.answers == 0]
    wrong = sum(one.consensus != {"class": zoo.truth[one.record]} for one in taken)
    rest = len(at.tasks()) - FIRST - stands.sample
    return Accepted(
        FIRST + stands.sample + stands.audits,
        len(taken) / rest,
        wrong / len(taken) if taken else 0.0,
        stands.upper if taken and stands.upper is not None else 0.0,
    )


def learning_lines(name: str, runs: list[list[Step]]) -> list[str]:
    lines = []
    for place, labels in enumerate(LABELS):
        at = [run[place] for run in runs]
        true = _mean([one.true for one in at])
        held = np.mean([one.low <= one.true <= one.high for one in at])
        lines.append(
            f"| {name} | {labels} | {_mean([one.told for one in at]):.1%} | {true:.1%} | {held:.0%} | "
            f"{_mean([one.sure for one in at]):.1%} | {1000 * np.median([one.seconds for one in at]):.0f} |"
        )
    return lines


def accepting_line(name: str, bound: float, runs: list[Accepted]) -> str:
    some = [one for one in runs if one.share > 0]
    broken = sum(one.wrong > bound for one in some)
    mean = f"{_mean([one.wrong for one in some]):.2%}" if some else "—"
    most = f"{max(one.wrong for one in some):.2%}" if some else "—"
    return (
        f"| {name} | {bound:.0%} | {broken} of {len(runs)} | {_mean([one.share for one in runs]):.0%} | "
        f"{mean} | {most} | "
        f"{_mean([float(one.asked) for one in runs]):.0f} |"
    )


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def main() -> None:
    known = {name: pool for name, pool in pools(EMBEDDER).items() if name in {"cats_dogs", "MNIST"}}
    learned: list[str] = []
    taken: list[str] = []
    for name, pool in known.items():
        with tempfile.TemporaryDirectory() as folder:
            engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
            migrate(engine)
            n = min(IMAGES, len(pool.labels) + len(pool.test_labels))
            called = f"{name}, {n:,}"
            learned += learning_lines(called, [learn(engine, pool, seed) for seed in range(PROJECTS)])
            print("\n".join(learned[-len(LABELS) :]), flush=True)
            for bound in (0.02, 0.05):
                found = [accept(engine, pool, 1000 + seed, bound) for seed in range(RUNS)]
                taken.append(accepting_line(called, bound, [one for one in found if one is not None]))
                print(taken[-1], flush=True)
            engine.dispose()
    lines = [
        "# The assistant: labels until the rest arrives pre-labelled, and what is accepted automatically",
        "",
        *machine_lines("sqlalchemy"),
        f"Images embedded as the server keeps them ({EMBEDDER}, 128 numbers); labels of images in random",
        "order, all right. The services train and accept, on SQLite.",
        "",
        "## Labels, and how often the rest is pre-labelled rightly",
        "",
        f"{PROJECTS} projects each. Told: the cross-validated accuracy, as the API tells it. True: of the",
        "images that are left. In the interval: how often that lies in the 90 % interval that is told.",
        "",
        "| images | labels | told | true | in the interval | mean confidence | training, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *learned,
        "",
        "## Automatic labelling",
        "",
        f"{RUNS} runs each, begun after {FIRST} labels, with a certainty of 95 % and the sample that is",
        "drawn unless another is asked for. Broken: more than the bound are wrong among all that was",
        "accepted; it may be in 5 % of the runs. Asked: labels of people in all, with the first, the sample",
        "and the audits.",
        "",
        "| images | bound | broken | accepted | wrong, mean | wrong, most | asked |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *taken,
        "",
    ]
    (BENCH / "results" / "assistant.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if not (SHARED / "cats_dogs").is_dir():
        raise SystemExit(f"There are no images in {SHARED}; see bench/README.md.")
    main()
