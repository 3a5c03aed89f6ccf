"""A measured reference as it is kept among the blobs: profiles, a sample of records, and the projection.

The artifact is one msgpack map of numbers, text and bytes; loading it runs no code. Embeddings are in the
space of the projection, as those of the model's records are, and the profiles name that space as their
embedder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack
import numpy as np

from driftwheel.errors import ProfileFormatError
from driftwheel.profiles import Profile, ProfileKey, ProfileSet, from_bytes, profile_records, single, to_bytes
from driftwheel.profiles.profile_builder import split_records
from driftwheel.profiles.projection import projection_from
from driftwheel.records import Records
from driftwheel.services.measure.asked_answers import AskedAnswers, pack_asked, unpack_asked
from driftwheel.services.measure.embedding_space import EmbeddingSpace

__all__ = [
    "AGREEING",
    "LEAST_OF_SEGMENT",
    "SAMPLE",
    "MeasuredReference",
    "pack_reference",
    "portable_profile",
    "profile_held_against",
    "segment_profile",
    "sum_up_reference",
    "unpack_reference",
]

SAMPLE = 5000
"""Records of a reference that are kept one by one, for tests that need more than a profile."""

LEAST_OF_SEGMENT = 50
"""Images a segment of the reference has at least to stand for itself; else the whole stands for it."""

AGREEING = 1000
"""Of these so many are shown to versions whose agreement is all that is wanted of them."""

_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredReference:
    """What is kept of the images a model was built on.

    Attributes
    ----------
    space
        Where the embeddings of the reference, and of the model's records, lie; None without an embedder.
    profiles
        Segment tag → profiles by its values; "" → the profile of all images.
    sample
        At most `SAMPLE` records in an order that is as good as random and always the same, so that the first
        n are a sample as well.
    notes
        What is to be known of its embeddings, in whole sentences: where they are those of a sample, or lie
        in another space than the model's own.
    asked
        What versions of the model said of the sample, where their ONNX files were asked.
    truths
        The true class of each record of the sample, None where it is not known; empty where the truths are
        those that were sent of the model's records.
    beside
        What further versions said of the first `AGREEING` records of the sample: for the agreement of
        versions alone.
    """

    space: EmbeddingSpace | None
    profiles: Mapping[str, ProfileSet]
    sample: Records
    notes: tuple[str, ...] = ()
    asked: tuple[AskedAnswers, ...] = ()
    truths: tuple[str | None, ...] = ()
    beside: tuple[AskedAnswers, ...] = ()

    @property
    def n(self) -> int:
        """How many images were measured."""
        return self.profiles[""].whole().n


def sum_up_reference(
    records: Records, space: EmbeddingSpace | None, segment_tags: Sequence[str]
) -> MeasuredReference:
    """Return the reference of records whose embeddings are in `space`, NaN where a record has none."""
    by_tag = {"": ProfileSet({ProfileKey(): _profile(records)})}
    for tag in segment_tags:
        if tag in records.tags:
            parts = split_records(records, window=None, by=[tag])
            by_tag[tag] = ProfileSet({key: _profile(part) for key, part in parts.items()}, by=(tag,))
    return MeasuredReference(space, by_tag, _sample(records))


def pack_reference(reference: MeasuredReference) -> bytes:
    """Return the artifact of a reference; equal references give equal bytes."""
    sample, space = reference.sample, reference.space
    projection = None if space is None else space.projection
    body: dict[str, Any] = {
        "version": _VERSION,
        "embedder": None if space is None else space.embedder,
        "centre": None if projection is None else projection.centre.astype("<f4").tobytes(),
        "matrix": None if projection is None else projection.matrix.astype("<f4").tobytes(),
        "profiles": {tag: to_bytes(profiles) for tag, profiles in sorted(reference.profiles.items())},
        "images": list(sample.images),
        "property_names": list(sample.property_names),
        "properties": sample.properties.astype("<f4").tobytes(),
        "embeddings": None if sample.embeddings is None else sample.embeddings.astype("<f2").tobytes(),
        "times": None if sample.times is None else sample.times.astype("<i8").tobytes(),
        "tags": {name: list(values) for name, values in sorted(sample.tags.items())},
        "notes": list(reference.notes),
        "asked": [pack_asked(one) for one in reference.asked],
        "truths": list(reference.truths),
        "beside": [pack_asked(one) for one in reference.beside],
    }
    packed: bytes = msgpack.packb(body, use_bin_type=True)
    return packed


def unpack_reference(artifact: bytes) -> MeasuredReference:
    """Return the reference that `pack_reference` packed.

    Raises
    ------
    ProfileFormatError
        For bytes that are no artifact, or that a later release packed.
    """
    try:
        body = msgpack.unpackb(artifact, raw=False, strict_map_key=True)
        version = body["version"]
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise ProfileFormatError(
            f"The artifact of the reference is damaged ({error}). Set it again."
        ) from None
    if version != _VERSION:
        raise ProfileFormatError(
            f"The artifact of the reference is of version {version}, this release reads {_VERSION}. Upgrade "
            "with: pip install --upgrade driftwheel"
        )
    try:
        space = _space(body)
        return MeasuredReference(
            space,
            {tag: from_bytes(data, name="the reference") for tag, data in body["profiles"].items()},
            _unpack_sample(body, None if space is None else space.name),
            tuple(body.get("notes", ())),
            tuple(unpack_asked(one) for one in body.get("asked", ())),
            tuple(body.get("truths", ())),
            tuple(unpack_asked(one) for one in body.get("beside", ())),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ProfileFormatError(
            f"The artifact of the reference is damaged ({error}). Set it again."
        ) from None


def profile_held_against(profiles: Mapping[str, ProfileSet], tag: str, value: str) -> tuple[Profile, bool]:
    """Return the profile that one of a segment is held against, and whether it is of the same segment.

    `profiles` are those of `MeasuredReference`; an empty tag is the whole model.
    """
    own = segment_profile(profiles, tag, value) if tag else None
    if own is not None and own.n >= LEAST_OF_SEGMENT:
        return own, True
    return profiles[""].whole(), not tag


def segment_profile(profiles: Mapping[str, ProfileSet], tag: str, value: str) -> Profile | None:
    """Return the profile of a segment, None where the reference has none of it."""
    by_value = profiles.get(tag)
    if by_value is None:
        return None
    return next((one for key, one in by_value.profiles.items() if key.segment == (value,)), None)


def portable_profile(reference: MeasuredReference) -> ProfileSet:
    """Return the reference's profile with its projection in it, as the edge needs it to profile images."""
    profile = reference.profiles[""].whole()
    space = reference.space
    moments = profile.embeddings
    if space is None:
        return single(profile)
    if moments is not None:
        moments = replace(moments, projection=space.projection)
    return single(replace(profile, embedder=space.embedder, embeddings=moments))


def _profile(records: Records) -> Profile:
    if records.embeddings is None:
        return profile_records(records)
    known = ~np.isnan(records.embeddings).any(axis=1)
    return profile_records(replace(records, embeddings=records.embeddings[known] if known.any() else None))


def _sample(records: Records) -> Records:
    """Take the records whose names have the lowest hashes; of those with an embedding, where any has one."""
    rows = list(range(len(records)))
    if records.embeddings is not None:
        rows = np.flatnonzero(~np.isnan(records.embeddings).any(axis=1)).tolist()
    drawn = sorted(rows, key=lambda row: hashlib.sha256(records.images[row].encode()).digest())
    return replace(records.take(drawn[:SAMPLE]), unreadable=())


def _space(body: Mapping[str, Any]) -> EmbeddingSpace | None:
    if body["embedder"] is None:
        return None
    if body["matrix"] is None:
        return EmbeddingSpace(body["embedder"], None)
    centre = np.frombuffer(body["centre"], "<f4")
    matrix = np.frombuffer(body["matrix"], "<f4").reshape(-1, len(centre))
    return EmbeddingSpace(body["embedder"], projection_from(centre, matrix))


def _unpack_sample(body: Mapping[str, Any], space: str | None) -> Records:
    images = tuple(body["images"])
    n = len(images)
    packed, times = body["embeddings"], body["times"]
    return Records(
        images=images,
        properties=np.frombuffer(body["properties"], "<f4").reshape(n, -1).astype(np.float32),
        property_names=tuple(body["property_names"]),
        embeddings=None if packed is None else np.frombuffer(packed, "<f2").astype(np.float32).reshape(n, -1),
        embedder=space,
        times=None if times is None else np.frombuffer(times, "<i8").astype("datetime64[us]"),
        tags={name: tuple(values) for name, values in body["tags"].items()},
    )
