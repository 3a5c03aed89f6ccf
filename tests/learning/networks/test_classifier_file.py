"""The file of a classifier: the same network in ONNX and in torch, and read back as it was written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from tests.learning.digits import need_training

from driftwheel.errors import UsageError
from driftwheel.learning.efficientnet_lite0 import open_efficientnet_lite0
from driftwheel.learning.load_classifier import load_classifier
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, read_classifier, write_classifier
from driftwheel.learning.networks.classifier_shape import shape_from_json, shape_to_json, small_shape
from driftwheel.learning.networks.pretrained import pretrained_network
from driftwheel.learning.networks.torch_network import build_torch, fresh_weights, torch_logits, torch_weights
from driftwheel.learning.onnx_graph import OnnxGraph
from driftwheel.learning.trainers.network_features import network_features

need_training()


def _network(*, levels: int = 2) -> ClassifierNetwork:
    shape = small_shape(("cat", "dog", "ünïcode"), side=32, width=4, levels=levels)
    rng = np.random.default_rng(0)
    weights = dict(fresh_weights(shape, 0))
    for name, one in fresh_weights(shape, 0).items():  # as if trained: no normalisation is at rest
        if not name.endswith((".weight", ".variance")) or name.startswith("head."):
            weights[name] = rng.normal(0.1, 0.2, one.shape).astype(np.float32)
    return ClassifierNetwork(shape, weights, 1.7)


def _pictures(n: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


def test_onnx_and_torch_agree_and_the_monitored_model_reads_the_file() -> None:
    network, pictures = _network(), _pictures(5)

    classifier = load_classifier(write_classifier(network), threads=1)
    logits = torch_logits(build_torch(network), pictures)

    assert classifier is not None
    assert classifier.classes == ("cat", "dog", "ünïcode")
    np.testing.assert_allclose(classifier.scores(pictures), softmax(logits / 1.7, axis=1), atol=1e-5)


def test_a_file_is_read_back_as_it_was_written() -> None:
    network = _network()

    file = write_classifier(network)
    found = read_classifier(file)

    assert found is not None
    assert found.shape == network.shape
    assert found.temperature == pytest.approx(1.7)
    assert set(found.weights) == set(network.weights)
    assert all(np.array_equal(found.weights[name], one) for name, one in network.weights.items())
    assert write_classifier(found) == file


def test_torch_gives_back_the_weights_it_got() -> None:
    network = _network(levels=3)

    found = torch_weights(build_torch(network), network.shape)

    assert all(np.array_equal(found[name], one) for name, one in network.weights.items())


def test_the_pretrained_network_has_the_features_of_the_embedder() -> None:
    network, pictures = pretrained_network(("a", "b")), _pictures(2, 224)

    found = network_features(network.shape, network.weights, pictures)

    wanted = open_efficientnet_lite0(threads=1).embed(pictures)
    np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_another_onnx_file_is_none_of_ours_and_a_damaged_one_is_told() -> None:
    graph = OnnxGraph("A test", "train")
    graph.add("Identity", ["x"], "y")
    other = graph.to_bytes("other", ("x", "FLOAT", ["n", 2]), ("y", "FLOAT", ["n", 2]))

    assert read_classifier(other) is None
    with pytest.raises(UsageError, match="no ONNX model"):
        read_classifier(b"GIF89a")


def test_weights_that_do_not_fit_are_refused() -> None:
    network = _network()
    without = {name: one for name, one in network.weights.items() if name != "head.bias"}
    wrong = {**network.weights, "head.bias": np.array([np.nan] * 3, np.float32)}

    with pytest.raises(UsageError, match=r"lacks its weights head\.bias"):
        write_classifier(replace(network, weights=without))
    with pytest.raises(UsageError, match="not all finite"):
        write_classifier(replace(network, weights=wrong))


def test_a_shape_survives_json_and_refuses_what_does_not_fit() -> None:
    shape = small_shape(("a", "b"), side=64)

    assert shape_from_json(shape_to_json(shape), ("a", "b")) == shape
    with pytest.raises(UsageError, match="multiple of 16"):
        small_shape(("a", "b"), side=40)
    with pytest.raises(UsageError, match="of version 9"):
        shape_from_json('{"version": 9}', ("a", "b"))
    with pytest.raises(UsageError, match="damaged"):
        shape_from_json('{"version": 1, "blocks": 3}', ("a", "b"))
    with pytest.raises(UsageError, match="two classes or more"):
        small_shape(("a",))
