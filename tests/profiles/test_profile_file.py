"""The file: old files stay readable, damage is always noticed, size is bounded."""

import hashlib
import os
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.errors import ProfileFormatError
from driftwheel.images.properties import PROPERTIES
from driftwheel.profiles import (
    ProfileBuilder,
    ProfileSet,
    PropertyDefinition,
    from_bytes,
    profile_records,
    read_profiles,
    single,
    to_bytes,
    write_profiles,
)
from driftwheel.profiles.profile import Profile
from driftwheel.profiles.property_definition import current_definitions
from driftwheel.profiles.property_summary import mean, summarise
from driftwheel.profiles.quantile import quantile
from driftwheel.records import Records, Unreadable

GOLDEN = Path(__file__).parent / "data" / "version_1.dwp"
"""Written once by `golden_set` with version 1 of the format; never write it anew."""

HEAD = 8 + 10 + 32


def golden_set() -> ProfileSet:
    """Two cameras, two days, all kinds of properties, projected embeddings, unreadable images."""
    table = (
        PropertyDefinition("brightness", "brightness", "grey levels", "number", 0.0, 255.0, 5, "linear"),
        PropertyDefinition("file_bytes", "file bytes", "bytes", "number", 1.0, 10_000.0, 4, "log"),
        PropertyDefinition("hue", "hue", "°", "circular", 0.0, 360.0, 4, "linear"),
        PropertyDefinition("format", "format", "", "category", 0.0, 1.0, 2, "linear", ("jpeg", "png")),
    )
    values = np.array(
        [[10, 50, 350, 0], [200, 5000, 10, 1], [100, np.nan, 90, 1], [0.1, 9, 180, 0]], np.float32
    )
    embeddings = np.zeros((4, 130), np.float32)
    embeddings[[0, 1, 2, 3], [0, 1, 1, 2]] = [2.0, 1.0, 3.0, 0.5]
    records = Records(
        ("a", "b", "c", "d"),
        values,
        tuple(d.name for d in table),
        embeddings=embeddings,
        embedder="toy-1",
        times=np.array(
            ["2026-03-04T10", "2026-03-04T23:59:59.999999", "2026-03-05", "NaT"], "datetime64[us]"
        ),
        tags={"camera": ("east", "west", "east", None)},
        unreadable=(Unreadable("e", "truncated", datetime(2026, 3, 5, 1, tzinfo=UTC), {"camera": "east"}),),
    )
    builder = ProfileBuilder(window="day", by=["camera"], definitions=table, embedder="toy-1")
    builder.add(records)
    return builder.finish()


def sealed(body: bytes, version: int = 1) -> bytes:
    """Put a true head before any body."""
    head = struct.pack("<HQ", version, len(body))
    return b"\x89DWP\r\n\x1a\n" + head + hashlib.sha256(head + body).digest() + body


def test_a_file_of_version_1_reads_as_ever() -> None:
    profiles = read_profiles(GOLDEN)
    assert (profiles.window, profiles.by) == ("day", ("camera",))
    assert [(key.start, *key.segment) for key in profiles.profiles] == [
        (datetime(2026, 3, 4, tzinfo=UTC), "east"),
        (datetime(2026, 3, 4, tzinfo=UTC), "west"),
        (datetime(2026, 3, 5, tzinfo=UTC), "east"),
        (None, None),
    ]
    whole = profiles.whole()
    assert (whole.n, whole.mode, whole.embedder) == (4, "exact", "toy-1")
    assert whole.unreadable == {"truncated": 1}
    assert whole.last == datetime(2026, 3, 5, tzinfo=UTC)
    brightness = whole.property_named("brightness")
    assert brightness.counts.tolist() == [2, 1, 0, 1, 0]
    assert mean(brightness) == (310 + float(np.float32(0.1))) / 4
    assert (brightness.minimum, brightness.maximum) == (float(np.float32(0.1)), 200.0)
    assert whole.property_named("file_bytes").missing == 1
    assert whole.property_named("hue").definition.edges().tolist() == [0, 90, 180, 270, 360]
    assert whole.property_named("format").definition.categories == ("jpeg", "png")
    assert whole.embeddings is not None
    assert whole.embeddings.count == 4
    assert whole.embeddings.projection is not None
    assert whole.embeddings.projection.centre[:3].tolist() == [0.5, 1.0, 0.125]
    assert to_bytes(profiles) == GOLDEN.read_bytes()


def test_round_trip_keeps_everything(definitions: tuple[PropertyDefinition, ...], records_of: Any) -> None:
    for window, by, dimensions in ((None, (), 0), ("week", ("camera",), 3), ("hour", (), 140)):
        records = records_of(200, dimensions=dimensions)
        builder = ProfileBuilder(window=window, by=by, definitions=definitions, embedder=records.embedder)
        builder.add(records)
        profiles = builder.finish()
        again = from_bytes(to_bytes(profiles))
        assert list(again.profiles) == list(profiles.profiles)
        assert to_bytes(again) == to_bytes(profiles)
        assert again.whole().first == profiles.whole().first
        summary, expected = again.whole().properties[0], profiles.whole().properties[0]
        assert quantile(summary, 0.3) == quantile(expected, 0.3)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_change_of_any_byte_is_noticed(flip: int) -> None:
    data = GOLDEN.read_bytes()
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= flip
        with pytest.raises(ProfileFormatError):
            from_bytes(bytes(broken))


def test_any_truncation_and_any_tail_is_noticed() -> None:
    data = GOLDEN.read_bytes()
    for length in range(len(data)):
        with pytest.raises(ProfileFormatError):
            from_bytes(data[:length])
    with pytest.raises(ProfileFormatError, match="checksum"):
        from_bytes(data + b"\0")


@settings(max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_foreign_bytes_never_raise_anything_else(data: bytes, with_head: bool) -> None:
    with pytest.raises(ProfileFormatError):
        from_bytes(sealed(data) if with_head else data)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_forged_body_with_a_true_checksum_is_refused_or_sound(data: st.DataObject) -> None:
    """Change bytes and seal them again: what is read at all is a set that could have been written."""
    body = bytearray(GOLDEN.read_bytes()[HEAD:])
    matrix = body.index(b"properties")  # the projection before it is guarded by its own hash
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(matrix, len(body) - 1))] = data.draw(st.integers(0, 255))
    _refused_or_sound(bytes(body))


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=9),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_field_of_any_other_type_is_refused_or_sound(data: st.DataObject) -> None:
    body = msgpack.unpackb(GOLDEN.read_bytes()[HEAD:], raw=False)
    holder: Any = body
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(holder[key], dict | list) or not holder[key] or data.draw(st.integers(0, 3)) == 0:
            break
        holder = holder[key]
    holder[key] = data.draw(anything)
    _refused_or_sound(msgpack.packb(body))


def _refused_or_sound(body: bytes) -> None:
    try:
        profiles = from_bytes(sealed(body))
    except ProfileFormatError as error:
        assert "is damaged: " in str(error)  # noqa: PT017
        return
    whole = profiles.whole()
    for summary in whole.properties:
        assert summary.count + summary.missing == whole.n
        assert int(summary.counts.sum()) == summary.count
        assert np.isnan(mean(summary)) or np.isfinite(mean(summary))
    again = from_bytes(to_bytes(profiles))
    assert to_bytes(again) == to_bytes(profiles)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"day1\.dwp is empty. Make one with: driftwheel profile"),
        (b"PK\x03\x04 a zip", r"day1\.dwp is no Driftwheel profile: it starts with other bytes"),
        (b"\x89DWP\n\x1a\n" + bytes(100), "no Driftwheel profile"),  # line ends changed by a text-mode copy
        (b"\x89DWP\r\n\x1a\n\x01", "cut short: 9 bytes, at least 50"),
        (sealed(b"", version=7), "format version 7, this release reads up to 1. Upgrade with: pip install"),
        (sealed(b"\x80"), "is damaged: the body lacks the field 'properties'"),
        (sealed(b"\xc1"), "is damaged: its body is no msgpack map"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "day1.dwp"
    path.write_bytes(data)
    with pytest.raises(ProfileFormatError, match=message):
        read_profiles(path)


def test_a_file_cut_short_says_how_much_is_left(tmp_path: Path) -> None:
    data = GOLDEN.read_bytes()
    with pytest.raises(
        ProfileFormatError, match=rf"cut short: {len(data) - HEAD - 5} of {len(data) - HEAD} bytes"
    ):
        from_bytes(data[:-5])
    with pytest.raises(ProfileFormatError, match=r"none\.dwp cannot be read: No such file"):
        read_profiles(tmp_path / "none.dwp")


def test_two_profiles_of_one_key_are_refused() -> None:
    body = msgpack.unpackb(GOLDEN.read_bytes()[HEAD:], raw=False)
    body["profiles"].append(body["profiles"][0])
    with pytest.raises(ProfileFormatError, match="two profiles of one window and segment"):
        from_bytes(sealed(msgpack.packb(body)))


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "day.dwp"
    size = write_profiles(golden_set(), path)
    assert path.stat().st_size == size
    before = path.read_bytes()

    def full_disk(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_profiles(golden_set(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_regular_file_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    size = write_profiles(golden_set(), pipe)
    reader.join(timeout=30)
    assert pipe.is_fifo()
    assert [len(data) for data in read] == [size]
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link.dwp").symlink_to(tmp_path / "day.dwp")
    for _ in range(2):
        write_profiles(golden_set(), tmp_path / "link.dwp")
        assert (tmp_path / "link.dwp").is_symlink()
        assert (tmp_path / "day.dwp").read_bytes() == to_bytes(golden_set())
    assert {path.name for path in tmp_path.iterdir()} == {"link.dwp", "day.dwp"}


@pytest.mark.parametrize("n", [1, 1_000, 1_000_000])
def test_at_most_64_kilobytes_whatever_the_counts(n: int) -> None:
    """All properties of the table, spread over all of their bins: nothing compresses worse."""
    rng = np.random.default_rng(0)
    definitions = current_definitions()
    assert len(definitions) >= 26
    columns = []
    for definition in definitions:
        if definition.kind == "category":
            columns.append(rng.integers(0, definition.bins, min(n, 10_000)))
        else:
            edges = definition.edges()
            columns.append(edges[rng.integers(0, definition.bins, min(n, 10_000))])
    summaries = summarise(definitions, np.column_stack(columns).astype(np.float32))
    profile = Profile("exact", None, min(n, 10_000), summaries, unreadable={"truncated": 7})
    while profile.n < n:  # ten times as many by merging with itself
        from driftwheel.profiles import merge

        profile = merge([profile] * 10)
    assert profile.n == n
    assert len(to_bytes(single(profile))) <= 64 * 1024


def test_the_table_of_a_file_does_not_depend_on_this_release(
    definitions: tuple[PropertyDefinition, ...], records_of: Callable[..., Records]
) -> None:
    names = {row.name for row in PROPERTIES}
    odd = [PropertyDefinition("gone_since", "gone", "", "number", 0.0, 1.0, 3, "linear")]
    assert "gone_since" not in names
    records = Records(("a",), np.array([[0.5]], np.float32), ("gone_since",))
    again = from_bytes(to_bytes(single(profile_records(records, definitions=odd)))).whole()
    assert again.property_named("gone_since").counts.tolist() == [0, 1, 0]


def test_the_page_of_the_format_names_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "profile_format.md").read_text(
        encoding="utf-8"
    )

    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(names, value))
        if not isinstance(value, dict):
            return set()
        return set(value).union(*map(names, value.values()))

    body = msgpack.unpackb(GOLDEN.read_bytes()[HEAD:], raw=False)
    for part in body["profiles"]:
        part["unreadable"] = None  # its keys are reasons, not fields
    assert [name for name in sorted(names(body)) if f"`{name}`" not in page] == []
