"""References at hand: read from the blobs and prepared once, for the many windows held against them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.errors import DriftwheelError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.profiles import Profile
from driftwheel.records import Records, Unreadable
from driftwheel.services.measure.asked_answers import AskedAnswers, as_logged
from driftwheel.services.measure.autoencoder_in_use import AutoencoderInUse, autoencoder_in_use
from driftwheel.services.measure.measured_reference import (
    LEAST_OF_SEGMENT,
    SAMPLE,
    MeasuredReference,
    profile_held_against,
    segment_profile,
    unpack_reference,
)
from driftwheel.services.models.askers import Askers
from driftwheel.services.models.kept_faults import unpack_faults
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import Reference, current_reference
from driftwheel.store.records.logged_answers import LoggedAnswers, logged_answers, pack_answers
from driftwheel.store.records.version_images import VersionImage

__all__ = ["KnownReference", "KnownReferences", "with_properties"]

_FEW_SIZES = 8
_MOST_MODELS = 32  # of some 10 MB each, and 40 more for answers with a thousand scores
_MOST_OF_ANSWERS = 1 << 28  # bytes, of all together


@dataclass(frozen=True, slots=True, eq=False)
class KnownReference:
    """A reference, ready to hold windows against.

    Attributes
    ----------
    key
        Of the row.
    measured
        As it was kept.
    sample
        Its records, in random order, with the properties that this release knows and the tags that segments
        are made by.
    library
        What camera faults do to it; None where that was not simulated, or not for this sample.
    sizes
        The widths and heights of its images; empty where there are more than 8.
    from_folder
        Whether its images are those of a folder, and not the model's own records.
    answers
        What the model said of its records: as they were logged, or as its versions' files were asked; none
        for a folder of images without such a file.
    """

    key: int
    measured: MeasuredReference
    sample: Records = field(repr=False)
    library: FaultLibrary | None = field(repr=False)
    sizes: frozenset[tuple[int, int]]
    from_folder: bool = False
    answers: LoggedAnswers = field(default_factory=lambda: pack_answers([]), repr=False)

    @property
    def asked_version(self) -> str:
        """The version whose answers are in the library; empty without any."""
        answers = None if self.library is None else self.library.answers
        if answers is None:
            return ""
        return next((one.version for one in self.measured.asked if one.identity == answers.model), "")

    @property
    def agreeing(self) -> tuple[AskedAnswers, ...]:
        """What versions said of the first records of the sample, a row each, as far as all of them did."""
        told = (*self.measured.asked, *self.measured.beside)
        rows = min((len(one.scores) for one in told), default=0)
        return tuple(replace(one, scores=one.scores[:rows]) for one in told)

    @property
    def truths(self) -> Mapping[str, str] | None:
        """True classes of a folder's images, by name; None where those count that were sent of records."""
        if not self.from_folder:
            return None
        pairs = zip(self.sample.images, self.measured.truths, strict=False)
        return {name: truth for name, truth in pairs if truth is not None}

    def records(
        self, tag: str, value: str, start: datetime, end: datetime, *, most: int = SAMPLE
    ) -> tuple[Records, bool]:
        """Return what a window of a segment is held against, and whether that is of the same segment.

        At most so many records; those of the reference that lie in the window itself are left out.
        """
        keep = ~self.sample.between(start, end)
        if tag and tag in self.sample.tags:
            mine = keep & np.array([one == value for one in self.sample.tags[tag]], bool)
            if mine.sum() >= LEAST_OF_SEGMENT:
                return self._first(mine, most, segment_profile(self.measured.profiles, tag, value)), True
        return self._first(keep, most, self.measured.profiles[""].whole()), not tag

    def profile(self, tag: str, value: str) -> tuple[Profile, bool]:
        """Return the profile that one of a segment is held against, and whether it is of the same segment."""
        return profile_held_against(self.measured.profiles, tag, value)

    def blocks(self) -> tuple[Profile, ...]:
        """Return profiles that add up to the whole one: those of the tag with the most values; or nothing.

        What differs between them counts as the reference's own, see `drift.from_profiles`.
        """
        whole = self.measured.profiles[""].whole().n
        parts = [tuple(one.profiles.values()) for tag, one in self.measured.profiles.items() if tag]
        complete = [one for one in parts if sum(profile.n for profile in one) == whole]
        return max(complete, key=len, default=())

    def _first(self, rows: NDArray[np.bool_], most: int, profile: Profile | None) -> Records:
        """Return the first of these rows, which are a sample too, and unreadable images in proportion."""
        taken = np.flatnonzero(rows)[:most]
        lost = () if profile is None else _unreadable(profile, len(taken))
        return replace(self.sample.take(taken), unreadable=lost)


class KnownReferences:
    """The references of all models, read anew when one changes; threads share it. One for each worker."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._known: dict[int, tuple[tuple[object, ...], KnownReference]] = {}
        self._lock = threading.Lock()
        self._askers = Askers(blobs)

    def of(self, connection: Connection, model: Model) -> KnownReference | None:
        """Return the reference of a model that is in use; None without one.

        Raises
        ------
        FileNotFoundError, ProfileFormatError
            When its artifact is lost or damaged.
        """
        reference = current_reference(connection, model.key)
        if reference is None or reference.artifact is None:
            return None
        stamp = (reference.key, reference.artifact, reference.faults, model.segment_tags)
        with self._lock:
            held = self._known.get(model.key)
            if held is None or held[0] != stamp:
                made = self._read(reference, reference.artifact, model.segment_tags)
                if made.measured.asked:
                    names = made.sample.images
                    made = replace(made, answers=as_logged([(names, one) for one in made.measured.asked]))
                elif reference.kind != "folder" and model.task == "classification":  # its images are records
                    made = replace(made, answers=logged_answers(connection, model.key, made.sample.images))
                self._known.pop(model.key, None)
                held = self._known[model.key] = (stamp, made)
                while len(self._known) > _MOST_MODELS or (len(self._known) > 1 and self._too_large()):
                    del self._known[next(iter(self._known))]  # the one that was read first goes first
            return held[1]

    def asked(self, reference: KnownReference, wanted: Sequence[VersionImage]) -> LoggedAnswers:
        """Return what the versions that a reference was asked by say of images of records.

        Each image is shown to the version that its record names; those of other versions are left out.

        Raises
        ------
        OSError
            When the blobs cannot be read now.
        """
        found = []
        for version in reference.measured.asked:
            its = [one for one in wanted if one.version == version.version]
            scores = self._askers.ask(version, its)
            found.append(([one.record for one in its], replace(version, scores=scores)))
        return as_logged(found)

    def asked_all(
        self, versions: Sequence[AskedAnswers], shown: Sequence[VersionImage]
    ) -> tuple[AskedAnswers, ...]:
        """Return what each of these versions says of all these images of records, a row each.

        Raises
        ------
        OSError
            When the blobs cannot be read now.
        """
        return tuple(replace(one, scores=self._askers.ask(one, shown)) for one in versions)

    def autoencoder_of(self, connection: Connection, model: Model) -> AutoencoderInUse | None:
        """Return the autoencoder that looks at the images of a model; None without one that can be used."""
        return autoencoder_in_use(connection, self._blobs, model.key)

    def _too_large(self) -> bool:
        return sum(one.answers.nbytes for _, one in self._known.values()) > _MOST_OF_ANSWERS

    def _read(self, reference: Reference, artifact: bytes, segment_tags: Sequence[str]) -> KnownReference:
        measured = unpack_reference(self._blobs.get(artifact))
        whole = measured.sample
        names = [name for name in whole.property_names if name in PROPERTY_NAMES]
        sample = replace(
            with_properties(whole, names),
            tags={tag: values for tag, values in whole.tags.items() if tag in segment_tags},
        )
        return KnownReference(
            reference.key,
            measured,
            sample,
            self._library(reference.faults, sample),
            _sizes(sample),
            from_folder=reference.kind == "folder",
        )

    def _library(self, faults: bytes | None, sample: Records) -> FaultLibrary | None:
        """Return the library of a sample; None where it is lost, or was made of another."""
        if faults is None:
            return None
        try:
            library = unpack_faults(self._blobs.get(faults))
        except (DriftwheelError, FileNotFoundError):
            return None
        if library.mode != sample.mode or not set(sample.property_names) <= set(library.property_names):
            return None
        if library.embedder != sample.embedder:
            return None
        columns = [library.property_names.index(name) for name in sample.property_names]
        return replace(
            library,
            properties=library.properties[:, columns],
            clean_properties=library.clean_properties[:, columns],
            property_names=sample.property_names,
        )


def with_properties(records: Records, names: Sequence[str]) -> Records:
    """Return records with these of their properties only."""
    if tuple(names) == records.property_names:
        return records
    columns = [records.property_names.index(name) for name in names]
    return replace(records, properties=records.properties[:, columns], property_names=tuple(names))


def _unreadable(profile: Profile, n: int) -> tuple[Unreadable, ...]:
    """Return as many unreadable images beside `n` readable ones as the profile has, in proportion."""
    lost: Mapping[str, int] = profile.unreadable
    return tuple(
        Unreadable(f"{reason} {i}", reason)
        for reason, count in sorted(lost.items())
        for i in range(round(count * n / max(profile.n, 1)))
    )


def _sizes(sample: Records) -> frozenset[tuple[int, int]]:
    if not {"width", "height"} <= set(sample.property_names):
        return frozenset()
    pairs = np.column_stack([sample.column("width"), sample.column("height")])
    sizes = {(int(w), int(h)) for w, h in np.unique(pairs[~np.isnan(pairs).any(axis=1)], axis=0)}
    return frozenset(sizes) if len(sizes) <= _FEW_SIZES else frozenset()
