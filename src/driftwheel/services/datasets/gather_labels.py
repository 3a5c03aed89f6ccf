"""Gather the labels of a model's images for a dataset version."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from sqlalchemy import Connection

from driftwheel.datasets.example import Example, ImageLabel, LabelKind, Origin
from driftwheel.datasets.example_json import label_from_json
from driftwheel.errors import UsageError
from driftwheel.services.datasets.new_version import LabelChoice, LeftOut
from driftwheel.store.datasets.example_scratch import Gathered
from driftwheel.store.datasets.model_labels import ModelLabel, labels_of_pools, labels_told, pools_asking
from driftwheel.store.models.models import Model

__all__ = ["fitting_label", "labels_of_model", "told_labels_of_model"]

_OF_ALERT = re.compile(r"of alert (\d{1,9})\b")  # how reasons of tasks begin that were chosen for one


def labels_of_model(  # noqa: PLR0917
    connection: Connection,
    model: Model,
    kind: LabelKind,
    choice: LabelChoice,
    classes: Collection[str] | None,
    left_out: LeftOut,
) -> Iterator[Gathered]:
    """Yield what the tasks of a model's pools are labelled as.

    Parameters
    ----------
    classes
        That labels may name; None: any.

    Raises
    ------
    UsageError
        For pools in which this is not asked of the model's images.
    """
    own = pools_asking(connection, model.key, kind)
    if choice.pools is not None and (strange := sorted(set(choice.pools) - set(own))):
        raise UsageError(
            f"The model '{model.name}' has no pool {strange[0]} in which '{kind}' is asked. It has "
            f"{', '.join(map(str, own)) or 'none'}."
        )
    chosen = own if choice.pools is None else sorted(set(choice.pools))
    for one in labels_of_pools(connection, model.key, chosen, since=choice.since, until=choice.until):
        yield from _gathered(one, kind, classes, left_out)


def told_labels_of_model(  # noqa: PLR0917
    connection: Connection,
    model: Model,
    kind: LabelKind,
    choice: LabelChoice,
    classes: Collection[str] | None,
    left_out: LeftOut,
) -> Iterator[Gathered]:
    """Yield the ground truth that was told of a model's records."""
    for one in labels_told(connection, model.key, choice.pools, since=choice.since, until=choice.until):
        yield from _gathered(one, kind, classes, left_out)


def fitting_label(
    payload: object, kind: LabelKind, classes: Collection[str] | None, name: str, left_out: LeftOut
) -> ImageLabel | None:
    """Return what a payload says, if it is of this kind and names no other classes; else it is left out."""
    try:
        label = label_from_json(payload)  # type: ignore[arg-type]  # it says what it is no payload
    except UsageError:
        left_out.add("wrong_kind", name)
        return None
    if label.kind != kind:
        left_out.add("wrong_kind", name)
        return None
    if classes is not None and not set(label.names) <= set(classes):
        left_out.add("unknown_class", name)
        return None
    return label


def _gathered(
    one: ModelLabel, kind: LabelKind, classes: Collection[str] | None, left_out: LeftOut
) -> Iterator[Gathered]:
    label = fitting_label(one.payload, kind, classes, one.record, left_out)
    if label is None:
        return
    alert = _OF_ALERT.match(one.reason)
    origin = Origin(
        one.source,
        one.by,
        one.known,
        one.record,
        one.model_version,
        one.taken,
        one.tags or {},
        one.project,
        one.pool,
        one.task,
        one.reason,
        int(alert[1]) if alert else None,
        one.probability,
    )
    yield Gathered(
        Example(one.image, one.record, label, "train", origin, one.width, one.height, holdout=one.holdout)
    )
