"""Open the small pool of a watch: images that came after the new champion, drawn at random."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.wheel.labels_left import labels_left
from driftwheel.services.wheel.open_turn_pool import open_turn_pool_in
from driftwheel.services.wheel.turn_moves import At, keep, moving
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.project_records import images_in_project
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.labels.record_labels import known_labels
from driftwheel.store.labels.task_selections import TaskSelection
from driftwheel.store.wheel.newest_record import images_after

__all__ = ["open_watch_pool"]

_LEAST = 20  # images
_MOST = 10_000


def open_watch_pool(at: At, seen: int, until: datetime) -> bool:
    """Open the pool once enough images have come, at the latest half-way; return whether it was opened.

    None is opened where the budget is spent, or the turn has no project: then labels that arrive otherwise
    are all that is looked at.

    Parameters
    ----------
    seen
        Key of the record that was the newest when the new champion became it.
    until
        When the watch ends.
    """
    key = at.last("project")
    with reading(at.engine) as connection:
        project = None if key is None else project_by_key(connection, key)
        wanted = min(at.policy.watch_labels, labels_left(connection, at))
        if project is None or wanted < _LEAST:
            return False
        there = images_after(connection, at.model.key, seen, limit=_MOST)
        asked = images_in_project(connection, project.key, list(there))
        known = known_labels(connection, at.model.key, list(there.values()))
    new = [record for image, record in there.items() if image not in asked and record not in known]
    half_way = at.now >= at.step.begun + (until - at.step.begun) / 2
    if len(new) < (_LEAST if half_way else wanted):
        return False
    rng = np.random.default_rng([at.turn.key, at.step.number])
    apart = TaskSelection("holdout")  # drawn among what had no label: its chance is that of no window
    why = "the watch: drawn at random"
    chosen = [new[number] for number in rng.permutation(len(new))[:wanted]]
    images = [PoolImage(one, reason=why, selection=apart) for one in chosen]
    with moving(at) as connection:
        opened, _ = open_turn_pool_in(connection, at, project, f"{at.name}: watch", images)
        keep(connection, at, made={"pool": [opened.key]}, found={"images": opened.tasks})
    return True
