"""The layers: the ONNX file gives what torch gives, with every normalisation folded away."""

import numpy as np
import pytest
from tests.learning.digits import need_training

from driftwheel.learning.autoencoder_network import build_network, folded_weights, write_network
from driftwheel.learning.autoencoder_shape import AutoencoderShape

SHAPES = [
    AutoencoderShape(8, colour=False, widths=(4,), latent=3),
    AutoencoderShape(28, colour=False, widths=(6, 5), latent=7),
    AutoencoderShape(16, colour=True, widths=(3, 4, 5), latent=2),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_onnx_gives_what_torch_gives(shape):
    need_training()
    import onnxruntime
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(shape)
        for _ in range(3):  # so that the normalisations have something to fold
            network(torch.rand(16, shape.channels, shape.side, shape.side) * 2)
        for norm in (layer for name, layer in network.named_children() if name.endswith("_norm")):
            torch.nn.init.uniform_(norm.weight, 0.5, 2)
            torch.nn.init.uniform_(norm.bias, -1, 1)
    network.eval()
    session = onnxruntime.InferenceSession(write_network(shape, folded_weights(network), {"a": "b"}))
    pictures = np.random.default_rng(0).random((5, shape.side, shape.side, shape.channels), np.float32)
    with torch.no_grad():
        theirs = (
            network(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())).numpy().transpose(0, 2, 3, 1)
        )
    (ours,) = session.run(["logits"], {"images": pictures})
    np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert session.get_modelmeta().custom_metadata_map == {"a": "b"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nothing_gets_past_the_latent_numbers(shape):
    need_training()
    network = dict(build_network(shape).named_children())
    assert network["latent"].weight.shape == (shape.latent, shape.widths[-1] * shape.coarsest**2)
    assert network["lift"].weight.shape == (shape.widths[-1] * shape.coarsest**2, shape.latent)
