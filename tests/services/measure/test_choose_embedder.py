import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.load_embedder import EMBEDDERS
from driftwheel.services.measure.choose_embedder import choose_embedder


@pytest.mark.parametrize("name", EMBEDDERS)
def test_everybody_chooses_among_the_built_in_ones(name: str) -> None:
    assert choose_embedder(f" {name} ", paths=False) == name


def test_nothing_is_auto() -> None:
    assert choose_embedder("", paths=False) == "auto"


def test_only_who_may_names_a_file() -> None:
    assert choose_embedder("/data/x.onnx", paths=True) == "/data/x.onnx"
    for path in ("/data/x.onnx", "x.ONNX", "..\\x", "/etc/passwd"):
        with pytest.raises(UsageError, match="Only an admin may name a file of the server"):
            choose_embedder(path, paths=False)


def test_what_is_set_may_stay() -> None:
    assert choose_embedder("/data/x.onnx", paths=False, now="/data/x.onnx") == "/data/x.onnx"


def test_a_slip_is_told() -> None:
    with pytest.raises(UsageError, match=r"no embedder 'gits'\. Did you mean 'gist'\?"):
        choose_embedder("gits", paths=False)
