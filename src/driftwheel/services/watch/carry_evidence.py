"""Carry evidence: the e-process of a model, taken on from window to window in order of time.

It is kept in the document of each verdict, so that every window shows how much evidence there was then. It
takes a quarter of the model's dial, shared out among the segments of a window as verdicts share their half
(see `judge_window`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from driftwheel.drift.e_process import (
    EProcess,
    advance,
    capital,
    e_process_from_json,
    e_process_to_json,
    threshold_for,
)
from driftwheel.drift.verdict import Verdict
from driftwheel.monitors.observation import Observation
from driftwheel.profiles.window import as_window, windows_per_year
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdicts import document_before, find_verdict, is_judged_after
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["CarriedEvidence", "carry_evidence", "evidence_to_json", "observe_evidence"]

_SHARE = 4  # a quarter of the dial
_ONLY_PROFILE = "Only a profile of the window is known: its images cannot be weighed."


@dataclass(frozen=True, slots=True)
class CarriedEvidence:
    """The e-process after a window.

    Attributes
    ----------
    state
        As it goes on.
    threshold
        The capital at which drift is found.
    reference
        Key of the reference that all its windows were held against.
    """

    state: EProcess
    threshold: float
    reference: int


def carry_evidence(
    connection: Connection,
    model: Model,
    window: StoredWindow,
    reference: int,
    verdict: Verdict,
    *,
    parts: int,
) -> CarriedEvidence:
    """Return the evidence after a window, from that after the one before of the same segment.

    A window older than the newest that was judged came late: it changes nothing, and what was said of it
    stays. The newest may be judged again, with more records. With another reference all begins anew. A window
    whose own verdict is drift is told of already and is passed over, as one with too few images is.

    Parameters
    ----------
    parts
        Segments of this span of time that are judged.
    """
    threshold = threshold_for(
        model.false_alarms_per_year, _SHARE * parts * windows_per_year(as_window(model.window))
    )
    segment = {"tag": window.tag, "value": window.value}
    before = _read(document_before(connection, model.key, window.start, **segment), reference)
    state = EProcess() if before is None else before.state
    if is_judged_after(connection, model.key, window.start, **segment):
        own = find_verdict(connection, model.key, window.start, **segment)
        kept = _read(None if own is None else own.document, reference)
        return kept or CarriedEvidence(state, threshold, reference)
    after = advance(state, _p_value(verdict), start=window.start, threshold=threshold)
    return CarriedEvidence(after, threshold, reference)


def evidence_to_json(evidence: CarriedEvidence) -> dict[str, Any]:
    """Return evidence as plain values, as it stands in the document of a verdict under ``evidence``."""
    return {
        "capital": capital(evidence.state),
        "threshold": evidence.threshold,
        "found": evidence.state.found,
        "reference": evidence.reference,
        "state": e_process_to_json(evidence.state),
    }


def observe_evidence(
    evidence: CarriedEvidence | None, window: str, verdict: Verdict | None = None
) -> Observation:
    """Return the signal ``evidence``; its n counts windows. `window` is the model's.

    Of a window of which only a profile is known it has no value: nothing was added, and what was there before
    is no news. That ends no alert where drift has been found, and else it is none.
    """
    if evidence is None:
        return Observation("evidence", None, 0, note="There is no verdict to take it from.")
    state, since = evidence.state, ""
    if verdict is not None and verdict.verdict == "no_drift" and verdict.replay_p_value is None:
        return Observation("evidence", None, 0, judged=None if state.found else False, note=_ONLY_PROFILE)
    if state.since is not None:
        since = (
            f"since {state.since:%Y-%m-%d %H:%M} UTC" if window == "hour" else f"since {state.since:%Y-%m-%d}"
        )
    return Observation(
        "evidence",
        capital(state),
        state.windows,
        low=0.0,
        high=evidence.threshold,
        judged=state.found,
        note=since,
    )


def _p_value(verdict: Verdict) -> float | None:
    """Return what a window says: how rare it is both beside chance and beside the reference's own windows."""
    if verdict.verdict != "no_drift" or verdict.replay_p_value is None:
        return None
    return max(verdict.p_value, verdict.replay_p_value)


def _read(document: Mapping[str, Any] | None, reference: int) -> CarriedEvidence | None:
    plain = None if document is None else document.get("evidence")
    if plain is None or plain["reference"] != reference:
        return None
    return CarriedEvidence(e_process_from_json(plain["state"]), float(plain["threshold"]), reference)
