"""Gather exhibits: read the few images worth showing once more and make thumbnails of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from driftwheel.drift.diagnosis.diagnosis import Diagnosis
from driftwheel.drift.exemplars import typical
from driftwheel.drift.verdict import FaultFinding, Verdict
from driftwheel.errors import UnreadableImageError
from driftwheel.images.decode import decode
from driftwheel.images.exhibits import Exhibit, Exhibits, thumbnail
from driftwheel.images.faults import apply_fault, fault_named
from driftwheel.records import Image, Records
from driftwheel.services.check.pick_images import pick_images
from driftwheel.sources import Source

__all__ = ["gather_exhibits"]

_SHOWN = 8  # pictures in a row of the report


def gather_exhibits(
    reference_source: Source,
    current_source: Source,
    reference: Records,
    verdict: Verdict,
    diagnosis: Diagnosis | None,
    *,
    seed: int,
) -> Exhibits | None:
    """Return thumbnails of typical reference images, of those that show the change, and of outliers.

    The simulated example is the first typical reference image, given the named fault at the named severity;
    the real one is the current image that most clearly has it. Images a source no longer yields are left
    out; None when no picture could be had.
    """
    typical_names = typical(reference, _SHOWN)
    exemplar_names = verdict.exemplars[:_SHOWN]
    outlier_names = tuple(one.image for one in verdict.outliers[:_SHOWN])
    affected = () if diagnosis is None else diagnosis.affected[:1]
    before = pick_images(reference_source, set(typical_names))
    after = pick_images(current_source, {*exemplar_names, *outlier_names, *affected})
    p_values = {one.image: one.p_value for one in verdict.outliers[:_SHOWN]}

    shown_before = _exhibits(before, typical_names)
    simulated_from, simulated = None, None
    if verdict.diagnosis and shown_before:
        simulated_from = shown_before[0]
        simulated = _simulated(
            before[simulated_from.image], verdict.diagnosis[0], diagnosis.variant if diagnosis else "", seed
        )
    real = _exhibits(after, affected or exemplar_names[:1]) if simulated is not None else ()
    if not (before or after):
        return None
    return Exhibits(
        reference=shown_before,
        current=_exhibits(after, exemplar_names),
        outliers=_exhibits(
            after, outlier_names, {name: f"p = {p:.3g}, {name}" for name, p in p_values.items()}
        ),
        simulated=simulated,
        simulated_from=simulated_from,
        real=real[0] if real else None,
    )


def _exhibits(
    images: Mapping[str, Image], names: Iterable[str], captions: Mapping[str, str] | None = None
) -> tuple[Exhibit, ...]:
    shown = []
    for name in names:
        if name not in images:
            continue
        try:
            pixels = decode(images[name].data).pixels
        except UnreadableImageError:  # it was readable a moment ago: replaced meanwhile
            continue
        shown.append(Exhibit(name, thumbnail(pixels), (captions or {}).get(name, name)))
    return tuple(shown)


def _simulated(image: Image, finding: FaultFinding, variant: str, seed: int) -> Exhibit | None:
    fault = fault_named(finding.fault)
    if fault.scope == "stream":
        return None
    pixels = apply_fault(
        decode(image.data).pixels, finding.fault, finding.severity, seed, variant=variant or None
    )
    grade = f", severity {finding.severity}" if finding.severity is not None else ""
    return Exhibit(image.name, thumbnail(pixels), f"simulated: {fault.title}{grade}")
