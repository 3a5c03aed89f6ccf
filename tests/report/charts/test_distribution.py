from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from driftwheel.report.charts.distribution import distribution
from driftwheel.report.property_words import property_words

SVG = "{http://www.w3.org/2000/svg}"


def drawn(markup) -> ET.Element:
    return ET.fromstring(f'<g xmlns="http://www.w3.org/2000/svg">{markup}</g>')[0]


def by_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in svg.iter() if one.get("class") == name]


def outline(path: ET.Element) -> list[tuple[float, float, float]]:
    """(left, right, top) of each bar."""
    return [tuple(map(float, m)) for m in re.findall(r"L([\d.]+) ([\d.]+)H([\d.]+)", path.get("d"))]


def test_the_area_of_a_histogram_is_every_image() -> None:
    rng = np.random.default_rng(1)
    svg = drawn(
        distribution(property_words("brightness"), rng.normal(100, 10, 900), rng.normal(120, 10, 400), 0.2)
    )
    (label,) = [t.text for t in svg.iter(f"{SVG}text") if t.text and t.text.endswith("of images")]
    top_share = float(label.split("\u00a0")[0]) / 100
    for name in ("ref", "cur"):
        (path,) = by_class(svg, name)
        total = sum((118 - top) / (118 - 14) * top_share for _, top, _ in outline(path))
        assert total == pytest.approx(1, abs=0.05)


def test_the_means_and_the_band_lie_where_they_belong() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.normal(100, 10, 2000), rng.normal(130, 10, 2000)
    svg = drawn(distribution(property_words("brightness"), before, after, 0.5))
    (reference,), (current,), (band,) = (by_class(svg, name) for name in ("refmark", "curmark", "band"))
    unit = (float(current.get("x1")) - float(reference.get("x1"))) / (after.mean() - before.mean())
    assert float(band.get("width")) == pytest.approx(2 * 0.5 * before.std() * unit, abs=0.3)
    middle = float(band.get("x")) + float(band.get("width")) / 2
    assert middle == pytest.approx(float(reference.get("x1")), abs=0.2)


def test_a_category_is_drawn_as_bars_with_its_names() -> None:
    words = property_words("format")
    svg = drawn(distribution(words, np.zeros(10), np.array([0.0, 1.0, 1.0, 1.0]), 0.05))
    texts = [t.text.replace("\u00a0", " ") for t in svg.iter(f"{SVG}text") if t.text]
    assert {words.categories[0], words.categories[1], "100 %", "25 %", "75 %", "0 %"} <= set(texts)


def test_few_values_of_a_number_are_bars_too() -> None:
    svg = drawn(distribution(property_words("width"), np.full(30, 224.0), np.full(20, 256.0), 0.1))
    assert svg.get("class") == "chart bars"
    assert any(t.text == "224\u00a0px" for t in svg.iter(f"{SVG}text"))


def test_many_categories_are_put_together() -> None:
    words = property_words("format")
    values = np.repeat(np.arange(20.0), 5)
    texts = [t.text for t in drawn(distribution(words, values, values, None)).iter(f"{SVG}text")]
    assert "other" in texts


def test_nothing_defined_is_said() -> None:
    nothing = np.full(5, np.nan)
    assert "not defined for any image" in distribution(property_words("jpeg_quality"), nothing, nothing, None)


def test_one_side_missing_draws_the_other() -> None:
    rng = np.random.default_rng(4)
    svg = drawn(distribution(property_words("noise_x"), rng.normal(size=100), np.full(3, np.nan), 0.2))
    assert by_class(svg, "refmark")
    assert not by_class(svg, "curmark")
