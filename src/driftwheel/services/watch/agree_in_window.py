"""Tell the accuracy in a window by how often versions of its model agree about its images.

The versions are those that the reference was asked by. Each of them is shown the same images of the window,
whichever version their records name; how often pairs agree there and on the reference, and how often each is
right on the reference, tells how often the one in production is right now: agreement on the line. It needs no
labels of the window, and says that it cannot tell where the pairs lie on no line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.performance.agreement_on_the_line import LEAST_MODELS
from driftwheel.report.numbers import count, several
from driftwheel.services.check.ask_others import NOT_ASKED, agree
from driftwheel.services.check.reference_truths import NO_CLASS, NOT_KNOWN
from driftwheel.services.measure.asked_answers import AskedAnswers
from driftwheel.services.watch.known_references import KnownReference, KnownReferences
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.records.logged_answers import true_classes
from driftwheel.store.records.version_images import VersionImage, version_images
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["MOST_SHOWN", "agree_in_window"]

_SIGNAL = "accuracy_by_agreement"

MOST_SHOWN = 400
"""Images of a window that all versions are shown: that pairs agree on so many is known to 2.5 points."""


def agree_in_window(  # noqa: PLR0917  a window and what it is held against
    engine: Engine,
    known: KnownReferences,
    model: Model,
    window: StoredWindow,
    reference: KnownReference,
    records: Sequence[str],
) -> Observation:
    """Return the accuracy in a window of the version that answered most of it, by agreement, or why not.

    It is told of windows of the whole model: to show the images of each segment to every version takes too
    long. Records of the reference that lie in the window itself are left out.

    Parameters
    ----------
    known
        Of `reference`; it keeps the versions open.
    records
        Ids of the window's measured records: all of them, or a random sample. At most 400 images are shown,
        spread evenly over them.

    Raises
    ------
    OSError
        When blobs or the database cannot be read now.
    """
    versions = reference.agreeing
    if window.tag or len(versions) < LEAST_MODELS:
        why = "It is told of the whole model only." if window.tag else _too_few(len(versions))
        return Observation(_SIGNAL, None, 0, note=why)
    true = reference.truths
    with reading(engine) as connection:
        shown = version_images(connection, model.key, records)
        if true is None:
            true = true_classes(connection, model.key, reference.sample.images[: len(versions[0].scores)])
    if not shown:
        return Observation(_SIGNAL, None, 0, note="No image of the window is kept.")
    answered = Counter(one.version for one in shown)
    main = min(answered, key=lambda name: (-answered[name], name))
    shown = _drawn([one for one in shown if one.version == main], records)
    first = next((one for one in versions if one.version == main), None)
    if first is None:
        return _untold(len(shown), f"version '{main}' is none of those that were asked about the reference")
    alike = [one for one in versions if one is not first and set(one.classes) == set(first.classes)]
    if len(alike) + 1 < LEAST_MODELS:
        return _untold(
            len(shown), f"fewer than {LEAST_MODELS} versions tell the same classes apart as '{main}'"
        )
    asked = [first, *alike]
    before = _named(asked, first.classes)
    usable = ~reference.sample.between(window.start, window.end)[: before.shape[1]]
    truths = _columns(reference.sample.images[: before.shape[1]], true, first.classes)
    truths[~usable] = NOT_KNOWN
    found = agree(before, truths, _named(known.asked_all(asked, shown), first.classes))
    if found.accuracy is None:
        return _untold(found.n, found.reason)
    of_reference = (before != NOT_ASKED).all(axis=0) & (truths != NOT_KNOWN)
    return Observation(
        _SIGNAL,
        found.accuracy,
        found.n,
        usual=float((before[0] == truths)[of_reference].mean()),
        note=(
            f"Of version '{main}', as {found.models} versions agree on {several(found.n, 'image')} of the "
            f"window and on {count(found.n_reference)} of the reference with a truth "
            f"(r² {found.r_squared:.2f}). It has no interval."
        ),
    )


def _drawn(shown: Sequence[VersionImage], records: Sequence[str]) -> list[VersionImage]:
    """Return at most `MOST_SHOWN` of them, spread evenly over the records as they are ordered."""
    place = {name: i for i, name in enumerate(records)}
    ordered = sorted(shown, key=lambda one: place[one.record])
    if len(ordered) <= MOST_SHOWN:
        return ordered
    return [ordered[i] for i in np.linspace(0, len(ordered) - 1, MOST_SHOWN).round().astype(int)]


def _named(versions: Sequence[AskedAnswers], classes: Sequence[str]) -> NDArray[np.intp]:
    """Return (m, n) columns, among `classes`, of what each version names; −2 where it gave no answer."""
    place = {name: i for i, name in enumerate(classes)}
    table = np.full((len(versions), len(versions[0].scores)), NOT_ASKED, np.intp)
    for row, one in zip(table, versions, strict=True):
        there = ~np.isnan(one.scores).any(axis=1)
        columns = np.array([place[name] for name in one.classes], np.intp)
        row[there] = columns[one.scores[there].argmax(axis=1)]
    return table


def _columns(images: Sequence[str], true: Mapping[str, str], classes: Sequence[str]) -> NDArray[np.intp]:
    place = {name: i for i, name in enumerate(classes)}
    return np.array(
        [place.get(true[name], NO_CLASS) if name in true else NOT_KNOWN for name in images], np.intp
    )


def _too_few(versions: int) -> str:
    has = f"the reference was asked by {several(versions, 'version')}" if versions else "none was asked"
    return f"Agreement needs {LEAST_MODELS} versions with an ONNX file, and {has}."


def _untold(n: int, reason: str) -> Observation:
    return Observation(_SIGNAL, None, n, note=f"{CANNOT_TELL}{reason}.")
