"""Say what there is of a model's versions: who is served, who wants to be, what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.store.models.models import Model, ModelVersion, list_versions
from driftwheel.store.release.aliases import ModelAlias, find_alias
from driftwheel.store.release.gate_runs import GateRun, list_gate_runs
from driftwheel.store.release.policies import ReleasePolicy, find_policy
from driftwheel.store.release.promotions import Promotion, list_promotions

__all__ = ["ListedVersion", "NamedPromotion", "NamedRun", "RegistryView", "describe_registry", "named_run"]


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A gate run with the names of its versions."""

    run: GateRun
    challenger: str
    champion: str


@dataclass(frozen=True, slots=True)
class NamedPromotion:
    """A promotion with the names of its versions; `before` is None for the first champion."""

    promotion: Promotion
    version: str
    before: str | None


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version with its newest gate run beside the champion of now.

    Attributes
    ----------
    let_in
        Whether that run let it in, and nobody has refused it: it may be promoted.
    was_champion
        Whether it was served before, so that it can be rolled back to.
    """

    version: ModelVersion
    run: GateRun | None
    let_in: bool
    was_champion: bool


@dataclass(frozen=True, slots=True)
class RegistryView:
    """All of a model's registry.

    Attributes
    ----------
    champion, challenger
        None where nothing is called so.
    since
        The alias of the champion.
    before
        The version that a rollback leads to; None where there is none.
    versions
        The newest first.
    runs, promotions
        The newest first.
    """

    champion: ModelVersion | None
    since: ModelAlias | None
    challenger: ModelVersion | None
    before: str | None
    versions: Sequence[ListedVersion]
    runs: Sequence[NamedRun]
    promotions: Sequence[NamedPromotion]
    policy: ReleasePolicy


def describe_registry(connection: Connection, model: Model, *, runs: int = 30) -> RegistryView:
    """Return the registry of a model, with its last `runs` gate runs."""
    versions = list_versions(connection, model.key)
    by_key = {one.key: one for one in versions}
    champion, challenger = (find_alias(connection, model.key, name) for name in ("champion", "challenger"))
    served = None if champion is None else by_key.get(champion.version)
    promotions = list_promotions(connection, model.key, limit=10_000)
    found = list_gate_runs(connection, model.key, limit=max(runs, 500))
    newest: dict[int, GateRun] = {}
    for one in reversed(found):
        if served is not None and one.champion == served.key:
            newest[one.challenger] = one
    were = {one.version for one in promotions}
    return RegistryView(
        served,
        champion,
        None if challenger is None else by_key.get(challenger.version),
        _before(served, promotions, by_key),
        [
            ListedVersion(
                one, newest.get(one.key), _let_in(newest.get(one.key)), one.key in were and one is not served
            )
            for one in versions
        ],
        [named_run(one, by_key) for one in found[:runs]],
        [
            NamedPromotion(
                one,
                _name(by_key, one.version),
                None if one.before is None else _name(by_key, one.before),
            )
            for one in promotions[:50]
        ],
        find_policy(connection, model.key),
    )


def named_run(run: GateRun, versions: dict[int, ModelVersion]) -> NamedRun:
    """Return a run with the names of its versions."""
    return NamedRun(run, _name(versions, run.challenger), _name(versions, run.champion))


def _let_in(run: GateRun | None) -> bool:
    return run is not None and run.decision == "promote" and run.answer is None


def _before(
    served: ModelVersion | None, promotions: Sequence[Promotion], by_key: dict[int, ModelVersion]
) -> str | None:
    """Return where `roll_back` leads."""
    if served is None:
        return None
    rose = (one for one in promotions if one.version == served.key and one.kind != "rolled_back")
    before = next((one.before for one in rose), None)
    return None if before is None else _name(by_key, before)


def _name(by_key: dict[int, ModelVersion], key: int) -> str:
    return by_key[key].name if key in by_key else f"version {key}"
