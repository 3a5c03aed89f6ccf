"""Judge what is due: the next span of time of a model, whole and segments, and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from driftwheel.services.alert.evaluate_monitors import evaluate_monitors
from driftwheel.services.crash_points import reach
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.sum_performance import sum_if_due
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import model_by_key
from driftwheel.store.windows.due_windows import due_windows
from driftwheel.store.windows.performance_due import DuePerformance

__all__ = ["JudgedSpan", "Span", "judge_due"]

Span = tuple[int, datetime]
"""A model's key, and the start of a window."""

_TOGETHER = 32  # windows in one transaction
_LOOKED_AT = 1000
_log = logging.getLogger("driftwheel.worker")


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """What was done for one span of time of one model.

    Attributes
    ----------
    span
        Which.
    windows
        Verdicts kept; 0 where they could not be made now.
    changed
        Episodes that began, changed or ended.
    """

    span: Span
    windows: int
    changed: int


def judge_due(
    engine: Engine,
    known: KnownReferences,
    *,
    now: datetime,
    settle: timedelta,
    skip: Collection[Span] = (),
) -> JudgedSpan | None:
    """Judge the windows of the span whose turn it is, and raise alerts; None where none is due.

    A worker that is killed has done all of it or nothing. Only one worker may do this at a time.

    Parameters
    ----------
    now
        Clock time.
    settle
        How long ago the last record of a window must have come.
    skip
        Spans that could not be judged a moment ago.
    """
    with reading(engine) as connection:
        due = due_windows(connection, now, settle, limit=_LOOKED_AT)
        first = next((one for one in due if (one.model, one.start) not in skip), None)
        model = None if first is None else model_by_key(connection, first.model)
    if first is None:
        return None
    span = (first.model, first.start)
    if model is None:  # deleted meanwhile, with its windows
        return JudgedSpan(span, 0, 0)
    windows = [one for one in due if (one.model, one.start, one.end) == (*span, first.end)][:_TOGETHER]
    sum_if_due(engine, DuePerformance(*span), now=now)
    try:
        judged = [(one, judge_window(engine, known, model, one)) for one in windows]
    except OSError as error:
        _log.warning("The window %s of '%s' cannot be judged now: %s", first.start, model.name, error)
        return JudgedSpan(span, 0, 0)
    reach("judge-judged")
    done = evaluate_monitors(engine, model, judged, now=now)
    reach("judge-committed")
    return JudgedSpan(span, done.windows, done.changed)
