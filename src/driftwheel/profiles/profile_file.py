"""The file format ``.dwp``: a set of profiles as bytes, without pickle, readable for ever.

Layout, all numbers little-endian: 8 bytes magic, 2 bytes version, 8 bytes length of the body, 32 bytes
SHA-256 of the version, the length and the body, then the body: one msgpack map, described in
docs/reference/profile_format.md. Equal sets give equal bytes on every platform.
"""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path
from typing import Any

import msgpack

from driftwheel.errors import ProfileFormatError
from driftwheel.profiles.profile_body import body_of, set_of
from driftwheel.profiles.profile_set import ProfileSet, reduce_embeddings

__all__ = ["VERSION", "from_bytes", "read_profiles", "to_bytes", "write_profiles"]

VERSION = 1
"""What this release writes; it reads every version up to this one."""

_MAGIC = b"\x89DWP\r\n\x1a\n"  # the first byte shows 7-bit transfers, the line ends show text-mode copies
_HEAD = struct.Struct("<HQ")
_DIGEST = 32
_LEAST = len(_MAGIC) + _HEAD.size + _DIGEST


def to_bytes(profiles: ProfileSet) -> bytes:
    """Return the set as the bytes of a ``.dwp`` file, embeddings reduced to at most 128 dimensions."""
    body: bytes = msgpack.packb(body_of(reduce_embeddings(profiles)), use_bin_type=True)
    head = _HEAD.pack(VERSION, len(body))
    return _MAGIC + head + hashlib.sha256(head + body).digest() + body


def from_bytes(data: bytes, *, name: str = "the profile") -> ProfileSet:
    """Return the set that `to_bytes` wrote.

    Raises
    ------
    ProfileFormatError
        For bytes that are no profile, are cut short or damaged, or were written by a newer release; `name` is
        how the message calls them.
    """
    if not data.startswith(_MAGIC):
        what = (
            "is empty"
            if not data
            else "is no Driftwheel profile: it starts with other bytes than a .dwp file"
        )
        raise ProfileFormatError(f"{name} {what}. Make one with: driftwheel profile IMAGES -o FILE.dwp")
    if len(data) < _LEAST:
        raise ProfileFormatError(
            f"{name} is cut short: {len(data)} bytes, at least {_LEAST} are expected. Copy it again."
        )
    head = data[len(_MAGIC) : len(_MAGIC) + _HEAD.size]
    version, length = _HEAD.unpack(head)
    body = data[_LEAST:]
    if version > VERSION:
        raise ProfileFormatError(
            f"{name} is of format version {version}, this release reads up to {VERSION}. "
            "Upgrade with: pip install --upgrade driftwheel"
        )
    if len(body) < length:
        raise ProfileFormatError(
            f"{name} is cut short: {len(body)} of {length} bytes are left. Copy it again."
        )
    if len(body) > length or hashlib.sha256(head + body).digest() != data[_LEAST - _DIGEST : _LEAST]:
        raise ProfileFormatError(f"{name} is damaged: its checksum does not fit its contents. Copy it again.")
    try:
        return set_of(_unpack(body))
    except ProfileFormatError as error:
        raise ProfileFormatError(f"{name} is damaged: {error}.") from None


def write_profiles(profiles: ProfileSet, path: str | os.PathLike[str]) -> int:
    """Write the set to a file, whole or not at all, and return its size in bytes.

    A link is followed. What is there and is no regular file (a device, a pipe) is written into, never
    replaced.

    Raises
    ------
    OSError
        When it cannot be written; a file that was there is as it was.
    """
    target = Path(os.path.realpath(path))
    data = to_bytes(profiles)
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return len(data)
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return len(data)


def read_profiles(path: str | os.PathLike[str]) -> ProfileSet:
    """Read a set from a file; raise `ProfileFormatError` when it cannot be read or is no sound profile."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ProfileFormatError(f"{path} cannot be read: {error.strerror or error}.") from None
    return from_bytes(data, name=str(path))


def _unpack(body: bytes) -> Any:
    try:
        return msgpack.unpackb(body, raw=False, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise ProfileFormatError(f"its body is no msgpack map ({error})") from None
