from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.workflows.installation import NOW, add_model, log, picture, some_records

from driftwheel.errors import ProfileFormatError, SourceError, UsageError
from driftwheel.profiles import Profile, from_bytes, single, to_bytes
from driftwheel.profiles.profile import check_comparable
from driftwheel.services.check.profile_images import profile_images
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measured_reference import (
    MeasuredReference,
    pack_reference,
    portable_profile,
    unpack_reference,
)
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_reference import (
    Folder,
    Range,
    Trailing,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.operate.apply_retention import drop_unwanted_images
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import current_reference, list_references
from driftwheel.store.windows.windows import find_window


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
    assert measured.sample.embeddings.shape == (30, 128)
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


def measured_again(engine: Engine, blobs: Blobs, key: int, *, now: datetime = NOW) -> MeasuredReference:
    """Measure a reference, put it in use, and return it as it is kept."""
    artifact = measure_reference_row(engine, blobs, key, now=now, threads=1)
    assert artifact is not None
    assert finish_reference(engine, blobs, key, artifact)
    return unpack_reference(blobs.get(artifact))


def set_day(engine: Engine, blobs: Blobs) -> tuple[int, MeasuredReference]:
    day = NOW.replace(hour=0)
    reference = set_reference(engine, "m", Range(day, day + timedelta(1)), by="me", now=NOW)
    return reference.key, measured_again(engine, blobs, reference.key)


def whole_window(engine: Engine, model: Model) -> Profile:
    with reading(engine) as connection:
        window = find_window(connection, model.key, NOW.replace(hour=0))
    assert window is not None
    assert window.profile is not None
    return from_bytes(window.profile).whole()


def without_embeddings(profile: Profile) -> bytes:
    return to_bytes(single(replace(profile, embedder=None, embeddings=None)))


def test_a_past_range_is_the_profile_of_its_windows(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, window="day", embedder="none")
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    summarise_windows(database, now=NOW)
    _, measured = set_day(database, blobs)
    assert to_bytes(measured.profiles[""]) == to_bytes(single(whole_window(database, model)))
    assert len(measured.profiles["camera"].profiles) == 3
    assert measured.notes == ()
    assert len(measured.sample) == measured.n
    repeats = measured.profiles[""].whole().property_named("near_duplicate")
    assert np.nansum(measured.sample.column("near_duplicate")) == repeats.counts[1] > 0


def test_a_past_range_is_in_the_space_of_its_records(database: Engine, blobs: Blobs) -> None:
    """One that was not fitted on them: see `driftwheel.services.measure.embedding_space`."""
    model = add_model(database, window="day")
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    summarise_windows(database, now=NOW)
    window = whole_window(database, model)
    _, measured = set_day(database, blobs)
    assert measured.space is not None
    assert measured.space.projection is not None
    assert measured.sample.embedder == measured.space.name == window.embedder
    images = [one.image for one, data in some_records(40) if data is not None and len(data) > 400]
    assert measured.n == len(images) == measured.sample.embeddings.shape[0]  # type: ignore[union-attr]
    assert to_bytes(measured.profiles[""]) == to_bytes(single(window))
    check_comparable(measured.profiles[""].whole(), window)


def test_a_range_without_images_says_whose_embeddings_it_has(database: Engine, blobs: Blobs) -> None:
    """Of some records the embeddings are lost, of all the images: the others stand."""
    model = add_model(database, window="day", keep_images=0.0)
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET space = NULL, embedding = NULL WHERE id = 'r0-0'")
    summarise_windows(database, now=NOW)
    drop_unwanted_images(database, model)
    key, measured = set_day(database, blobs)
    assert to_bytes(measured.profiles[""]) == to_bytes(single(whole_window(database, model)))
    assert measured.space is not None
    note, some = measured.notes
    assert measured.space.name in note
    assert "the image kept" in note
    assert some.startswith(f"{measured.n - 1} of its {measured.n} images have an embedding")
    with reading(database) as connection:
        (row,) = list_references(connection, model.key)
    assert (row.key, row.state, row.reason) == (key, "ready", f"{note} {some}")


def test_a_range_whose_space_nobody_knows_is_compared_by_properties(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, window="day", keep_images=0.0)
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET space = 'gist-1/lost'")
    drop_unwanted_images(database, model)
    _, measured = set_day(database, blobs)
    assert (measured.space, measured.sample.embeddings) == (None, None)
    assert "by properties only" in measured.notes[0]


def test_a_range_is_embedded_from_a_sample(
    database: Engine, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwheel.services.measure.reference_of_records.EMBEDDED_ANEW", 12)
    monkeypatch.setattr("driftwheel.services.measure.reference_of_records.LEAST_IMAGES", 10)
    model = add_model(database, window="day")
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET space = 'another-1'")
    key, measured = set_day(database, blobs)
    assert measured.n > 12 == len(measured.sample)
    assert measured.notes == (f"Its embeddings are those of 12 of its {measured.n} images, drawn at random.",)
    moments = measured.profiles[""].whole().embeddings
    assert moments is not None
    assert moments.count == 12
    by_camera = [profile.embeddings for profile in measured.profiles["camera"].profiles.values()]
    assert 0 < sum(one.count for one in by_camera if one is not None) <= 12
    again = measure_reference_row(database, blobs, key, now=NOW, threads=1)
    assert unpack_reference(blobs.get(again or b"")).space.name == measured.space.name  # type: ignore[union-attr]


def test_a_trailing_reference_stays_in_its_space(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    log(database, blobs, model, some_records(30))
    measure_all(database, blobs)
    reference = set_reference(database, "m", Trailing(2), by="me", now=NOW)
    tomorrow = NOW + timedelta(days=1)
    first = measured_again(database, blobs, reference.key, now=tomorrow)
    log(database, blobs, model, some_records(30, begin=tomorrow, seed=500))
    measure_all(database, blobs)
    second = measured_again(database, blobs, reference.key, now=tomorrow + timedelta(days=1))
    assert first.space is not None
    assert second.space is not None
    assert first.space.name == second.space.name
    assert second.n > first.n
    assert second.sample.embeddings is not None
    assert len(second.sample) == second.n
    assert second.notes == ()
    third = measured_again(database, blobs, reference.key, now=tomorrow + timedelta(days=2))
    assert third.space is not None
    assert third.space.name == first.space.name
    moments = third.profiles[""].whole().embeddings
    assert moments is not None
    assert moments.count == third.n  # all of it in its space now, nothing is embedded anew


def test_an_embedder_of_few_dimensions_has_one_space(
    database: Engine, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is embedded anew where the embedder's own dimensions are kept."""
    monkeypatch.setattr("driftwheel.services.measure.embedding_space.MOST_DIMENSIONS", 4096)
    model = add_model(database)
    log(database, blobs, model, some_records(20))
    measure_all(database, blobs)
    drop_unwanted_images(database, replace(model, keep_images=0.0))
    _, measured = set_day(database, blobs)
    assert measured.space is not None
    assert (measured.space.name, measured.notes) == ("gist-1", ())
    moments = measured.profiles[""].whole().embeddings
    assert moments is not None
    assert moments.count == measured.n


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
        set_reference(database, "m", Folder("/" + "x" * 300), by="me", now=NOW)
    with pytest.raises(UsageError, match="on this machine"):
        set_reference(database, "m", Folder("http://example.org/images"), by="me", now=NOW)
    with pytest.raises(UsageError, match="1 to 3,650 days, not 0"):
        set_reference(database, "m", Trailing(0), by="me", now=NOW)
    with pytest.raises(UsageError, match="give since < until"):
        set_reference(database, "m", Range(NOW, NOW), by="me", now=NOW)
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))
    with pytest.raises(UsageError, match="of no year from 1 to 9999 in UTC"):
        set_reference(database, "m", Range(NOW, late), by="me", now=NOW)
    empty = tmp_path / "empty"
    empty.mkdir()
    reference = set_reference(database, "m", Folder(str(empty)), by="me", now=NOW)
    with pytest.raises(SourceError):
        measure_reference_row(database, blobs, reference.key, now=NOW, threads=1)
    assert measure_reference_row(database, blobs, 999, now=NOW) is None
