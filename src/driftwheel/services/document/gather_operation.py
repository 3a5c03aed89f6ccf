"""What becomes of a version: how it is watched, what befell it, who promoted it, when it is trained anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode
from driftwheel.cards.card_facts import Service
from driftwheel.cards.card_words import moment
from driftwheel.cards.operation_facts import (
    IncidentFacts,
    MonitorFacts,
    MonitoringFacts,
    PromotionFacts,
    RetrainingFacts,
    SliceFacts,
    TurnFacts,
)
from driftwheel.monitors.rule_text import format_rule
from driftwheel.monitors.segments_words import segments_words
from driftwheel.report.numbers import several
from driftwheel.services.alert.describe_monitors import describe_monitors
from driftwheel.services.alert.list_alerts import entry_of
from driftwheel.services.measure.reference_images import reference_images
from driftwheel.services.performance.describe_slices import describe_slices
from driftwheel.services.wheel.measured_reigns import measured_reigns
from driftwheel.store.alerts.episodes import documents_of, list_episodes
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.failure_slices import find_slices_of
from driftwheel.store.models.models import Model, ModelVersion
from driftwheel.store.models.references import Reference, current_reference
from driftwheel.store.release.policies import find_policy
from driftwheel.store.release.promotions import Promotion
from driftwheel.store.wheel.policies import policy_of
from driftwheel.store.wheel.turns import list_turns
from driftwheel.wheel.rhythm import suggest_rhythm
from driftwheel.wheel.turn_step import OUTCOME_WORDS

__all__ = [
    "gather_incidents",
    "gather_monitoring",
    "gather_promotions",
    "gather_retraining",
    "gather_slices",
    "gather_turns",
    "services_of",
]

_INCIDENTS = 100
_LOOKED_AT = 5000
_TURNS = 200


def services_of(promotions: Sequence[Promotion], version: int) -> tuple[Service, ...]:
    """Return when a version was the champion, the earliest first; `promotions` are the newest first."""
    found: list[Service] = []
    begin: datetime | None = None
    for one in reversed(promotions):
        if begin is not None and one.version != version:
            found.append(Service(begin, one.time))
            begin = None
        elif begin is None and one.version == version:
            begin = one.time
    return (*found, Service(begin, None)) if begin is not None else tuple(found)


def gather_promotions(
    promotions: Sequence[Promotion], version: int, names: Mapping[int, str]
) -> tuple[PromotionFacts, ...]:
    """Return the changes of champion that a version came or went with, the newest first."""
    return tuple(
        PromotionFacts(
            names.get(one.version, f"version {one.version}"),
            None if one.before is None else names.get(one.before, f"version {one.before}"),
            one.kind,
            one.time,
            one.by,
            one.reason,
            one.gate,
        )
        for one in promotions
        if version in {one.version, one.before}
    )


def gather_incidents(
    connection: Connection, model: Model, services: Sequence[Service]
) -> tuple[tuple[IncidentFacts, ...], int]:
    """Return the alerts that were open while a version was the champion, the newest first, and how many more.

    One that fired before and was not over counts, too: the version took over with it.
    """
    if not services:
        return (), 0
    chosen = [
        one
        for one in list_episodes(connection, model.key, fired=True, limit=_LOOKED_AT)
        if any(_open_in(one, its) for its in services)
    ]
    told = documents_of(connection, [one.key for one in chosen[:_INCIDENTS]])
    incidents = []
    for one in chosen[:_INCIDENTS]:
        entry = entry_of(told.get(one.key, {}))
        incidents.append(
            IncidentFacts(
                one.key,
                one.name,
                one.severity,
                f"{one.tag} = {one.value}" if one.tag else "",
                one.began,
                one.last_breach,
                one.fired or one.pending,
                one.ended,
                *(("", "", "") if entry is None else (entry.wrong, entry.cause, entry.harm)),
                one.state,
                one.reason or "",
                one.acknowledged_by or "",
                one.acknowledged_note or "",
            )
        )
    return tuple(incidents), len(chosen) - len(incidents)


def gather_monitoring(connection: Connection, blobs: Blobs, model: Model) -> MonitoringFacts:
    """Return what the images of a model are compared with, and its monitors by name."""
    reference = current_reference(connection, model.key)
    monitors = tuple(
        MonitorFacts(
            one.stored.name,
            one.monitor.severity,
            format_rule(one.monitor.rule),
            segments_words(one.monitor.segments, model.segment_tags),
            one.monitor.breaches,
            one.monitor.of_windows,
            one.stored.enabled,
        )
        for one in sorted(describe_monitors(connection, model), key=lambda one: one.stored.name)
        if one.monitor is not None
    )
    if reference is None:
        return MonitoringFacts("", None, None, "", model.false_alarms_per_year, monitors)
    return MonitoringFacts(
        _reference(reference),
        None if reference.artifact is None else reference_images(blobs, reference.artifact),
        reference.created,
        reference.by,
        model.false_alarms_per_year,
        monitors,
    )


def gather_retraining(
    connection: Connection, model: Model, version: ModelVersion, now: datetime
) -> RetrainingFacts:
    """Return when versions of a model are made anew, and what they must show.

    A rhythm is suggested beside versions that are not retired.
    """
    policy = find_policy(connection, model.key)
    if model.task != "classification":
        return RetrainingFacts(policy.policy, policy.gates, policy.rule, None, "")
    wheel, rhythm = policy_of(connection, model.key), ""
    if version.state != "retired":
        rhythm = suggest_rhythm(measured_reigns(connection, model, now=now), wheel.harm_margin).told
    return RetrainingFacts(policy.policy, policy.gates, policy.rule, wheel, rhythm)


def gather_slices(
    connection: Connection, model: Model, first: datetime | None, last: datetime | None
) -> tuple[SliceFacts, ...]:
    """Return slices of failure found among labels of a time that overlaps first…last, that of the answers."""
    kept = find_slices_of(connection, model.key)
    if kept is None or first is None or last is None:
        return ()
    ends = [kept.document.get(name) for name in ("since", "until")]
    since, until = (None if one is None else datetime.fromisoformat(one) for one in ends)
    if since is None or until is None or since > last or until < first:
        return ()
    found = describe_slices(connection, model, pictures=0)
    return tuple(
        SliceFacts(one.words, one.labels, one.wrong, one.accuracy, one.rest, one.p_value, since, until)
        for one in found.slices
    )


def gather_turns(connection: Connection, model: Model, version: ModelVersion) -> tuple[TurnFacts, ...]:
    """Return the turns of the wheel with a version as the champion or the challenger, the newest first."""
    roles = (
        (one, "challenger" if one.challenger == version.key else "champion")
        for one in list_turns(connection, model.key, limit=_TURNS)
        if version.key in {one.champion, one.challenger}
    )
    return tuple(
        TurnFacts(
            one.number,
            one.cause,
            one.begun,
            one.ended,
            "" if one.outcome is None else OUTCOME_WORDS[one.outcome],
            one.reason or "",
            one.labels,
            role,
        )
        for one, role in roles
    )


def _open_in(one: Episode, its: Service) -> bool:
    if one.fired is None:
        return False
    began_in_time = its.end is None or one.fired < its.end
    return began_in_time and (one.ended is None or one.ended > its.begin)


def _reference(reference: Reference) -> str:
    source = reference.source
    if reference.kind == "range":
        since, until = (moment(datetime.fromisoformat(source[name])) for name in ("since", "until"))
        return f"records from {since} until {until}"
    if reference.kind == "trailing":
        days = source.get("days")
        return f"the {several(days, 'day')} before" if isinstance(days, int) else "the days before"
    return f"folder {source.get('images', '')}"
