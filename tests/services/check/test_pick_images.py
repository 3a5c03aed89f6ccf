"""Reading a few images again, by name."""

from driftwheel.records import Image, Unreadable
from driftwheel.services.check.pick_images import pick_images
from driftwheel.sources import open_source


def test_others_are_not_read(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    source = open_source(tmp_path)
    (tmp_path / "a.jpg").unlink()
    assert list(pick_images(source, {"b.jpg"})) == ["b.jpg"]


def test_what_has_become_unreadable_is_missing():
    source = open_source([Unreadable("a", "empty"), Image("b", b"x")])
    assert pick_images(source, {"a", "b"}).keys() == {"b"}


def test_an_iterator_that_was_used_up_yields_nothing_and_no_error():
    source = open_source(iter([Image("a", b"x")]))
    list(source)
    assert pick_images(source, {"a"}) == {}
