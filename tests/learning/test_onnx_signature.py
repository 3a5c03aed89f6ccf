"""What an ONNX file says of its input, and what is assumed where it says nothing."""

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.onnx_signature import METADATA_KEYS, read_image_input


def read(shape, metadata=None, dtype="tensor(float)"):
    return read_image_input("images", dtype, shape, metadata or {})


def test_the_defaults():
    found = read(["n", 3, "h", "w"])
    assert (found.layout, found.batch, found.height, found.width) == ("NCHW", None, 224, 224)
    assert (found.order, found.mean, found.std, found.channels) == ("rgb", (0.0,) * 3, (1.0,) * 3, 3)


def test_what_the_shape_says():
    found = read([8, 96, 128, 1], dtype="tensor(uint8)")
    assert (found.layout, found.batch, found.height, found.width) == ("NHWC", 8, 96, 128)
    assert (found.channels, found.dtype) == (1, np.uint8)
    assert read([None, 3, -1, 3]).layout == "NCHW", "three channels in the second place come first"


def test_what_the_metadata_says():
    metadata = {
        "driftwheel.input": " BGR ",
        "driftwheel.mean": "0.485, 0.456, 0.406",
        "driftwheel.std": "0.2",
        "driftwheel.size": "64, 32",
        "somebody.else": "?",
    }
    found = read(["n", 3, None, None], metadata)
    assert (found.order, found.height, found.width) == ("bgr", 64, 32)
    assert (found.mean, found.std) == ((0.485, 0.456, 0.406), (0.2,) * 3)
    assert read(["n", 3, 10, 20], metadata).height == 10, "the shape is stronger than the key"


@pytest.mark.parametrize("shape", [[1, 784], ["n", 3, 8], ["n", 4, 8, 8], ["n", 3, 8, 8, 8], []])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(UsageError, match=r"input 'images' has shape .*an image input has four axes"):
        read(shape)


def test_what_holds_no_pixels_is_refused():
    with pytest.raises(UsageError, match=r"input 'images' is a tensor\(int64\); .* holds float or uint8"):
        read(["n", 3, 8, 8], dtype="tensor(int64)")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("driftwheel.mean", "0.5, 0.5", r"driftwheel\.mean must hold 1 or 3 numbers, not '0\.5, 0\.5'"),
        ("driftwheel.mean", "grey", "must hold 1 or 3 numbers, not 'grey'"),
        ("driftwheel.std", "nan", "must hold 1 or 3 numbers, not 'nan'"),
        ("driftwheel.std", "0", r"driftwheel\.std must be above 0, not '0'"),
        ("driftwheel.size", "0, 8", r"driftwheel\.size must be at least 1,1, not '0, 8'"),
        ("driftwheel.input", "gbr", "must be 'rgb' or 'bgr', not 'gbr'"),
        ("driftwheel.maen", "0.5", r"driftwheel\.maen is not known\. Did you mean 'driftwheel\.mean'\?"),
    ],
)
def test_what_cannot_be_understood_is_refused(key, value, message):
    with pytest.raises(UsageError, match=message):
        read(["n", 3, None, None], {key: value})


def test_the_keys_are_those_it_reads():
    for key in METADATA_KEYS:
        with pytest.raises(UsageError, match=key):
            read(["n", 3, None, None], {key: "?"})


@pytest.mark.parametrize(
    ("shape", "metadata", "message"),
    [
        (["n", 3, 4097, 8], {}, r"8 × 4,097 pixels; at most 4,096 on a side"),
        (["n", 3, None, None], {"driftwheel.size": "8, 1e300"}, "at most 4,096 on a side"),
        ([257, 3, 8, 8], {}, r"takes 257 images of 8 × 8 pixels at once, which is too much"),
        ([256, 3, 4096, 4096], {}, r"Export it for any number of images"),
        ([2**62, 3, 8, 8], {}, "which is too much"),
    ],
)
def test_an_input_that_no_memory_holds_is_refused(shape, metadata, message):
    with pytest.raises(UsageError, match=message):
        read(shape, metadata)
    assert read(["n", 3, 4096, 4096]).height == 4096
    assert read([256, 3, 224, 224]).batch == 256
