"""Differences of two versions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.datasets.made_examples import example, sorted_examples

from driftwheel.datasets.difference import Difference, changes_between
from driftwheel.datasets.example import Example, ImageLabel, Origin

EXAMPLES = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.sampled_from(["cat", "dog"]), st.sampled_from(["train", "test"])),
)


def version(said: dict[str, tuple[str, str]]) -> list[Example]:
    return sorted_examples(*(example(name, label, split=split) for name, (label, split) in said.items()))


def test_what_became_of_each_image() -> None:
    before = dict.fromkeys(("same", "gone", "other", "moved", "review"), ("cat", "train"))
    after = dict.fromkeys(("same", "new", "review"), ("cat", "train"))
    later = version(after | {"other": ("dog", "test"), "moved": ("cat", "test")})
    later = [replace(one, origin=Origin("review")) if one.name == "review" else one for one in later]
    counted = Difference()
    changes = {one.either.name: one.kind for one in changes_between(version(before), later, counted)}
    assert changes == {
        "gone": "removed", "new": "added", "other": "relabelled", "moved": "moved", "review": "lineage",
    }  # fmt: skip
    assert (counted.same, counted.changes.total()) == (1, 5)
    assert counted.relabelled == {("cat", "dog"): 1}
    assert counted.moved == {("train", "test"): 2}
    assert counted.classes == {"cat": (5, 4), "dog": (0, 1)}


def test_boxes_are_compared_as_sets() -> None:
    nothing = replace(example("a"), label=ImageLabel("boxes"))
    assert list(changes_between([nothing], [nothing])) == []


@given(EXAMPLES, EXAMPLES)
def test_the_laws(before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]) -> None:
    there, back = Difference(), Difference()
    changes = list(changes_between(version(before), version(after), there))
    list(changes_between(version(after), version(before), back))
    assert there.same + there.changes.total() == len({*before, *after})
    assert there.is_empty == (before == after)
    assert there.changes["added"] == back.changes["removed"]
    assert there.changes["relabelled"] == back.changes["relabelled"]
    made = {one.name: one for one in version(before)}
    for change in changes:
        if change.after is None:
            del made[change.either.name]
        else:
            made[change.either.name] = change.after
    assert sorted_examples(*made.values()) == version(after), "what changed makes the one of the other"
