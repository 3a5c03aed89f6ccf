"""How the assistant of a project stands, as the page of a pool shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from driftwheel.agreement.automatic_acceptance import least_known
from driftwheel.services.assist.describe_assistant import AssistantStanding, describe_assistant
from driftwheel.services.assist.describe_automatic import AutomaticStanding, describe_automatic
from driftwheel.services.assist.due_assistance import can_assist
from driftwheel.store.assist.assist_options import AssistOptions, assist_options
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project

__all__ = ["BOUNDS", "SHOWN", "AssistView", "assist_view"]

SHOWN = (
    ("assistant", "what the assistant thinks"),
    ("model", "and until there is one, what the model said"),
    ("off", "nothing"),
)
"""What a pool can show as pre-labels."""

BOUNDS = tuple((str(bound), f"{bound} % wrong", least_known(bound / 100, 0.05)) for bound in (1, 2, 5, 10))
"""Bounds on the share of wrong labels to choose from, and how many answers of people each takes at least."""

_RUNS = {
    "sampling": ("people answer the sample", "note"),
    "accepting": ("accepting", "note"),
    "auditing": ("people answer audits", "note"),
    "finished": ("finished", "ok"),
    "nothing": ("nothing could be accepted", "quiet"),
    "stopping": ("stopping", "warn"),
    "stopped": ("stopped by its audit", "bad"),
    "undoing": ("giving back", "warn"),
    "undone": ("given back", "quiet"),
    "cancelled": ("ended", "quiet"),
}


@dataclass(frozen=True, slots=True)
class AssistView:
    """An assistant in a pool.

    Attributes
    ----------
    report
        Of the newest training: its accuracy with an interval, and n; empty before the first.
    runs
        Of automatic labelling, the newest first, each with a word and its tone.
    active
        Whether one of them goes on.
    """

    stands: AssistantStanding
    options: AssistOptions
    report: Mapping[str, Any]
    runs: tuple[tuple[AutomaticStanding, str, str], ...]
    active: bool


def assist_view(connection: Connection, project: Project, pool: Pool) -> AssistView | None:
    """Return how the assistant stands in a pool; None for projects that can have none."""
    if not can_assist(project):
        return None
    stands = describe_assistant(connection, project)
    runs = describe_automatic(connection, pool.key, limit=5)
    return AssistView(
        stands,
        assist_options(connection, pool.key),
        {} if stands.newest is None else stands.newest.report,
        tuple((one, *_RUNS.get(one.run.state, (one.run.state, "quiet"))) for one in runs),
        any(one.run.state in {"sampling", "accepting", "auditing", "stopping", "undoing"} for one in runs),
    )
