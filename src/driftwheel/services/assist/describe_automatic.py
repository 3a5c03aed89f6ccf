"""Say how far a run of automatic labelling is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.store.assist.automatic_runs import (
    AutomaticRun,
    checked_tasks,
    count_roles,
    list_runs,
    run_by_key,
)

__all__ = ["AutomaticStanding", "describe_automatic", "describe_run"]


@dataclass(frozen=True, slots=True)
class AutomaticStanding:
    """A run and how far it is.

    Attributes
    ----------
    sample, sample_answered
        Tasks that people answer first, and those they have answered.
    sample_right
        Of them, those of which the assistant said the same; None until the threshold was looked for.
    upper
        With the certainty of the run, at most this share is wrong of what is as sure as the threshold.
    accepted, audits
        Labels that were accepted, and tasks as sure that people answer.
    audited, audited_wrong
        Of the audits, those that are answered, and those of which the assistant was wrong.
    """

    run: AutomaticRun
    sample: int
    sample_answered: int
    sample_right: int | None
    upper: float | None
    accepted: int
    audits: int
    audited: int
    audited_wrong: int


def describe_automatic(connection: Connection, pool: int, *, limit: int = 20) -> list[AutomaticStanding]:
    """Return the newest runs of a pool and how far they are, the newest first."""
    return [_standing(connection, one) for one in list_runs(connection, pool, limit=limit)]


def describe_run(connection: Connection, pool: int, run: int) -> AutomaticStanding:
    """Return how far a run of a pool is; raise `LookupError` where it has none of that key."""
    found = run_by_key(connection, run)
    if found is None or found.pool != pool:
        raise LookupError(f"The pool has no run {run}.")
    return _standing(connection, found)


def _standing(connection: Connection, run: AutomaticRun) -> AutomaticStanding:
    roles = count_roles(connection, run.key)
    sample = checked_tasks(connection, run.key, "sample")
    audit = run.audit or {}
    return AutomaticStanding(
        run,
        len(sample),
        sum(one.state != "open" for one in sample),
        run.numbers.get("sample_right"),
        run.numbers.get("upper"),
        roles.get("accepted", 0) - int(run.numbers.get("taken_back", 0)),
        roles.get("audit", 0),
        int(audit.get("n", 0)),
        int(audit.get("wrong", 0)),
    )
