"""The answer of an image's page, first and in a sentence: is there anything to see."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.report.numbers import count, odds, p_statement, several
from driftwheel.report.property_words import property_words
from driftwheel.services.browse.describe_image import ImageDescription
from driftwheel.store.schema.record_state import RecordState

__all__ = ["ImageSentence", "image_sentence"]

_ODD = 0.01
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class ImageSentence:
    """What to know of an image.

    Attributes
    ----------
    tone
        ``ok``, ``note``, ``warn`` or ``bad``.
    lead, rest
        The answer, and what follows it.
    small
        What it rests on.
    act
        What can be done: ``reference`` (set one) or nothing.
    """

    tone: str
    lead: str
    rest: str
    small: str
    act: str = ""


def image_sentence(described: ImageDescription) -> ImageSentence:
    """Return the sentence for one image."""
    record = described.record
    if record.state is RecordState.REJECTED:
        why = record.reason or "unknown"
        return ImageSentence(
            "bad", f"This image cannot be read: {why}.", "", "It is counted as rejected in its window."
        )
    if record.state is RecordState.NO_IMAGE:
        return ImageSentence(
            "note", "No image was sent with this record.", "The prediction counts all the same.", ""
        )
    if record.state is RecordState.RECEIVED:
        return ImageSentence(
            "note", "Not measured yet.", "A worker measures images in the order they come.", ""
        )
    if not described.ranges:
        return ImageSentence(
            "note",
            "No reference yet.",
            "The properties below are only numbers until there is something to hold them against.",
            "",
            act="reference",
        )
    compared, outside = len(described.compared), len(described.outside)
    tone = "ok"
    if record.outlier_p is not None and record.outlier_p < _ODD:
        tone = "warn"
        lead = f"Unusual as a whole: of images like the reference, {odds(record.outlier_p)} look as unusual."
    elif outside > _by_chance(compared):
        tone, lead = "warn", "Unusual in part."
    elif outside:
        lead = "Little out of the ordinary."
    else:
        lead = "Nothing unusual."
    small = f"Reference: n = {count(described.n_reference)} images."
    if outside:
        small += f" Chance alone puts about {0.01 * compared:.1f} of {compared} properties outside."
    if record.outlier_p is not None:
        small += f" Outlier {p_statement(record.outlier_p)}."
    return ImageSentence(tone, lead, _outside(described, outside, compared), small)


def _outside(described: ImageDescription, outside: int, compared: int) -> str:
    whole = several(compared, "property", "properties")
    if not outside:
        return f"All {whole} lie within the middle 99 % of the reference."
    names = [property_words(name).title for name in described.outside]
    said = ", ".join(names[:_MOST_NAMED]) + (
        f" and {outside - _MOST_NAMED} more" if outside > _MOST_NAMED else ""
    )
    lie = "lies" if outside == 1 else "lie"
    return f"{outside} of {whole} {lie} outside the middle 99 % of the reference: {said}."


def _by_chance(compared: int) -> float:
    """Return how many outside are still nothing to speak of: properties go together, so one is often two."""
    return max(2.0, 0.06 * compared)
