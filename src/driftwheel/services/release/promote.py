"""Make a version the champion, and take that back: the two steps that change what is served."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.models.ask_version import want_version_asked
from driftwheel.services.remark import check_remark
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import (
    Model,
    ModelVersion,
    find_model,
    find_version,
    lock_model,
    set_version,
    version_by_key,
)
from driftwheel.store.models.version_states import may_become
from driftwheel.store.operate.audit import note
from driftwheel.store.release.aliases import find_alias, remove_alias, set_alias
from driftwheel.store.release.gate_runs import passed_gate
from driftwheel.store.release.promotions import (
    PromotionKind,
    add_promotion,
    list_promotions,
)

__all__ = ["make_champion", "promote", "promote_in", "roll_back"]

_HISTORY = 10_000


def promote(
    engine: Engine,
    model: str,
    version: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    without_gate: bool = False,
) -> ModelVersion:
    """Make a version the champion and return it; it is served from then on. Noted in the audit.

    The gate must have let it in beside the champion of now: one that was better than a champion of the past
    need not be better than this one.

    Parameters
    ----------
    reason
        Why; needed without a gate.
    without_gate
        Promote it although the gate has not let it in.

    Raises
    ------
    UsageError
        When there is no such model or version, it is the champion, or the gate has not let it in.
    """
    with writing(engine) as connection:
        return promote_in(
            connection, model, version, by=by, now=now, reason=reason, without_gate=without_gate
        )


def promote_in(
    connection: Connection,
    model: str,
    version: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    without_gate: bool = False,
) -> ModelVersion:
    """Promote a version as `promote` does, in a transaction of somebody else's; the model is locked by it.

    Raises
    ------
    UsageError
        Likewise.
    """
    reason = _checked(reason)
    known = _locked(connection, model)
    wanted = find_version(connection, known, version)
    current = find_alias(connection, known.key, "champion")
    if current is not None and current.version == wanted.key:
        raise UsageError(f"Version '{version}' is the champion of '{model}' already.")
    gate = None if current is None else passed_gate(connection, wanted.key, current.version)
    if gate is None and current is not None:
        before = version_by_key(connection, current.version)
        called = "" if before is None else f" '{before.name}'"
        if not without_gate:
            raise UsageError(
                f"The gate has not let '{version}' in beside the champion{called}. Run it with: "
                f"driftwheel gate {model} {version}. Or promote it without the gate, and give the reason."
            )
        if not reason:
            raise UsageError("Give a reason: who looks later why this version went live reads it.")
    return make_champion(
        connection,
        known,
        wanted,
        "promoted" if current is not None else "first",
        gate=None if gate is None else gate.key,
        reason=reason or ("The gate let it in." if gate else "The model had no champion."),
        by=by,
        now=now,
    )


def roll_back(
    engine: Engine, model: str, *, by: str, now: datetime, reason: str = "", to: str | None = None
) -> ModelVersion:
    """Make the champion before this one the champion again and return it. Noted in the audit.

    Again, it goes further back: to the one before that.

    Parameters
    ----------
    to
        The name of an earlier champion; by default the one that this one replaced.

    Raises
    ------
    UsageError
        When there is no such model, it has no champion, or none before it.
    """
    reason = _checked(reason)
    with writing(engine) as connection:
        known = _locked(connection, model)
        current = find_alias(connection, known.key, "champion")
        if current is None:
            raise UsageError(f"The model '{model}' has no champion to roll back from.")
        history = list_promotions(connection, known.key, limit=_HISTORY)
        if to is None:
            rose = [one for one in history if one.version == current.version and one.kind != "rolled_back"]
            before = next((one.before for one in rose), None)
            wanted = None if before is None else version_by_key(connection, before)
            if wanted is None:
                raise UsageError(f"The champion of '{model}' is its first; there is none before it.")
        else:
            wanted = find_version(connection, known, to)
            if wanted.key not in {one.version for one in history}:
                raise UsageError(
                    f"Version '{to}' was never the champion of '{model}'; promote it instead of rolling back."
                )
            if wanted.key == current.version:
                raise UsageError(f"Version '{to}' is the champion of '{model}' already.")
        return make_champion(
            connection,
            known,
            wanted,
            "rolled_back",
            gate=None,
            reason=reason or "Rolled back.",
            by=by,
            now=now,
        )


def make_champion(
    connection: Connection,
    model: Model,
    wanted: ModelVersion,
    kind: PromotionKind,
    *,
    gate: int | None,
    reason: str,
    by: str,
    now: datetime,
) -> ModelVersion:
    """Make a version the champion in a transaction that has locked its model, and return it as it is then.

    Raises
    ------
    UsageError
        When its state does not allow it.
    """
    if not may_become(wanted.state, "champion"):
        raise UsageError(f"Version '{wanted.name}' is {wanted.state} and cannot become the champion.")
    before = find_alias(connection, model.key, "champion")
    challenger = find_alias(connection, model.key, "challenger")
    if before is not None:
        set_version(connection, before.version, state="retired")
    if challenger is not None and challenger.version == wanted.key:
        remove_alias(connection, model.key, "challenger")
    set_version(connection, wanted.key, state="champion")
    set_alias(connection, model.key, "champion", wanted.key, now, by)
    add_promotion(
        connection,
        model.key,
        wanted.key,
        kind,
        before=None if before is None else before.version,
        gate=gate,
        time=now,
        by=by,
        reason=reason,
    )
    old = None if before is None else version_by_key(connection, before.version)
    details = {
        "version": wanted.name,
        "before": None if old is None else old.name,
        "gate": gate,
        "reason": reason,
    }
    action = "roll back version" if kind == "rolled_back" else "promote version"
    note(connection, now, by, action, model.name, details)
    reach("champion-written")
    made = version_by_key(connection, wanted.key) or wanted
    want_version_asked(connection, made)  # faults of the reference are shown to who is served
    return made


def _locked(connection: Connection, name: str) -> Model:
    """Return a model, with no other promotion of it until the transaction ends."""
    model = find_model(connection, name)
    return lock_model(connection, model.key) or model


def _checked(reason: str) -> str:
    check_remark("reason", reason)
    return reason.strip()
