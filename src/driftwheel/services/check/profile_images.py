"""Profile images: measure them in a stream, keep histograms and moments, drop everything else."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from driftwheel.errors import IncomparableError
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.profiles import Profile, ProfileBuilder, ProfileSet, read_profiles
from driftwheel.profiles.window import Window, as_window
from driftwheel.records import Mode
from driftwheel.services.check.checked_options import (
    checked_embedder,
    checked_mode,
    checked_tags,
    checked_threads,
)
from driftwheel.services.check.split_notes import SplitNotes
from driftwheel.services.measure.measure_images import measure_images
from driftwheel.services.progress import OnProgress, counting
from driftwheel.sources import open_source

if TYPE_CHECKING:
    from driftwheel.services.check.measure_reference import Images

__all__ = ["profile_images"]

_NAMED = {"gist-": "gist", "efficientnet-lite0-": "efficientnet-lite0"}


def profile_images(
    images: Images,
    *,
    window: Window | None = None,
    by: str | Sequence[str] = (),
    reference: ProfileSet | str | os.PathLike[str] | None = None,
    embedder: str = "auto",
    mode: Mode = "exact",
    name_pattern: str | None = None,
    table: str | None = None,
    threads: int | None = None,
    on_progress: OnProgress | None = None,
    on_note: Callable[[str], None] | None = None,
) -> ProfileSet:
    """Summarise images of any source as profiles, one a window and segment, in memory that does not grow.

    Parameters
    ----------
    images
        A source, see `driftwheel.sources.open_source`.
    window
        Split by hour, day or week (UTC); images without a time go to a profile of their own.
    by
        Split by the values of these tags; a text is one tag.
    reference
        The profile these will be compared with, or its file: its projection of embeddings is used, and with
        ``embedder="auto"`` its embedder.
    embedder
        ``auto``, ``gist``, ``efficientnet-lite0``, ``none`` or the path of an ONNX file.
    mode
        ``exact`` or ``fast``; only profiles of one mode are compared.
    threads
        Images worked on at once, 1 or more; by default as many as there are processors.
    on_note
        Told, when all is done, every sentence a person should read: files passed over, names that do not fit
        the pattern, images the table lacks, and a split that split nothing.

    Raises
    ------
    UsageError
        For an option that cannot be used.
    SourceError
        When the source cannot be opened or holds no images.
    IncomparableError
        When the reference was made with another embedder or mode.
    ProfileFormatError
        When the reference's file is none or is damaged.
    """
    wanted = None if window is None else as_window(window)
    tags, mode, threads = checked_tags(by), checked_mode(mode), checked_threads(threads)
    against = None if reference is None else _whole(reference)
    network = load_embedder(_embedder_like(against, checked_embedder(embedder)))
    identity = None if network is None else network.identity
    if against is not None:
        _check_like(against, identity, mode)
    source = open_source(images, name_pattern=name_pattern, table=table)
    builder = ProfileBuilder(
        window=wanted,
        by=tags,
        mode=mode,
        embedder=identity,
        projection=None if against is None or against.embeddings is None else against.embeddings.projection,
    )
    seen = SplitNotes(wanted, tags)
    advance = counting(on_progress, "Measuring images", source.count)
    for chunk in measure_images(source, embedder=network, mode=mode, threads=threads, on_progress=advance):
        builder.add(chunk)
        seen.add(chunk)
    if on_note is not None:
        for note in (*source.notes, *seen.notes()):
            on_note(note)
    return builder.finish()


def _whole(reference: ProfileSet | str | os.PathLike[str]) -> Profile:
    return (reference if isinstance(reference, ProfileSet) else read_profiles(Path(reference))).whole()


def _embedder_like(reference: Profile | None, embedder: str) -> str:
    """Return the setting that gives the reference's embedder, where ``auto`` leaves the choice."""
    if reference is None or embedder != "auto":
        return embedder
    if reference.embedder is None:
        return "none"
    for prefix, name in _NAMED.items():
        if reference.embedder.startswith(prefix):
            return name
    raise IncomparableError(
        f"The reference was made with the embedder '{reference.embedder}'. "
        "Name its file: --embedder MODEL.onnx"
    )


def _check_like(reference: Profile, embedder: str | None, mode: Mode) -> None:
    """Say before the work starts, not after it, that its result could not be compared."""
    if reference.mode != mode:
        flag = "with --fast" if reference.mode == "fast" else "without --fast"
        raise IncomparableError(
            f"The reference was profiled in {reference.mode} mode, these images would be in {mode} mode. "
            f"Profile them {flag}."
        )
    if reference.embedder != embedder:
        raise IncomparableError(
            f"The reference was made with the embedder '{reference.embedder or 'none'}', not with "
            f"'{embedder or 'none'}'. Leave --embedder out to use the reference's."
        )
