"""A trained autoencoder from its file: pictures of any size, errors, reconstructions, and files refused."""

import subprocess
import sys

import numpy as np
import pytest
from tests.learning.digits import SHAPE, TRAINING, digits, need_training

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.autoencoder import open_autoencoder, prepare_picture
from driftwheel.learning.autoencoder_facts import METADATA_KEY
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.train_autoencoder import train_autoencoder

COLOUR = AutoencoderShape(16, colour=True, widths=(4,), latent=4)


@pytest.fixture(scope="module")
def model() -> bytes:
    need_training()
    return train_autoencoder(digits(900), shape=SHAPE, training=TRAINING, seed=0, reference="digits")


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (7, 300), (480, 640)])
@pytest.mark.parametrize("shape", [SHAPE, COLOUR])
@pytest.mark.parametrize("grey", [True, False])
def test_an_image_of_any_size_is_brought_to_the_square(size, shape, grey):
    pixels = np.full(size if grey else (*size, 3), 77, np.uint8)
    picture = prepare_picture(pixels, shape)
    assert picture.shape == (shape.side, shape.side, shape.channels)
    assert set(picture.ravel()) == {77}


def test_colour_is_rgb_and_grey_is_luma():
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 2] = 255  # BGR
    assert prepare_picture(red, COLOUR)[0, 0].tolist() == [255, 0, 0]
    assert prepare_picture(red, SHAPE)[0, 0].tolist() == [76]


def test_all_of_an_image_is_kept():
    wide = np.zeros((8, 80), np.uint8)
    wide[:, -10:] = 255
    assert prepare_picture(wide, SHAPE)[0, :, 0].tolist() == [0] * 7 + [255]


def test_errors_do_not_depend_on_the_company(model):
    network, pictures = open_autoencoder(model), digits(150, seed=3)
    errors = network.errors(pictures)
    np.testing.assert_allclose(errors[100:101], network.errors(pictures[100:101]), rtol=1e-5)
    assert network.errors(pictures[:0]).shape == (0,)
    assert (errors > 0).all()


def test_what_is_shown_can_differ_from_what_is_wanted(model):
    network, pictures = open_autoencoder(model), digits(20)
    itself = network.errors(pictures, pictures.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(itself, network.errors(pictures))
    assert network.errors(pictures, np.zeros(pictures.shape, np.float32)).mean() > 1.5 * itself.mean()


def test_reconstructions_look_like_what_they_reconstruct(model):
    pictures = digits(897, seed=0)
    made = open_autoencoder(model).reconstruct(pictures)
    assert made.shape == pictures.shape
    assert made.dtype == np.uint8
    flat, again = (p.reshape(len(p), -1).astype(float) for p in (pictures, made))
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in zip(flat, again, strict=True)]
    assert np.median(correlations) > 0.85


def test_a_file_is_what_its_content_is(model, tmp_path):
    (tmp_path / "a.onnx").write_bytes(model)
    network = open_autoencoder(tmp_path / "a.onnx")
    assert network.identity == open_autoencoder(model).identity
    assert network.identity.startswith("autoencoder:")
    assert (network.facts.shape, network.facts.reference) == (SHAPE, "digits")


def test_torch_and_onnx_are_not_needed_to_use_it(model, tmp_path):
    (tmp_path / "a.onnx").write_bytes(model)
    program = (
        "import sys; sys.modules.update(torch=None, onnx=None); import numpy as np; from pathlib import Path;"
        "from driftwheel.learning.autoencoder import open_autoencoder;"
        f"network = open_autoencoder(Path({str(tmp_path / 'a.onnx')!r}));"
        "print(network.errors(np.zeros((2, 8, 8, 1), np.uint8)).shape)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "(2,)\n"


def test_files_that_are_none_are_refused(model, tmp_path, write_channel_means):
    with pytest.raises(UsageError, match=r"The autoencoder .*none\.onnx cannot be opened: No such file"):
        open_autoencoder(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(UsageError, match=r"text\.onnx cannot be opened: it is no ONNX model, or damaged"):
        open_autoencoder(tmp_path / "text.onnx")
    with pytest.raises(
        UsageError, match=r"is an ONNX model, but no autoencoder of Driftwheel's\. Make one with"
    ):
        open_autoencoder(write_channel_means())


def test_a_file_that_says_something_untrue_of_itself_is_refused(model):
    import onnx

    network = onnx.load_from_string(model)
    (entry,) = (one for one in network.metadata_props if one.key == METADATA_KEY)
    told = entry.value
    entry.value = told.replace('"side": 8', '"side": 16')
    with pytest.raises(UsageError, match=r"cannot be used\. Its network is not what it says of itself"):
        open_autoencoder(network.SerializeToString())
    entry.value = told.replace('"version": 1', '"version": 2')
    with pytest.raises(UsageError, match="It is of version 2, and this release reads version 1"):
        open_autoencoder(network.SerializeToString())


def test_without_onnxruntime_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"This autoencoder needs .*'driftwheel\[embed\]'"):
        open_autoencoder(b"")
