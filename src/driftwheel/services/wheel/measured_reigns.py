"""How accurate each champion was measured to be since its promotion, from the sums of windows.

That of hourly windows of two years takes a second and a half, and is asked for with every page of a wheel. So
what was made is kept in this process for as long as neither the sums nor the promotions change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from driftwheel.services.wheel.champion_accuracy import version_accuracy
from driftwheel.store.models.models import Model, version_by_key
from driftwheel.store.release.promotions import Promotion, list_promotions
from driftwheel.store.windows.performance_windows import PerformanceWindow, labels_made, list_performance
from driftwheel.wheel.reign import Reign, ReignPoint

__all__ = ["measured_reigns"]

_PROMOTIONS = 8
_LONGEST = timedelta(days=120)
_POINTS = 40  # of a reign
_DAY = timedelta(days=1)
_KEPT = 100  # models
_kept: OrderedDict[Hashable, tuple[Reign, ...]] = OrderedDict()
_lock = threading.Lock()


def measured_reigns(connection: Connection, model: Model, *, now: datetime) -> tuple[Reign, ...]:
    """Return the last reigns of a model's champions, the newest promotion first.

    Rollbacks begin none: their version has aged before. Of each reign the first 120 days are looked at, a day
    at a time, and several days together where it is longer than 40.
    """
    promotions = list_promotions(connection, model.key, limit=2 * _PROMOTIONS)
    made = labels_made(connection, model.key)
    key = (str(connection.engine.url), model.key, *promotions, made, now.date())
    with _lock:
        found = _kept.get(key)
    if found is None:
        found = _reigns(connection, model, promotions, now)
        with _lock:
            _kept[key] = found
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)
    return found


def _reigns(
    connection: Connection, model: Model, promotions: Sequence[Promotion], now: datetime
) -> tuple[Reign, ...]:
    ends = [None, *(one.time for one in promotions)]
    found = [
        _reign(connection, model, one, end, now)
        for one, end in zip(promotions, ends, strict=False)
        if one.kind != "rolled_back"
    ]
    return tuple(found[:_PROMOTIONS])


def _reign(
    connection: Connection, model: Model, promotion: Promotion, ended: datetime | None, now: datetime
) -> Reign:
    version = version_by_key(connection, promotion.version)
    name, begun = "" if version is None else version.name, promotion.time
    until = min(ended or now, begun + _LONGEST)
    if version is None or until <= begun:
        return Reign(name, begun, ended)
    width = max(_DAY, (until - begun) / _POINTS)
    parts: defaultdict[int, list[PerformanceWindow]] = defaultdict(list)
    found = list_performance(connection, model.key, since=begun, until=until)
    labelled = [one for one in found if one.labels]
    for one in labelled:
        parts[int((one.start - min(begun, labelled[0].start)) / width)].append(one)
    points = []
    for _, windows in sorted(parts.items()):
        figure = version_accuracy(windows, name)
        if figure.value is None or figure.low is None or figure.high is None or not figure.n:
            continue
        first, last = max(begun, windows[0].start), min(until, windows[-1].end)
        points.append(
            ReignPoint(
                (first - begun + (last - first) / 2) / _DAY, figure.value, figure.low, figure.high, figure.n
            )
        )
    return Reign(name, begun, ended, tuple(points))
