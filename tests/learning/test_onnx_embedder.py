"""Any ONNX file: what goes into the network is checked by networks that give back what they are fed."""

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.onnx_embedder import open_onnx

BLUE, GREEN, RED = 30, 90, 210


def plain(height=20, width=30):
    return np.full((height, width, 3), (BLUE, GREEN, RED), np.uint8)


def vector(path, image=None):
    embedder = open_onnx(path, threads=1)
    return embedder.embed(embedder.prepare(plain() if image is None else image)[None])[0]


def test_pixels_go_in_as_rgb_between_0_and_1(write_channel_means):
    assert vector(write_channel_means())[:3] == pytest.approx(np.array([RED, GREEN, BLUE]) / 255, abs=1e-6)


@pytest.mark.parametrize("kind", ["FLOAT", "FLOAT16", "DOUBLE"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_layout_type_order_and_scale_are_respected(kind, layout, write_channel_means):
    shape = ("n", 3, 8, 12) if layout == "NCHW" else ("n", 8, 12, 3)
    metadata = {"driftwheel.input": "bgr", "driftwheel.mean": "0.1,0.2,0.3", "driftwheel.std": "0.5"}
    path = write_channel_means(shape, kind=kind, layout=layout, metadata=metadata)
    expected = (np.array([BLUE, GREEN, RED]) / 255 - [0.1, 0.2, 0.3]) / 0.5
    assert vector(path)[:3] == pytest.approx(expected, abs=2e-3 if kind == "FLOAT16" else 1e-6)


def test_bytes_go_in_as_they_are(write_channel_means):
    path = write_channel_means(("n", 8, 8, 3), kind="UINT8", layout="NHWC")
    assert vector(path)[:3] == pytest.approx([RED, GREEN, BLUE])


def test_one_channel_is_luma(write_channel_means):
    luma = round(0.299 * RED + 0.587 * GREEN + 0.114 * BLUE)
    assert vector(write_channel_means(("n", 1, 8, 8)))[0] == pytest.approx(luma / 255, abs=1e-6)


def test_a_fixed_batch_is_filled_up_and_the_filling_dropped(write_channel_means):
    free, fixed = (write_channel_means((batch, 3, 8, 8), name=f"{batch}.onnx") for batch in ("n", 4))
    images = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
    one, other = (open_onnx(path, threads=1).embed(images) for path in (free, fixed))
    assert one.shape == (10, 6)
    assert np.allclose(one, other, atol=1e-6)


def test_the_first_output_of_two_axes_is_taken(write_onnx):
    nodes = [
        ("Relu", ["images"], ["map"], {}),
        ("ReduceMean", ["images"], ["all"], {"axes": [1, 2, 3], "keepdims": 0}),
        ("ReduceMean", ["images"], ["vectors"], {"axes": [2, 3], "keepdims": 0}),
    ]
    outputs = {"all": ["n"], "map": ["n", 3, 8, 8], "vectors": ["n", 3]}
    embedder = open_onnx(write_onnx(nodes, {"images": ("FLOAT", ["n", 3, 8, 8])}, outputs), threads=1)
    assert (embedder.output, embedder.dimensions) == ("vectors", 3)


@pytest.mark.parametrize("shape", [["n", 3, 8, 8], ["n", 8, 8, 3]])
def test_a_map_is_averaged_over_the_picture(shape, write_onnx):
    path = write_onnx([("Identity", ["images"], ["map"], {})], {"images": ("FLOAT", shape)}, {"map": shape})
    assert vector(path) == pytest.approx(np.array([RED, GREEN, BLUE]) / 255, abs=1e-6)


def test_the_identity_names_the_file_and_its_content(write_channel_means):
    one = open_onnx(write_channel_means(name="mine.onnx"), threads=1).identity
    again = open_onnx(write_channel_means(name="mine.onnx"), threads=3)
    other = open_onnx(
        write_channel_means(name="mine.onnx", metadata={"driftwheel.mean": "0.5"}), threads=1
    ).identity
    assert one.startswith("onnx:mine:")
    assert len(one.split(":")[2]) == 12
    assert again.identity == one != other
    assert again.threads == 3


def test_weights_beside_the_file_count_in_its_identity(write_channel_means):
    path = write_channel_means()
    before = open_onnx(path, threads=1).identity
    path.with_name(path.name + ".data").write_bytes(b"weights")
    assert open_onnx(path, threads=1).identity != before


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x08\x08" + bytes(100)])
def test_a_file_that_is_not_onnx_is_refused(content, tmp_path, write_onnx):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(
        UsageError, match=r"broken\.onnx cannot be (opened: it is no ONNX model, or damaged|used)"
    ):
        open_onnx(path, threads=1)


def test_half_a_file_is_refused(write_channel_means):
    path = write_channel_means()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UsageError, match="it is no ONNX model, or damaged"):
        open_onnx(path, threads=1)


def test_a_network_of_two_inputs_is_refused(write_onnx):
    image = ("FLOAT", ["n", 3, 8, 8])
    path = write_onnx([("Add", ["a", "b"], ["c"], {})], {"a": image, "b": image}, {"c": ["n", 3, 8, 8]})
    with pytest.raises(
        UsageError, match=r"cannot be used\. It has 2 inputs to fill \('a', 'b'\); it must have one"
    ):
        open_onnx(path, threads=1)


def test_a_network_that_reads_no_image_is_refused(write_onnx):
    path = write_onnx([("Relu", ["x"], ["y"], {})], {"x": ("FLOAT", ["n", 784])}, {"y": ["n", 784]})
    with pytest.raises(
        UsageError, match=r"cannot be used\. Its input 'x' has shape \(n, 784\); an image input"
    ):
        open_onnx(path, threads=1)


def test_a_network_that_gives_no_vector_is_refused(write_onnx):
    nodes = [("ReduceMean", ["images"], ["one"], {"axes": [1, 2, 3], "keepdims": 0})]
    path = write_onnx(nodes, {"images": ("FLOAT", ["n", 3, 8, 8])}, {"one": ["n"]})
    with pytest.raises(
        UsageError, match=r"For 2 images it gives 'one' float32 \(2,\); an embedder gives \(n, d\)"
    ):
        open_onnx(path, threads=1)


def test_a_network_that_fails_is_refused(write_onnx):
    nodes = [("MatMul", ["images", "weights"], ["vectors"], {})]
    path = write_onnx(
        nodes,
        {"images": ("FLOAT", ["n", 3, "h", "w"])},
        {"vectors": None},
        constants={"weights": np.ones((7, 2), np.float32)},
    )
    with pytest.raises(UsageError, match="It fails on 2 images to try it: "):
        open_onnx(path, threads=1)


def test_a_network_that_gives_no_number_says_so(write_onnx):
    nodes = [
        (
            "Sub",
            ["half", "images"],
            ["rest"],
            {},
        ),  # above 0 on black, where the network is tried; below on white
        ("ReduceMean", ["rest"], ["mean"], {"axes": [2, 3], "keepdims": 0}),
        ("Log", ["mean"], ["vectors"], {}),
    ]
    constants = {"half": np.array(0.5, np.float32)}
    path = write_onnx(
        nodes, {"images": ("FLOAT", ["n", 3, 8, 8])}, {"vectors": ["n", 3]}, constants=constants
    )
    embedder = open_onnx(path, threads=1)
    with pytest.raises(UsageError, match=r"onnx:network:\w{12} gave values that are not finite"):
        embedder.embed(embedder.prepare(np.full((8, 8, 3), 255, np.uint8))[None])
