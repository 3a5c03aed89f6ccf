"""Compare a challenger with the champion on held-out images, and decide; every decision is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from driftwheel.errors import UnreadableImageError, UsageError
from driftwheel.images.decode import decode
from driftwheel.learning.classifier import Classifier
from driftwheel.performance.balanced_difference import balanced_difference
from driftwheel.performance.gate import Asked, Cost, GateCheck, GateGroup, GateVerdict, judge_gate
from driftwheel.performance.gate_rule import GateRule
from driftwheel.performance.paired_difference import paired_counts
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.predicted_classes import predicted_classes
from driftwheel.services.models.askers import open_version
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.release.held_out import HeldOut, HeldOutImage, held_out_images
from driftwheel.services.release.measure_cost import measure_latency
from driftwheel.services.release.promote import make_champion
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import (
    Model,
    ModelVersion,
    lock_model,
    model_by_key,
    set_version,
    version_by_key,
)
from driftwheel.store.models.version_states import may_become
from driftwheel.store.operate.audit import note
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import GateRun, count_looks, gate_run_by_key, last_look, set_gate_run

__all__ = ["GATE", "fail_gate", "run_gate"]

GATE = "the gate"
"""Who promotes by itself, in the audit."""

_TIMED = 16  # images that latency is measured on
_SEED = 20261123


def run_gate(
    engine: Engine,
    blobs: Blobs,
    key: int,
    *,
    now: Callable[[], datetime],
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> GateRun | None:
    """Make a gate run that waits, and return it as it is then; None where it does not wait.

    Both files are run on the same images here, whatever was logged: what is compared is the versions, not
    what happened to be served. Then it is decided, and noted; a challenger that is let in is `validated`,
    and where the policy says so it is promoted in the same transaction.

    Parameters
    ----------
    clock
        Tells seconds, for how long an image takes.

    Raises
    ------
    UsageError
        When a file does not run, a class is not known, or the champion is another by now.
    OSError
        When the blobs or the database cannot be read now.
    """
    with reading(engine) as connection:
        run, model, challenger, champion = _its(connection, key)
        if run is None or model is None or challenger is None or champion is None:
            return None
        chosen = GateSlice.from_json(run.slice)
        held_out = held_out_images(connection, blobs, model, (champion, challenger), chosen)
        look = count_looks(connection, challenger.key, champion.key) + run.looks_at_others + 1
        before = _checks_before(connection, run)
    reach("gate-gathered")
    files = [blobs.get(one.artifact or b"") for one in (champion, challenger)]
    both = [open_version(file, model.classes, threads=threads) for file in files]
    digests = [one.image for one in held_out.images]
    said = [predicted_classes(blobs, digests, one, threads=threads) for one in both]
    readable = [one for one in held_out.images if one.image in said[0] and one.image in said[1]]
    seconds = _latency(blobs, readable, both, clock)
    costs = [Cost(second, len(file)) for second, file in zip(seconds, files, strict=True)]
    rule = GateRule.from_json(run.rule)
    groups = _groups(model, chosen, readable, *said)
    verdict = judge_gate(groups, rule, champion=costs[0], challenger=costs[1], look=look, before=before)
    numbers = _numbers(verdict, held_out, readable, *said)
    reach("gate-judged")
    with writing(engine) as connection:
        return _finish(connection, run, model, verdict, numbers, costs, now())


def fail_gate(engine: Engine, key: int, reason: str, *, now: datetime) -> None:
    """Note why a gate run cannot be made."""
    with writing(engine) as connection:
        run = gate_run_by_key(connection, key)
        if run is not None and run.state == "waiting":
            set_gate_run(connection, key, state="failed", reason=reason, finished=now)


def _its(
    connection: Connection, key: int
) -> tuple[GateRun | None, Model | None, ModelVersion | None, ModelVersion | None]:
    run = gate_run_by_key(connection, key)
    if run is None or run.state != "waiting":
        return None, None, None, None
    return (
        run,
        model_by_key(connection, run.model),
        version_by_key(connection, run.challenger),
        version_by_key(connection, run.champion),
    )


def _checks_before(connection: Connection, run: GateRun) -> tuple[GateCheck, ...]:
    """Return what the look before said, where it asked for the same by the same rule."""
    last = last_look(connection, run.challenger, run.champion)
    if last is None or last.numbers is None or (last.slice, last.rule) != (run.slice, run.rule):
        return ()
    return GateNumbers.from_json(last.numbers).checks


def _latency(
    blobs: Blobs,
    images: Iterable[HeldOutImage],
    classifiers: list[Classifier],
    clock: Callable[[], float],
) -> list[float]:
    pixels: list[NDArray[np.uint8]] = []
    for one in islice(images, _TIMED):
        try:
            pixels.append(decode(blobs.get(one.image)).pixels)
        except (FileNotFoundError, UnreadableImageError):
            continue
    if not pixels:
        pixels.append(np.full((256, 256, 3), 127, dtype=np.uint8))
    return measure_latency(classifiers, pixels, clock=clock)


def _groups(
    model: Model,
    chosen: GateSlice,
    images: list[HeldOutImage],
    champion: Mapping[bytes, str],
    challenger: Mapping[bytes, str],
) -> list[GateGroup]:
    def group(name: str, asked: Asked, its: list[HeldOutImage]) -> GateGroup:
        right = [[said[one.image] == one.label for one in its] for said in (champion, challenger)]
        return GateGroup(name, asked, paired_counts(*(np.array(one, dtype=np.bool_) for one in right)))

    new = [one for one in images if one.is_new]
    found = [group("all images" if chosen.is_everything else "what drifted", "better", new)]
    if not chosen.is_everything:
        old = [one for one in images if not one.is_new]
        found.append(group("everything else", "not_worse", old))
    for tag in model.segment_tags:
        values = sorted({one.tags[tag] for one in images if one.tags.get(tag)})
        for value in values:
            its = [one for one in images if one.tags.get(tag) == value]
            found.append(group(f"{tag} = {value}", "segment_not_worse", its))
    return found


def _numbers(
    verdict: GateVerdict,
    held_out: HeldOut,
    readable: list[HeldOutImage],
    champion: Mapping[bytes, str],
    challenger: Mapping[bytes, str],
) -> GateNumbers:
    balanced = None
    if readable:
        columns = (
            [one.label for one in readable],
            [champion[one.image] for one in readable],
            [challenger[one.image] for one in readable],
        )
        balanced = balanced_difference(*columns, rng=np.random.default_rng(_SEED))
    sources = {
        name: sum(one.source == name for one in readable) for name in sorted({one.source for one in readable})
    }
    return GateNumbers(
        verdict.checks,
        verdict.alpha,
        balanced,
        sources,
        held_out.left_out,
        len(held_out.images) - len(readable),
        held_out.notes,
    )


def _finish(  # noqa: PLR0917
    connection: Connection,
    run: GateRun,
    model: Model,
    verdict: GateVerdict,
    numbers: GateNumbers,
    costs: list[Cost],
    now: datetime,
) -> GateRun | None:
    """Keep what was decided, and promote where that is the policy."""
    lock_model(connection, model.key)
    current = gate_run_by_key(connection, run.key)
    challenger = version_by_key(connection, run.challenger)
    if current is None or challenger is None or current.state != "waiting":
        return None
    champion = find_alias(connection, model.key, "champion")
    if champion is None or champion.version != run.champion:
        raise UsageError("The champion is another by now, so this says nothing of it; go to the gate again.")
    set_gate_run(
        connection,
        run.key,
        state="done",
        look=verdict.look,
        decision=verdict.decision,
        numbers=numbers.to_json(),
        finished=now,
    )
    for version, cost in zip((run.champion, run.challenger), costs, strict=True):
        set_version(connection, version, latency=cost.seconds, size=cost.size)
    passed = verdict.decision == "promote"
    if passed and challenger.state == "trained":
        set_version(connection, challenger.key, state="validated")
    elif not passed and challenger.state == "validated":
        set_version(connection, challenger.key, state="trained")
    details = {"version": challenger.name, "gate": run.key, "decision": verdict.decision}
    note(connection, now, run.by, "gate decided", model.name, details)
    if passed and run.policy == "promote" and may_become(challenger.state, "champion"):
        wanted = version_by_key(connection, challenger.key) or challenger
        reason = "The gate let it in, and the policy is to promote."
        make_champion(connection, model, wanted, "promoted", gate=run.key, reason=reason, by=GATE, now=now)
        set_gate_run(connection, run.key, answer="promoted", answered=now, answered_by=GATE, note=reason)
    return gate_run_by_key(connection, run.key)
