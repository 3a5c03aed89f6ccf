import io

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def jpeg():
    """Make a small JPEG that differs by number."""

    def make(number=0, **options):
        file = io.BytesIO()
        pixels = np.full((8, 8, 3), number % 256, np.uint8)
        Image.fromarray(pixels).save(file, "JPEG", **options)
        return file.getvalue()

    return make


@pytest.fixture
def folder(tmp_path, jpeg):
    """A folder with four images in three levels, two side files and a file of no known kind."""
    root = tmp_path / "photos"
    (root / "b" / "deep").mkdir(parents=True)
    (root / "a").mkdir()
    for number, name in enumerate(["b/deep/1.jpg", "a/2.jpg", "a/10.JPG", "z.png"]):
        (root / name).write_bytes(jpeg(number))
    (root / "labels.csv").write_text("image,label\n")
    (root / "a" / "Thumbs.db").write_bytes(b"x")
    (root / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    return root


@pytest.fixture
def names():
    """The names a source yields, readable or not."""
    return lambda source: [getattr(item, "name", None) or item.image for item in source]
