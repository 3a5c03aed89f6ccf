"""The step `promote`: the gate has promoted by the policy, or a person is asked."""

from __future__ import annotations

from driftwheel.services.wheel.turn_moves import At, end, go_on, moving, wait
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import version_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import GateRun, gate_run_by_key
from driftwheel.store.wheel.newest_record import newest_record

__all__ = ["await_promotion"]


def await_promotion(at: At) -> bool:
    """Go on to watch the new champion; ask a person where that is the policy, and end where they refuse."""
    key = at.last("gate")
    with reading(at.engine) as connection:
        run = None if key is None else gate_run_by_key(connection, key)
        champion = find_alias(connection, at.model.key, "champion")
        version = None if run is None else version_by_key(connection, run.challenger)
        before = None if run is None else version_by_key(connection, run.champion)
    if run is None or version is None:
        with moving(at) as connection:
            end(connection, at, "kept", "The new version was removed meanwhile.")
        return True
    if champion is not None and champion.version == version.key:
        return _promoted(at, run, version.name, champion.by)
    if run.answer == "refused":
        why = f": {run.note}" if run.note else "."
        with moving(at) as connection:
            reason = f"{run.answered_by} keeps the champion, and refuses '{version.name}'{why}"
            end(connection, at, "kept", reason)
        return True
    if version.state == "retired" or champion is None or champion.version != run.champion:
        return _gate_again(at, retired=version.state == "retired", name=version.name)
    with moving(at) as connection:
        told = (
            f"The gate lets '{version.name}' in; a person is to promote it in place of "
            f"'{'' if before is None else before.name}', or to refuse it."
        )
        wait(connection, at, "answer", told)
    return False


def _promoted(at: At, run: GateRun, name: str, by: str) -> bool:
    told = f"'{name}' was promoted by {run.answered_by or by}."
    with moving(at) as connection:
        if at.policy.watch_days <= 0:
            end(connection, at, "promoted", f"{told} It is not watched: the policy says so.", told=told)
            return True
        seen = newest_record(connection)
        go_on(connection, at, "watch", told=told, found={"by": run.answered_by or by, "seen": seen})
    return True


def _gate_again(at: At, *, retired: bool, name: str) -> bool:
    """Go back to the gate: the champion is another by now. A version that was retired is let go."""
    with moving(at) as connection:
        if retired:
            end(connection, at, "kept", f"'{name}' was retired by hand before anybody promoted it.")
        else:
            told = "The champion was changed by hand, so the gate compares once more, with that one."
            go_on(connection, at, "gate", told=told)
    return True
