"""Measuring a stream of images: order, threads, the unreadable, and nothing held back."""

from datetime import UTC, datetime, timedelta, timezone

import cv2
import numpy as np
import pytest

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Image, Unreadable
from driftwheel.services.measure.measure_images import concatenate, measure_images


def encoded(seed: int, size: int = 48) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (0, 0), 2))[1].tobytes()


def images(n: int) -> list[Image]:
    return [Image(f"{i:04}.jpg", encoded(i), tags={"camera": str(i % 2)}) for i in range(n)]


def test_the_values_do_not_depend_on_threads():
    embedder = load_embedder("gist")
    one, four = (
        concatenate(measure_images(images(70), embedder=embedder, threads=threads)) for threads in (1, 4)
    )
    assert one.images == four.images
    assert one.properties.tobytes() == four.properties.tobytes()
    assert one.embeddings is not None
    assert four.embeddings is not None
    assert one.embeddings.tobytes() == four.embeddings.tobytes()


def test_chunks_keep_the_order_of_the_source_and_are_bounded():
    chunks = list(measure_images(images(300), threads=2))
    assert [len(chunk) for chunk in chunks] == [256, 44]
    assert [name for chunk in chunks for name in chunk.images] == [f"{i:04}.jpg" for i in range(300)]


def test_the_source_is_not_read_far_ahead():
    taken = 0

    def source():
        nonlocal taken
        for image in images(600):
            taken += 1
            yield image

    chunks = measure_images(source(), threads=2)
    next(chunks)
    assert taken <= 256 + 8 * 6
    chunks.close()


def test_an_unreadable_image_is_listed_and_stops_nothing():
    source = [
        Image("a.jpg", encoded(1)),
        Image("b.jpg", b"not an image"),
        Unreadable("c.jpg", "permission denied"),
        Image("d.jpg", encoded(2)),
    ]
    records = concatenate(measure_images(source))
    assert records.images == ("a.jpg", "d.jpg")
    assert [item.image for item in records.unreadable] == ["b.jpg", "c.jpg"]
    assert records.unreadable[1].reason == "permission denied"


def test_a_repeat_is_noticed_across_the_border_of_chunks():
    source = images(256)
    source.append(Image("9999.jpg", source[-1].data))
    records = concatenate(measure_images(source))
    repeats = records.column("near_duplicate")
    assert repeats[-1] == 1.0
    assert repeats[:-1].sum() == 0.0


def test_times_are_kept_in_utc_and_tags_by_name():
    source = images(2)
    at = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    source[0] = Image("0.jpg", source[0].data, time=at, tags={"site": "north"})
    records = concatenate(measure_images(source))
    assert records.times is not None
    assert records.times[0] == np.datetime64(at.astimezone(UTC).replace(tzinfo=None))
    assert np.isnat(records.times[1])
    assert records.tags == {"camera": (None, "1"), "site": ("north", None)}


def test_progress_counts_every_image_once():
    seen = []
    list(measure_images([*images(20), Unreadable("x", "empty")], on_progress=seen.append))
    assert sum(seen) == 21


def test_opencv_gets_its_threads_back_even_when_the_source_fails():
    before = cv2.getNumThreads()

    def failing():
        yield Image("a.jpg", encoded(0))
        raise RuntimeError("disk gone")

    with pytest.raises(RuntimeError, match="disk gone"):
        list(measure_images(failing(), threads=1))
    assert cv2.getNumThreads() == before


def test_no_images_are_no_records():
    records = concatenate(measure_images([]))
    assert len(records) == 0
    assert records.properties.shape == (0, len(PROPERTY_NAMES))


def test_only_unreadable_images_with_an_embedder_give_an_empty_table():
    records = concatenate(measure_images([Unreadable("x", "empty")], embedder=load_embedder("gist")))
    assert len(records) == 0
    assert records.embedder == "gist-1"
