"""The step `gate`: the new version against the champion; more labels where they lack and can be paid.

Where the gate keeps the best candidate out, the next best goes there: it was second by few images only, and
may be better where the first failed. Both are judged on the same images, so their looks share one error.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError, UnavailableError, UsageError
from driftwheel.performance.gate import GateCheck
from driftwheel.report.gains import points
from driftwheel.services.release.answer_gate import label_for_gate
from driftwheel.services.release.ask_gate import ask_gate_in, champion_to_beat
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.wheel.labels_left import labels_left
from driftwheel.services.wheel.slice_of_turn import slice_of_turn
from driftwheel.services.wheel.turn_moves import At, end, go_on, hold, keep, moving, wait
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import Pool
from driftwheel.store.models.models import ModelVersion, version_by_key
from driftwheel.store.release.gate_runs import GateRun, gate_run_by_key, waiting_gate_runs
from driftwheel.store.wheel.turns import set_turn
from driftwheel.wheel.turn_step import WHEEL, Outcome

__all__ = ["compare_at_gate"]

_MOST_LOOKS = 4
_TRIES = 3
_LEAST_POOL = 10  # images
_LOOK_AGAIN = timedelta(minutes=1)


def compare_at_gate(at: At) -> bool:
    """Send the version to the gate, wait for what it decides, and do what follows from that."""
    key = next(reversed(at.step.made.get("gate", [])), None)
    with reading(at.engine) as connection:
        version = _version(connection, at.last("version"))
        run = None if key is None else gate_run_by_key(connection, key)
        obstacle = _obstacle(connection, at, version)
    if run is None or run.state == "failed":
        tries = len(at.step.made.get("gate", []))
        if obstacle or tries >= _TRIES or version is None:
            return _kept(at, obstacle or f"The gate could not compare: {'' if run is None else run.reason}")
        return _ask(at, version)
    if run.state == "waiting":
        with moving(at) as connection:
            wait(connection, at, "gate", "A worker compares the new version with the champion.")
        return False
    return _decided(at, run, version)


def _version(connection: Connection, key: int | None) -> ModelVersion | None:
    return None if key is None else version_by_key(connection, key)


def _obstacle(connection: Connection, at: At, version: ModelVersion | None) -> str:
    """Return why nothing can be compared, a sentence; empty: it can."""
    if version is None or version.artifact is None:
        return "The new version was removed meanwhile."
    try:
        champion = champion_to_beat(connection, at.model)
    except UsageError:
        return (
            f"The model has no champion to compare '{version.name}' with; promote it by hand if it is good "
            "enough."
        )
    if champion.artifact is None:
        return (
            f"The champion '{champion.name}' has no ONNX file here, so that '{version.name}' cannot be "
            "compared with it; look at its numbers, and promote it by hand if it is good enough."
        )
    if champion.key == version.key:
        return f"'{version.name}' became the champion by hand."
    return "It was retired by hand." if version.state == "retired" else ""


def _ask(at: At, version: ModelVersion) -> bool:
    with moving(at) as connection:
        if any(one.challenger == version.key for one in waiting_gate_runs(connection)):
            told = f"'{version.name}' was sent to the gate by hand; the turn sends it when that is decided."
            wait(connection, at, "gate", told, until=at.now + _LOOK_AGAIN)
            return False
        chosen = slice_of_turn(connection, at)
        run = ask_gate_in(
            connection,
            at.model.name,
            version.name,
            chosen=chosen,
            looks_at_others=_looks_at_others(connection, at, version),
            by=WHEEL,
            now=at.now,
        )
        set_turn(connection, at.turn.key, challenger=version.key)
        keep(connection, at, made={"gate": [run.key]})
        wait(connection, at, "gate", "A worker compares the new version with the champion.")
    return True


def _looks_at_others(connection: Connection, at: At, version: ModelVersion) -> int:
    """Return how many looks at the champion's other challengers the turn has taken."""
    champion = champion_to_beat(connection, at.model)
    runs = [gate_run_by_key(connection, key) for key in at.made("gate")]
    done = [one for one in runs if one is not None and one.state == "done" and one.champion == champion.key]
    return sum(one.challenger != version.key for one in done)


def _decided(at: At, run: GateRun, version: ModelVersion | None) -> bool:
    checks = GateNumbers.from_json(run.numbers or {}).checks
    called = _called(version)
    numbers: dict[str, Any] = {"decision": run.decision, "look": run.look, "checks": _plain(checks)}
    if run.decision == "promote":
        with moving(at) as connection:
            told = f"The gate lets {called} in: {_words(checks, {'passed'})}."
            go_on(connection, at, "promote", told=told, found=numbers)
        return True
    if run.answer == "refused":
        told = f"{run.answered_by} refused {called}: {_words(checks, {'failed', 'open'})}."
        return _kept(at, told, numbers)
    if run.decision == "refuse":
        told = f"The gate keeps {called} out: {_words(checks, {'failed', 'open'})}."
        return _next_best(at, told, numbers) or _kept(at, told, numbers)
    return _label_more(at, run, version, checks, numbers)


def _next_best(at: At, told: str, numbers: dict[str, Any]) -> bool:
    """Send the next best candidate to the gate, where there is one that can go; return whether there is."""
    sent = at.made("version")
    with reading(at.engine) as connection:
        keys = [int(one["version"]) for one in at.found("train").get("candidates", ())]
        versions = [version_by_key(connection, key) for key in keys if key not in sent]
        can_go = [one for one in versions if one is not None and not _obstacle(connection, at, one)]
    if not can_go:
        return False
    with moving(at) as connection:
        told = f"{told} The next best, '{can_go[0].name}', goes there."
        go_on(connection, at, "gate", told=told, made={"version": [can_go[0].key]}, found=numbers)
    return True


def _label_more(
    at: At,
    run: GateRun,
    version: ModelVersion | None,
    checks: tuple[GateCheck, ...],
    numbers: dict[str, Any],
) -> bool:
    """Open the larger pool and wait for people again, within the budget."""
    lacking = [one for one in checks if one.more]
    wanted = sum(one.more for one in lacking)
    with reading(at.engine) as connection:
        left = labels_left(connection, at)
    told = (
        f"The gate cannot tell yet whether {_called(version)} is better, and asks for {wanted:,} more labels"
    )
    again = f"driftwheel gate {at.model.name} {'VERSION' if version is None else version.name}"
    if run.own_look >= _MOST_LOOKS:
        reason = f"{told}. It has looked {run.own_look} times, and every further look must show more."
        return _kept(
            at, f"{reason} Promote it by hand if its numbers are good enough, or begin a turn.", numbers
        )
    count = min(max(one.more for one in lacking), left // len(lacking)) if lacking else 0
    if count < _LEAST_POOL:
        told = (
            f"{told}; the budget pays {left:,}. Raise most_labels or labels_per_month for the turns to come, "
            f"or have images labelled otherwise and look again: {again}"
        )
        return _ended(at, "out_of_budget", told, numbers)

    def also(connection: Connection, pool: Pool) -> None:
        hold(connection, at)
        opened = f"{told}: {pool.tasks:,} images are to be labelled."
        go_on(connection, at, "label", told=opened, made={"pool": [pool.key]}, found=numbers)

    rng = np.random.default_rng([at.turn.key, at.step.number])
    try:
        label_for_gate(
            at.engine,
            at.model.name,
            run.key,
            by=WHEEL,
            now=at.now,
            rng=rng,
            count=count,
            overlap=(at.policy.overlap, at.policy.most_overlap),
            golden_share=at.policy.golden_share,
            also=also,
        )
    except UnavailableError:
        raise
    except DriftwheelError as error:
        reason = f"{told}. {error} When they have labels, look again: {again}"
        return _kept(at, reason, numbers)
    return True


def _kept(at: At, told: str, numbers: dict[str, Any] | None = None) -> bool:
    return _ended(at, "kept", told, numbers)


def _ended(at: At, outcome: Outcome, told: str, numbers: dict[str, Any] | None) -> bool:
    """End the turn, and tell what the gate said of each version that went there."""
    earlier = [one for one in at.steps[:-1] if one.name == "gate" and one.found.get("decision") == "refuse"]
    reason = " ".join([*(one.told for one in earlier), told])
    with moving(at) as connection:
        end(connection, at, outcome, reason, told=told, found=numbers)
    return True


def _called(version: ModelVersion | None) -> str:
    return "the new version" if version is None else f"'{version.name}'"


def _plain(checks: tuple[GateCheck, ...]) -> list[dict[str, Any]]:
    return [
        {"asked": one.asked, "group": one.group, "state": one.state, "n": one.n, "more": one.more}
        for one in checks
    ]


def _words(checks: tuple[GateCheck, ...], states: set[str]) -> str:
    said = [_check_words(one) for one in checks if one.state in states]
    return "; ".join(said) or "nothing else was asked"


def _check_words(one: GateCheck) -> str:
    if one.asked == "latency":
        return f"{one.challenger * 1000:.1f} ms an image against {one.champion * 1000:.1f} ms"
    if one.asked == "size":
        return f"{one.challenger / 1e6:.1f} MB against {one.champion / 1e6:.1f} MB"
    return f"{one.group}: {points(one.challenger)} against {points(one.champion)} of {one.n:,} images"
