"""A fault library as it is kept among the blobs, beside the reference that it was simulated on.

The artifact is one msgpack map of numbers, text and bytes; loading it runs no code. Embeddings are in the
space of the reference, as those of the model's records are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgpack
import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultAnswers, FaultCase, FaultLibrary
from driftwheel.errors import ProfileFormatError
from driftwheel.records import Mode

__all__ = ["pack_faults", "unpack_faults"]

_VERSION = 1


def pack_faults(library: FaultLibrary) -> bytes:
    """Return the artifact of a fault library; equal libraries give equal bytes."""
    body: dict[str, Any] = {
        "version": _VERSION,
        "cases": [[str(case.fault), case.severity, str(case.variant)] for case in library.cases],
        "case": library.case.astype("<i4").tobytes(),
        "base": library.base.astype("<i4").tobytes(),
        "camera": library.camera.astype("<i4").tobytes(),
        "properties": library.properties.astype("<f4").tobytes(),
        "clean_properties": library.clean_properties.astype("<f4").tobytes(),
        "embeddings": _packed(library.embeddings),
        "clean_embeddings": _packed(library.clean_embeddings),
        "images": [str(name) for name in library.images],
        "property_names": list(library.property_names),
        "embedder": library.embedder,
        "mode": library.mode,
        "answers": None if library.answers is None else _packed_answers(library.answers),
    }
    packed: bytes = msgpack.packb(body, use_bin_type=True, unicode_errors="surrogateescape")
    return packed


def unpack_faults(artifact: bytes) -> FaultLibrary:
    """Return the library that `pack_faults` packed.

    Raises
    ------
    ProfileFormatError
        For bytes that are no artifact, or that a later release packed.
    """
    try:
        body = msgpack.unpackb(artifact, raw=False, strict_map_key=True, unicode_errors="surrogateescape")
        version = body["version"]
        if version != _VERSION:
            raise ProfileFormatError(
                f"The simulated faults are of version {version}, this release reads {_VERSION}. Upgrade "
                "with: pip install --upgrade driftwheel"
            )
        return _library(body)
    except (ValueError, TypeError, KeyError, IndexError, msgpack.UnpackException) as error:
        raise ProfileFormatError(
            f"The simulated faults of the reference are damaged ({error}). Set the reference again."
        ) from None


def _library(body: Mapping[str, Any]) -> FaultLibrary:
    mode = body["mode"]
    if mode not in get_args(Mode):
        raise ValueError(f"no mode '{mode}'")
    case, base, camera = (np.frombuffer(body[name], "<i4").astype(np.intp) for name in _PLACES)
    cases = tuple(FaultCase(fault, severity, variant) for fault, severity, variant in body["cases"])
    images, names = tuple(body["images"]), tuple(body["property_names"])
    n, m = len(case), len(images)
    if {len(base), len(camera)} != {n} or m == 0 or n == 0:
        raise ValueError("its tables do not fit together")
    if min(case.min(), base.min()) < 0 or case.max() >= len(cases) or base.max() >= m:
        raise ValueError("it names what is not in it")
    embeddings = _unpacked(body["embeddings"], n)
    return FaultLibrary(
        cases=cases,
        properties=_table(body["properties"], "<f4", n, len(names)),
        embeddings=embeddings,
        case=case,
        base=base,
        camera=camera,
        clean_properties=_table(body["clean_properties"], "<f4", m, len(names)),
        clean_embeddings=_unpacked(body["clean_embeddings"], m),
        images=images,
        property_names=names,
        embedder=body["embedder"],
        mode=mode,
        answers=_unpacked_answers(body.get("answers"), n),
    )


_PLACES = ("case", "base", "camera")


def _packed_answers(answers: FaultAnswers) -> dict[str, Any]:
    return {
        "model": answers.model,
        "classes": list(answers.classes),
        "predicted": answers.predicted.astype("<i4").tobytes(),
        "confidence": answers.confidence.astype("<f4").tobytes(),
    }


def _unpacked_answers(plain: Mapping[str, Any] | None, n: int) -> FaultAnswers | None:
    if plain is None:
        return None
    classes = tuple(plain["classes"])
    predicted = np.frombuffer(plain["predicted"], "<i4").astype(np.intp)
    confidence = np.frombuffer(plain["confidence"], "<f4").astype(np.float32)
    if {len(predicted), len(confidence)} != {n} or not ((predicted >= 0) & (predicted < len(classes))).all():
        raise ValueError("its answers do not fit its images")
    return FaultAnswers(plain["model"], classes, predicted, confidence)


def _packed(embeddings: NDArray[np.float32] | None) -> bytes | None:
    return None if embeddings is None else embeddings.astype("<f2").tobytes()


def _unpacked(packed: bytes | None, n: int) -> NDArray[np.float32] | None:
    return None if packed is None else _table(packed, "<f2", n, -1)


def _table(packed: bytes, dtype: str, n: int, width: int) -> NDArray[np.float32]:
    return np.frombuffer(packed, dtype).astype(np.float32).reshape(n, width)
