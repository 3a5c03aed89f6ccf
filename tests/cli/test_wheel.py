"""`driftwheel wheel show` and `set`: when turns begin, as whoever looks after the server gives them."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Administer

from driftwheel.cli.wheel_values import policy_values
from driftwheel.errors import UsageError

FILE = """
[models.cats]
task = "classification"
classes = ["cat", "dog"]
embedder = "none"
"""


def test_a_policy_is_shown_and_set(administer: Administer) -> None:
    administer("apply", "-", typed=FILE)
    told = administer("wheel", "show", "cats").output
    assert told.startswith("The wheel does not turn by itself: it is off.\n")
    assert "There is no schedule." in told
    assert "Budget of 30 days: 0 of 4 turns and 0 of 1,500 labels used." in told
    assert "Rhythm: Cannot tell: no champion has been promoted yet." in told
    assert "[models.cats.wheel]\nenabled = false\n" in told
    done = administer("wheel", "set", "cats", "accuracy_below=90%", "images=80", "every-days=14")
    assert done.output.splitlines() == [
        "Set: accuracy_below = 0.9, images = 80, every_days = 14",
        "The wheel is off; let it turn with: driftwheel wheel set cats enabled=on",
    ]
    assert administer("wheel", "set", "cats", "enabled=on", "images=default").output == (
        "Set: enabled = on, images = 200\n"
    )
    for words, said in (
        ("image=80", "Did you mean 'images'?"),
        ("images=many", "images is 'many'; give a whole number."),
        ("enabled=maybe", "enabled is 'maybe'; give true or false."),
    ):
        assert said in str(administer("wheel", "set", "cats", words).exception)
    plain = json.loads(administer("wheel", "show", "cats", "--json").output)
    assert (plain["policy"]["every_days"], plain["policy"]["images"], plain["begins"]) == (14, 200, False)
    assert [one["told"] for one in plain["triggers"]][3] == "There is no champion."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["images"], "'images' sets nothing; write NAME=VALUE, as images=80."),
        (["=80"], "'=80' sets nothing; write NAME=VALUE, as images=80."),
        (["images=80", "images=90"], "'images' is given twice"),
    ],
)
def test_what_sets_nothing_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        policy_values(words)
    assert said in str(refused.value)


def test_words_become_values() -> None:
    assert policy_values(["a=1", "b=0.5", "c=12.5%", "d=none", "e=off", "f=my project", "g=1e2"]) == {
        "a": 1,
        "b": 0.5,
        "c": 0.125,
        "d": None,
        "e": False,
        "f": "my project",
        "g": 100.0,
    }
