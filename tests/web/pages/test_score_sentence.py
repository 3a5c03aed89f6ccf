"""The sentence on scores: what moved, by how much, on how many images; nothing where nothing was compared."""

from __future__ import annotations

from typing import Any

from driftwheel.web.pages.models.score_sentence import score_sentence

SCORES: dict[str, Any] = {
    "p_value": 1e-6,
    "column": "owl",
    "effect": 0.31,
    "threshold": 0.12,
    "mix_effect": 0.46,
    "mix_threshold": 0.1,
    "drifted": True,
    "classes": [
        {"name": "owl", "reference": 80, "current": 99, "p_value": 1e-6},
        {"name": "fox", "reference": 200, "current": 30, "p_value": 0.4},
    ],
    "n_reference": 400,
    "n_current": 150,
}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_drift_names_the_classes_that_changed() -> None:
    assert plain(score_sentence({"scores": SCORES})) == (
        "Beside the reference its scores drifted (p < 0.0005): the score of owl moved most, by 31 % of the "
        "images (counts above 12 %); 46 % of the images are in other classes (counts above 10 %); "
        "owl 20 % → 66 %. n = 150 against 400."
    )


def test_without_drift_no_class_is_named() -> None:
    said = plain(score_sentence({"scores": SCORES | {"drifted": False, "column": "confidence"}}))
    assert "did not drift" in said
    assert "the largest score moved most" in said
    assert "→" not in said


def test_where_nothing_was_compared_nothing_is_said() -> None:
    for document in (None, {}, {"scores": None}):
        assert score_sentence(document) == ""


def test_the_classes_that_changed_most_come_first_as_in_a_report() -> None:
    classes = [
        {"name": "few", "reference": 0, "current": 9, "p_value": 1e-6},
        *({"name": f"many {i}", "reference": 40, "current": 15 + 10 * i, "p_value": 0.001} for i in range(3)),
    ]
    said = plain(score_sentence({"scores": SCORES | {"classes": classes}}))
    assert "; many 2 10 % → 23 %, many 1 10 % → 17 %, few 0 % → 6 %." in said
