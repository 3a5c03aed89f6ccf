"""Say of each version of a model what its ONNX file reads and writes, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from driftwheel.formats.onnx_ports import Port, onnx_ports
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import ModelVersion, list_versions

__all__ = ["OnnxFile", "VersionDescription", "describe_versions"]


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """A file: its bytes, and its inputs and outputs, empty where it does not say."""

    size: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class VersionDescription:
    """A version, and its file; None where there is none or it is lost."""

    version: ModelVersion
    file: OnnxFile | None


def describe_versions(connection: Connection, blobs: Blobs, model: int) -> list[VersionDescription]:
    """Return the versions of a model, the newest first, with what is known of their files."""
    return [
        VersionDescription(one, None if one.artifact is None else _read(blobs, one.artifact))
        for one in list_versions(connection, model)
    ]


def _read(blobs: Blobs, artifact: bytes) -> OnnxFile | None:
    try:
        return _known(blobs, artifact)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _known(blobs: Blobs, artifact: bytes) -> OnnxFile:
    """Return what is known of a file; it is kept: an artifact is known by its digest and never changes."""
    data = blobs.get(artifact)
    inputs, outputs = onnx_ports(data) or ((), ())
    return OnnxFile(len(data), inputs, outputs)
