from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.workflows.installation import NOW, add_model, log, picture, some_records

from driftwheel.errors import ProfileFormatError, SourceError, UsageError
from driftwheel.profiles import from_bytes, to_bytes
from driftwheel.services.measure_received import measure_received
from driftwheel.services.measured_reference import pack_reference, portable_profile, unpack_reference
from driftwheel.services.measurers import Measurers
from driftwheel.services.profile_images import profile_images
from driftwheel.services.set_reference import (
    Folder,
    Range,
    Trailing,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.summarise_windows import summarise_windows
from driftwheel.store.blobs import Blobs
from driftwheel.store.database import reading
from driftwheel.store.references import current_reference
from driftwheel.store.windows import find_window


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = tmp_path / "images"
    for i in range(30):
        (images / f"camera{i % 2}").mkdir(parents=True, exist_ok=True)
        (images / f"camera{i % 2}" / f"{i}.png").write_bytes(picture(i))
    (images / "camera0" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return images


def measure_all(engine: Engine, blobs: Blobs) -> None:
    while measure_received(engine, blobs, Measurers(blobs), now=NOW, threads=1).taken:
        pass


def test_a_folder(database: Engine, blobs: Blobs, folder: Path) -> None:
    model = add_model(database)
    source = Folder(str(folder), "camera{camera}/{name}")
    reference = set_reference(database, "m", source, by="me", now=NOW)
    with reading(database) as connection:
        assert current_reference(connection, model.key) is None
    artifact = measure_reference_row(database, blobs, reference.key, now=NOW, threads=1)
    assert artifact is not None
    assert finish_reference(database, blobs, reference.key, artifact)
    with reading(database) as connection:
        current = current_reference(connection, model.key)
    assert current is not None
    assert (current.artifact, current.kind, current.by) == (artifact, "folder", "me")
    measured = unpack_reference(blobs.get(artifact))
    assert measured.n == 30
    assert sum(measured.profiles[""].whole().unreadable.values()) == 1
    assert [profile.n for profile in measured.profiles["camera"].profiles.values()] == [15, 15]
    assert len(measured.sample) == 30
    assert measured.space is not None
    assert measured.sample.embedder == measured.space.name
    assert measured.sample.embeddings is not None
    assert measured.sample.embeddings.shape == (30, 29)  # 30 images span 29 dimensions
    assert measure_reference_row(database, blobs, reference.key, now=NOW, threads=1) == artifact


def test_the_artifact_is_read_back_as_it_was(database: Engine, blobs: Blobs, folder: Path) -> None:
    add_model(database)
    reference = set_reference(database, "m", Folder(str(folder)), by="me", now=NOW)
    artifact = measure_reference_row(database, blobs, reference.key, now=NOW, threads=1)
    packed = blobs.get(artifact or b"")
    again = unpack_reference(packed)
    assert pack_reference(again) == packed
    assert b"pickle" not in packed
    for damaged in (b"", packed[:100], b"\x81\xa7version\x02", b"\x81\xa7version\x01"):
        with pytest.raises(ProfileFormatError):
            unpack_reference(damaged)


def test_its_profile_serves_the_edge(database: Engine, blobs: Blobs, folder: Path) -> None:
    """What the command line makes of the same images, and what others are profiled against."""
    add_model(database)
    reference = set_reference(database, "m", Folder(str(folder)), by="me", now=NOW)
    artifact = measure_reference_row(database, blobs, reference.key, now=NOW, threads=1)
    portable = portable_profile(unpack_reference(blobs.get(artifact or b"")))
    assert from_bytes(to_bytes(portable)).whole().embedder == "gist-1"
    found = profile_images(folder, reference=portable, threads=1).whole()
    whole = portable.whole()
    assert found.embeddings is not None
    assert whole.embeddings is not None
    assert [one.total for one in found.properties] == [one.total for one in whole.properties]
    np.testing.assert_allclose(found.embeddings.mean, whole.embeddings.mean, atol=2e-3)
    np.testing.assert_allclose(found.embeddings.scatter, whole.embeddings.scatter, rtol=0.02, atol=2e-3)


def test_a_past_range_is_the_profile_of_its_windows(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, window="day")
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    summarise_windows(database, now=NOW)
    day = NOW.replace(hour=0)
    reference = set_reference(database, "m", Range(day, day + timedelta(1)), by="me", now=NOW)
    artifact = measure_reference_row(database, blobs, reference.key, now=NOW)
    measured = unpack_reference(blobs.get(artifact or b""))
    with reading(database) as connection:
        window = find_window(connection, model.key, day)
    assert window is not None
    assert to_bytes(measured.profiles[""]) == window.profile
    assert "camera" in measured.profiles
    assert measured.space is not None
    assert measured.space.projection is not None


def test_a_range_after_a_folder_keeps_its_space(database: Engine, blobs: Blobs, folder: Path) -> None:
    model = add_model(database)
    first = set_reference(database, "m", Folder(str(folder)), by="me", now=NOW)
    artifact = measure_reference_row(database, blobs, first.key, now=NOW, threads=1)
    assert artifact is not None
    finish_reference(database, blobs, first.key, artifact)
    log(database, blobs, model, some_records(20))
    measure_all(database, blobs)
    second = set_reference(database, "m", Trailing(2), by="me", now=NOW)
    again = measure_reference_row(database, blobs, second.key, now=NOW + timedelta(days=1))
    assert again is not None
    one, other = unpack_reference(blobs.get(artifact)).space, unpack_reference(blobs.get(again)).space
    assert one is not None
    assert other is not None
    assert one.name == other.name


def test_a_trailing_reference_moves_on(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    log(database, blobs, model, some_records(40))  # over four to five hours
    measure_all(database, blobs)
    reference = set_reference(database, "m", Trailing(1), by="me", now=NOW)
    counts = []
    for hours in (1, 3, 26):
        artifact = measure_reference_row(database, blobs, reference.key, now=NOW + timedelta(hours=hours))
        counts.append(unpack_reference(blobs.get(artifact or b"")).n)
    assert counts[0] < counts[1]
    with pytest.raises(SourceError, match="No image of 'm' was measured from 2026-03-07"):
        measure_reference_row(database, blobs, reference.key, now=NOW + timedelta(days=4))


def test_mistakes(database: Engine, blobs: Blobs, tmp_path: Path) -> None:
    add_model(database)
    with pytest.raises(UsageError, match="There is no '/nowhere' on this machine"):
        set_reference(database, "m", Folder("/nowhere"), by="me", now=NOW)
    with pytest.raises(UsageError, match="on this machine"):
        set_reference(database, "m", Folder("http://example.org/images"), by="me", now=NOW)
    with pytest.raises(UsageError, match="at least 1 day, not 0"):
        set_reference(database, "m", Trailing(0), by="me", now=NOW)
    with pytest.raises(UsageError, match="give since < until"):
        set_reference(database, "m", Range(NOW, NOW), by="me", now=NOW)
    empty = tmp_path / "empty"
    empty.mkdir()
    reference = set_reference(database, "m", Folder(str(empty)), by="me", now=NOW)
    with pytest.raises(SourceError):
        measure_reference_row(database, blobs, reference.key, now=NOW, threads=1)
    assert measure_reference_row(database, blobs, 999, now=NOW) is None
