"""What a monitor watches, in words."""

from __future__ import annotations

from driftwheel.report.printable import printable

__all__ = ["segments_words"]


def segments_words(segments: tuple[str, ...] | None, segment_tags: tuple[str, ...]) -> str:
    """Return what a monitor watches of a model with these segment tags, in words.

    Examples
    --------
    >>> segments_words(None, ("camera",)), segments_words(("",), ("camera",)), segments_words(("camera",), ())
    ('whole model, each camera', 'whole model', 'each camera')
    """
    tags = ("", *segment_tags) if segments is None else segments
    return ", ".join("whole model" if not tag else f"each {printable(tag)}" for tag in tags)
