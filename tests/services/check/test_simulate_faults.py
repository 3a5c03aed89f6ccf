"""Simulated faults: stored as the camera stores, measured as production is, whatever the threads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.diagnosis import diagnose
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import SourceError
from driftwheel.images.decode import decode
from driftwheel.images.faults import FAULTS, fault_named
from driftwheel.learning.gist_embedder import GistEmbedder
from driftwheel.records import Image
from driftwheel.services.check.simulate_faults import faulty_file, simulate_faults
from driftwheel.services.measure.measure_images import concatenate, measure_images


def photo(seed: int, size: tuple[int, int] = (60, 80)) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    height, width = size
    coarse = cv2.resize(
        rng.integers(20, 236, (5, 6, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    texture = cv2.GaussianBlur(rng.normal(0, 30, (height, width, 1)), (0, 0), 0.8)[..., None]
    return np.clip(coarse + texture, 0, 255).astype(np.uint8)


def image(seed: int, suffix: str = ".jpg") -> Image:
    return Image(f"{seed:03d}{suffix}", bytes(cv2.imencode(suffix, photo(seed))[1]))


SOME = [
    fault_named(name)
    for name in ("blur", "noise", "over_exposure", "rotation", "compression", "frozen_frame")
]


def test_the_library_holds_every_case_and_does_not_depend_on_threads() -> None:
    images = [image(seed) for seed in range(24)]
    one = simulate_faults(images, embedder=GistEmbedder(), threads=1, seed=3, faults=SOME)
    two = simulate_faults(images, embedder=GistEmbedder(), threads=3, seed=3, faults=SOME)
    assert {case.fault for case in one.cases} == {fault.name for fault in SOME if fault.function is not None}
    assert len(one.cases) == 5 * 4 + 5 * 2
    np.testing.assert_array_equal(one.properties, two.properties)
    np.testing.assert_array_equal(one.embeddings, two.embeddings)
    np.testing.assert_array_equal(one.clean_properties, two.clean_properties)
    assert one.images == tuple(sorted(one.images))
    counts = np.bincount(one.case, minlength=len(one.cases))
    assert counts.min() >= 12
    for variant in fault_named("rotation").variants:
        rows = [one.cases[k].variant == variant for k in one.case]
        assert len(set(one.camera[rows])) == 10


def test_progress_adds_up() -> None:
    seen: list[tuple[int, int]] = []
    library = simulate_faults(
        [image(seed) for seed in range(4)],
        embedder=None,
        threads=2,
        faults=SOME[:2],
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert sum(done for done, _ in seen) == seen[-1][1] == len(library.case) + 4
    assert library.embeddings is None


def test_unreadable_images_are_left_out_and_none_at_all_is_said() -> None:
    library = simulate_faults(
        [image(0), Image("broken.jpg", b"no"), image(1)], embedder=None, threads=1, faults=SOME[:1]
    )
    assert library.images == ("000.jpg", "001.jpg")
    with pytest.raises(SourceError, match="None of the reference images could be read"):
        simulate_faults([Image("broken.jpg", b"no")], embedder=None, faults=SOME[:1])


def test_large_images_are_fewer() -> None:
    large = [
        Image(f"{seed}.jpg", bytes(cv2.imencode(".jpg", photo(seed, (1000, 1300)))[1])) for seed in range(25)
    ]
    assert (
        len(simulate_faults(large, embedder=None, threads=2, faults=[fault_named("greyscale")]).images) == 20
    )


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_files_are_stored_as_they_came(suffix: str) -> None:
    decoded = decode(image(1, suffix).data)
    for fault in FAULTS:
        if fault.function is not None:
            stored = decode(faulty_file(decoded, FaultCase(fault.name, fault.severities[-1], ""), 0))
            assert stored.header.format == decoded.header.format
            if suffix == ".jpg" and fault.name != "compression":
                assert stored.header.jpeg_quality == decoded.header.jpeg_quality


def test_compression_lowers_the_quality_of_the_file() -> None:
    decoded = decode(image(1).data)
    stored = decode(faulty_file(decoded, FaultCase("compression", 3, ""), 0))
    assert stored.header.jpeg_quality == pytest.approx(18, abs=1)
    assert stored.header.file_bytes < decoded.header.file_bytes


def test_a_fault_given_to_images_is_found_again() -> None:
    reference = [image(seed) for seed in range(120)]
    embedder = GistEmbedder()
    library = simulate_faults(reference[:40], embedder=embedder, threads=2, faults=SOME)
    clean = concatenate(measure_images(reference, embedder=embedder, threads=2))
    for name, severity in (("blur", 3), ("noise", 2), ("over_exposure", 3)):
        files = [
            Image(f"{seed}.jpg", faulty_file(decode(image(seed).data), FaultCase(name, severity, ""), 77))
            for seed in range(200, 250)
        ]
        window = concatenate(measure_images(files, embedder=embedder, threads=2))
        found = diagnose(library, clean, window, rng=np.random.default_rng(0))
        assert [one.fault for one in found.findings][:1] == [name]
        assert abs((found.findings[0].severity or 0) - severity) <= 1
        assert len(found.affected) >= 40
