from __future__ import annotations

from driftwheel.images.exhibits import Exhibit, Exhibits
from driftwheel.report.album import MOST_BYTES, album


def test_no_exhibits_no_pictures() -> None:
    empty = album(None)
    assert empty.reference == empty.current == empty.outliers == ()
    assert empty.real is None


def test_the_order_and_the_places_are_kept() -> None:
    def one(name: str) -> Exhibit:
        return Exhibit(name, b"jpeg", f"of {name}")

    pictures = album(
        Exhibits(
            (one("a"), one("b"), one("c")), (one("x"), one("y")), (one("o"),), one("s"), one("f"), one("r")
        )
    )
    assert [p.name for p in pictures.reference] == ["a", "b", "c"]
    assert [p.name for p in pictures.current] == ["x", "y"]
    assert [p.caption for p in pictures.outliers] == ["of o"]
    assert (pictures.simulated.name, pictures.simulated_from.name, pictures.real.name) == ("s", "f", "r")
    assert pictures.real.alternative == "r: of r"
    assert pictures.real.source == "data:image/jpeg;base64,anBlZw=="


def test_what_does_not_fit_keeps_its_name_and_the_telling_ones_come_first() -> None:
    big = Exhibit("big", bytes(int(MOST_BYTES * 0.3)), "")
    pictures = album(Exhibits(reference=(big,) * 2, current=(big,) * 2, outliers=(big,), real=big))
    assert pictures.real.source is not None
    assert pictures.current[0].source is not None
    assert [p.source for p in pictures.outliers] == [None]
    everything = (*pictures.reference, *pictures.current, *pictures.outliers, pictures.real)
    assert sum(len(p.source or "") for p in everything) <= MOST_BYTES
