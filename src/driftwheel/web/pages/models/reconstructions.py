"""Images beside what an autoencoder makes of them, as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from driftwheel.report.numbers import count, odds, p_statement, quantity
from driftwheel.report.printable import printable
from driftwheel.services.browse.show_reconstruction import ShownError
from driftwheel.services.watch.watch_model import Watch
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.windows.verdicts import StoredVerdict
from driftwheel.web.pages.models.model_charts import over_usual, percent

__all__ = ["PairView", "ReconstructionsView", "pair_of_record", "reconstructions_view"]


@dataclass(frozen=True, slots=True)
class PairView:
    """One image: the address of the picture of both, None where it is not kept, and its error in words."""

    key: int
    id: str
    picture: str | None
    said: str


@dataclass(frozen=True, slots=True)
class ReconstructionsView:
    """What is said of the reconstruction errors of a window, and the images that show it best.

    Attributes
    ----------
    said
        How far the errors are from what is usual.
    tested
        What the test says; why there is none.
    unusual
        Whether it says so.
    largest
        Whether the images are those with the largest errors.
    """

    said: str
    tested: str
    unusual: bool
    largest: bool
    pairs: tuple[PairView, ...]


def reconstructions_view(
    connection: Connection, watch: Watch, verdict: StoredVerdict
) -> ReconstructionsView | None:
    """Return what is shown of a window; None where no autoencoder looked. `verdict` has its document."""
    window = next((one for one in watch.windows if one.start == verdict.start), None)
    seen = None if window is None else window.observations.get("reconstruction")
    if seen is None or seen.value is None:
        return None
    shown: Mapping[str, Any] = (verdict.document or {}).get("reconstructed") or {}
    pairs = []
    for one in shown.get("images", ()):
        record = find_record(connection, verdict.model, one["record"])
        if record is not None:
            times = one["error"] / shown["baseline"]
            pairs.append(
                PairView(
                    record.key,
                    printable(record.id),
                    _picture(watch.model.name, record, shown["autoencoder"]),
                    f"{quantity(times)} times the usual error",
                )
            )
    tested = seen.note
    if seen.judged is not None and seen.low is not None and seen.high is not None:
        tested = (
            f"Between {over_usual(seen.low)} and {over_usual(seen.high)} does not count; "
            f"{p_statement(seen.p_value)}."
        )
    above = "above" if seen.value >= 0 else "below"
    return ReconstructionsView(
        f"Errors are {percent(abs(seen.value))} {above} those of the reference, n = {count(seen.n)}.",
        tested,
        bool(seen.judged),
        seen.value >= 0,
        tuple(pairs),
    )


def pair_of_record(model: str, record: StoredRecord, found: ShownError | None) -> PairView | None:
    """Return one image with its error and how unusual that is; None where no autoencoder looked."""
    if found is None:
        return None
    as_large = "all" if found.p_value == 1 else odds(found.p_value)
    said = (
        f"Its error is {quantity(found.error / found.baseline)} times the usual. Of the images of the "
        f"reference that the autoencoder never saw, {as_large} have one as large "
        f"({p_statement(found.p_value)}, n = {count(found.n_held_out)})."
    )
    picture = _picture(model, record, found.autoencoder)
    return PairView(record.key, printable(record.id), picture, said)


def _picture(model: str, record: StoredRecord, autoencoder: int) -> str | None:
    if record.image is None:
        return None
    base = f"/api/v1/models/{quote(model, safe='')}/images/{record.image.hex()}"
    return f"{base}/reconstruction?autoencoder={autoencoder}"
