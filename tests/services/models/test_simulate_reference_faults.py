"""The fault library of a reference: from a folder, from kept records, or none where the images are gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgpack
import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.weaving_line import MONDAY, Line, weaving_line, write_folder

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.errors import ProfileFormatError
from driftwheel.images.faults import FAULTS
from driftwheel.services.check.simulate_faults import simulate_faults
from driftwheel.services.models.kept_faults import pack_faults, unpack_faults
from driftwheel.services.models.set_reference import Range
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.services.operate.apply_retention import (
    delete_unused_blobs,
    drop_unwanted_images,
    unused_blobs,
)
from driftwheel.store.engine.database import reading
from driftwheel.store.models.references import current_reference

KNOWN = tuple(one for one in FAULTS if one.name in {"blur", "greyscale"})


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwheel.services.check.simulate_faults.MOST_IMAGES", 20)
        fewer = partial(simulate_faults, faults=KNOWN)  # to spend seconds, not a minute
        patch.setattr("driftwheel.services.models.simulate_reference_faults.simulate_faults", fewer)
        yield


@pytest.fixture
def line(database: Engine, tmp_path: Path) -> Line:
    return weaving_line(database, tmp_path)


def library_of(line: Line, key: int) -> FaultLibrary:
    digest = simulate_reference_faults(line.engine, line.blobs, key, threads=2)
    assert digest is not None
    assert simulate_reference_faults(line.engine, line.blobs, key, threads=1) == digest
    keep_faults(line.engine, key, digest)
    with reading(line.engine) as connection:
        reference = current_reference(connection, line.model.key)
    assert reference is not None
    assert (reference.key, reference.faults) == (key, digest)
    assert unused_blobs(line.engine, [digest]) == []  # the sweep leaves it
    return unpack_faults(line.blobs.get(digest))


def test_a_folder(line: Line, tmp_path: Path) -> None:
    key = line.refer_to(write_folder(line, tmp_path / "images", 40), now=MONDAY, faults=False)
    library = library_of(line, key)
    assert {case.fault for case in library.cases} == {one.name for one in KNOWN}
    assert library.embeddings is not None
    assert library.embeddings.shape == (len(library.case), 128)
    assert str(library.embedder).startswith("gist-1/")
    assert len(library.images) == 20
    shutil.rmtree(tmp_path / "images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwheel.services.models.simulate_reference_faults.SIMULATED", 30)
        assert simulate_reference_faults(line.engine, line.blobs, key) is None


def test_records_whose_images_are_kept(line: Line) -> None:
    start = line.log_day(0, 60)
    line.work()
    day = Range(start, start + timedelta(days=1))
    library = library_of(line, line.refer_to(day, now=MONDAY, faults=False))
    assert all(name.startswith("0-") for name in library.images)
    dropped = drop_unwanted_images(line.engine, replace(line.model, keep_images=0.2))
    delete_unused_blobs(line.engine, line.blobs, dropped.images)
    assert (
        simulate_reference_faults(line.engine, line.blobs, line.refer_to(day, now=MONDAY, faults=False))
        is None
    )


def test_a_reference_that_is_gone(line: Line) -> None:
    assert simulate_reference_faults(line.engine, line.blobs, 77) is None
    keep_faults(line.engine, 77, bytes(32))


def small_library(embedder: str | None = "gist-1/x") -> FaultLibrary:
    from driftwheel.drift.diagnosis.fault_library import FaultCase

    rng = np.random.default_rng(0)
    table = rng.normal(size=(8, 3)).astype(np.float32)
    vectors = rng.normal(size=(8, 5)).astype(np.float16).astype(np.float32)
    return FaultLibrary(
        cases=(FaultCase("blur", 2, ""), FaultCase("greyscale", None, "")),
        properties=table[:6],
        embeddings=None if embedder is None else vectors[:6],
        case=np.array([0, 1, 0, 1, 0, 1]),
        base=np.array([0, 0, 1, 1, 0, 1]),
        camera=np.array([0, 0, 1, 1, 0, 1]),
        clean_properties=table[6:],
        clean_embeddings=None if embedder is None else vectors[6:],
        images=("a", "b\udcff"),
        property_names=("x", "y", "z"),
        embedder=embedder,
        mode="exact",
    )


@pytest.mark.parametrize("embedder", ["gist-1/x", None])
def test_a_library_is_read_back_as_it_was(embedder: str | None) -> None:
    library = small_library(embedder)
    again = unpack_faults(pack_faults(library))
    for name in FaultLibrary.__slots__:
        mine, other = getattr(library, name), getattr(again, name)
        assert np.array_equal(mine, other) if isinstance(mine, np.ndarray) else mine == other, name
    assert pack_faults(again) == pack_faults(library)


def test_what_is_no_library() -> None:
    good = pack_faults(small_library())
    body = msgpack.unpackb(good, unicode_errors="surrogateescape")

    def damaged(**changes: object) -> bytes:
        return bytes(msgpack.packb(body | changes, unicode_errors="surrogateescape"))

    for data, message in (
        (b"", "damaged"),
        (good[:-3], "damaged"),
        (damaged(version=2), "version 2.*pip install --upgrade driftwheel"),
        (damaged(case=b"\x02\x00\x00\x00" * 6), "names what is not in it"),
        (damaged(base=b""), "do not fit together"),
        (damaged(properties=b"\x00" * 5), "damaged"),
        (damaged(mode="other"), "no mode 'other'"),
        (damaged(images=[]), "damaged"),
    ):
        with pytest.raises(ProfileFormatError, match=message):
            unpack_faults(data)
