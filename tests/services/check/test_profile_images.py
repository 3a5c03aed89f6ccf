"""Profiling a source: the same as profiling its records, whatever the threads."""

from dataclasses import replace

import numpy as np
import pytest

from driftwheel.errors import IncomparableError, SourceError, UsageError
from driftwheel.profiles import ProfileSet, profile_records, single, to_bytes, write_profiles
from driftwheel.services.check.compare_profiles import compare_profiles
from driftwheel.services.check.merge_profiles import merge_profiles
from driftwheel.services.check.profile_images import profile_images
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.sources import open_source


@pytest.fixture(scope="module")
def scenes() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 200, (32, 40, 3), dtype=np.uint8) for _ in range(40)]


def test_the_same_as_of_its_records(scenes: list[np.ndarray]) -> None:
    records = concatenate(measure_images(open_source(scenes), threads=1))
    expected = to_bytes(single(profile_records(records)))
    for threads in (1, 3):
        assert to_bytes(profile_images(scenes, embedder="none", threads=threads)) == expected


def test_progress_is_reported(scenes: list[np.ndarray]) -> None:
    told: list[tuple[str, int]] = []
    profile_images(scenes, embedder="none", threads=1, on_progress=lambda s, n, _: told.append((s, n)))
    assert sum(n for _, n in told) == 40
    assert {s for s, _ in told} == {"Measuring images"}


def test_a_reference_lends_its_embedder_and_projection(scenes: list[np.ndarray]) -> None:
    reference = profile_images(scenes, embedder="gist", threads=1)
    alike = profile_images(scenes[:25], reference=reference, threads=1)
    assert alike.whole().embedder == reference.whole().embedder == "gist-1"
    (found,) = compare_profiles(reference, alike)
    assert found.verdict.embedding is not None
    assert found.verdict.verdict == "no_drift"
    alone = profile_images(scenes[::-1][:25], embedder="gist", threads=1)
    with pytest.raises(IncomparableError, match="--reference"):
        compare_profiles(reference, alone)
    none = profile_images(scenes[:25], embedder="none", threads=1)
    assert profile_images(scenes[:3], reference=none, threads=1).whole().embedder is None


def test_a_reference_of_an_unknown_embedder_asks_for_its_file(scenes: list[np.ndarray]) -> None:
    made = profile_images(scenes[:3], embedder="none", threads=1)
    odd = replace(made.whole(), embedder="onnx:resnet:0123456789ab")
    with pytest.raises(
        IncomparableError, match=r"'onnx:resnet:0123456789ab'. Name its file: --embedder MODEL\.onnx"
    ):
        profile_images(scenes[:3], reference=single(odd), threads=1)


def test_mistakes(scenes: list[np.ndarray]) -> None:
    with pytest.raises(UsageError, match="no window 'dya'"):
        profile_images(scenes, window="dya", embedder="none")  # type: ignore[arg-type]
    with pytest.raises(SourceError):
        profile_images([], embedder="none")
    with pytest.raises(UsageError, match="no profile to merge"):
        merge_profiles([])


def test_files_and_sets_are_taken_alike(
    scenes: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("profiles") / "a.dwp"
    one = profile_images(scenes[:20], embedder="none", threads=1)
    other = profile_images(scenes[20:], embedder="none", threads=1)
    write_profiles(one, path)
    assert isinstance(one, ProfileSet)
    assert to_bytes(merge_profiles([path, other])) == to_bytes(merge_profiles([other, one]))
    assert compare_profiles(path, other) == compare_profiles(one, other)


def test_a_text_is_the_name_of_one_tag(scenes: list[np.ndarray]) -> None:
    images = [(f"{('left', 'right')[i % 2]}_{i}", scene) for i, scene in enumerate(scenes[:6])]
    options = {"embedder": "none", "threads": 1, "name_pattern": "{camera}_{_}"}
    one = profile_images(images, by="camera", **options)
    assert one.by == ("camera",)
    assert to_bytes(one) == to_bytes(profile_images(images, by=["camera"], **options))
    assert merge_profiles([one], by="camera").by == ("camera",)


def test_what_a_person_should_read_is_told(scenes: list[np.ndarray]) -> None:
    told: list[str] = []
    profile_images(scenes[:3], by="camra", window="day", embedder="none", threads=1, on_note=told.append)
    assert [note.partition(",")[0] for note in told] == [
        "No image has a time",
        "No image has the tag 'camra'",
    ]


def test_a_reference_without_an_embedder_is_said_to_have_none(scenes: list[np.ndarray]) -> None:
    with_gist = profile_images(scenes[:25], embedder="gist", threads=1)
    without = profile_images(scenes[:25], embedder="none", threads=1)
    with pytest.raises(IncomparableError, match=r"different embedder \('none' and 'gist-1'\)"):
        compare_profiles(without, with_gist)
