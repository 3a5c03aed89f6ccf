"""Windows judged: real images, real faults, everything that a window may hold. See `weaving_line`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.weaving_line import CAMERAS, MONDAY, Line, encoded, fault, weaving_line, write_folder

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.monitors.observation import observations_from_json, observations_to_json
from driftwheel.monitors.signal import SIGNAL_NAMES
from driftwheel.profiles import to_bytes
from driftwheel.records import Image
from driftwheel.services.check.profile_images import profile_images
from driftwheel.services.ingest.ingest_profile import ingest_profile
from driftwheel.services.measure.measured_reference import portable_profile, unpack_reference
from driftwheel.services.models.kept_faults import pack_faults, unpack_faults
from driftwheel.services.models.set_reference import Range, Trailing
from driftwheel.services.operate.apply_retention import archive_old_records
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.services.watch.window_records import window_records
from driftwheel.settings import Settings
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.models.models import find_model
from driftwheel.store.models.references import current_reference
from driftwheel.store.windows.windows import StoredWindow, find_window, mark_stale

pytestmark = pytest.mark.long

LATER = MONDAY + timedelta(days=300)
BEFORE_REFERENCE = -1
FINE = (0, 1, 2, 3)
BLUR, GLARE, FEW, TORN, FROZEN, PRIVATE, EDGE, OLD, DARK = range(10, 19)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """Days of all kinds, measured; the reference is a folder of 300 images, faults simulated on 24."""
    folder = tmp_path_factory.mktemp("line")
    engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
    migrate(engine)
    line = weaving_line(engine, folder)
    line.log_day(BEFORE_REFERENCE)
    line.work()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwheel.services.check.simulate_faults.MOST_IMAGES", 24)
        line.refer_to(write_folder(line, folder / "reference"), now=MONDAY)
    for day in FINE:
        line.log_day(day)
    line.log_day(BLUR, changes={"right": fault("blur", 3)})
    line.log_day(GLARE, changes=dict.fromkeys(CAMERAS, fault("over_exposure", 3, share=0.6)))
    line.log_day(FEW, 8)
    line.log_day(TORN, changes={"left": lambda pixels, i: None if i % 2 else pixels})
    still = line.images(1)[0]
    moving = iter(line.images(50))
    line.log_day(FROZEN, images=[still if i % 2 == 0 else next(moving) for i in range(100)])
    line.log_day(PRIVATE, without_images=True)
    line.log_day(DARK, changes={"left": lambda pixels, i: pixels * 0 if i % 2 else pixels})
    line.log_day(OLD, changes=dict.fromkeys(CAMERAS, fault("blur", 4)))
    line.work()
    yield line
    engine.dispose()


def day(number: int) -> datetime:
    return MONDAY + timedelta(days=number)


def test_there_is_no_alarm_without_a_fault(line: Line) -> None:
    for number in FINE:
        for camera, judged in line.judge_day(day(number)).items():
            assert judged.answer == "no_drift", (number, camera, judged.headline)
            assert judged.p_value is not None
            assert judged.p_value > 0.001
            assert judged.headline.startswith("No drift: the ")
            assert (judged.kind, judged.exemplars) == (None, ())
            assert judged.n == (50 if camera else 100)
            assert judged.observations["drift"].judged is False
            assert not any(one.judged for one in judged.observations.values())


def test_p_values_are_those_of_chance(line: Line) -> None:
    """The reference's own space must not tell it from other images of the same kind."""
    p = [one.p_value or 0.0 for number in FINE for one in line.judge_day(day(number)).values()]
    assert 0.15 < float(np.median(p)) < 0.9
    assert float(np.mean(np.array(p) < 0.05)) <= 0.25


def test_a_fault_of_one_camera_is_named_where_it_is(line: Line) -> None:
    found = line.judge_day(day(BLUR))
    assert {camera: one.answer for camera, one in found.items()} == {
        "": "drift",
        "left": "no_drift",
        "right": "drift",
    }
    assert found["right"].headline == "Drift: all 50 images look blurred (severity 3)."
    assert "about 50 % of the 100 images look blurred" in found[""].headline
    for judged in (found[""], found["right"]):
        assert judged.kind == "appearance"
        assert judged.document is not None
        first = judged.document["diagnosis"][0]
        assert (first["fault"], judged.document["diagnosed"]) == ("blur", True)
        assert abs(first["severity"] - 3) <= 1
        assert 1 <= len(judged.exemplars) <= 8
        assert all(int(name.split("-")[1]) % 2 for name in judged.exemplars)  # all of the right camera
        sharpness = judged.observations["property.sharpness"]
        assert sharpness.judged is True
        assert sharpness.value is not None
        assert sharpness.high is not None
        assert sharpness.value > sharpness.high


def test_a_fault_of_some_images(line: Line) -> None:
    judged = line.judge(day(GLARE))
    assert judged.answer == "drift"
    assert judged.document is not None
    first = judged.document["diagnosis"][0]
    assert first["fault"] == "over_exposure"
    assert first["share"] == pytest.approx(0.6, abs=0.1)
    assert judged.document["answer"] == judged.headline


def test_the_same_again_gives_the_same(line: Line) -> None:
    one, other = line.judge(day(GLARE)), line.judge(day(GLARE))
    assert (one.headline, one.p_value, one.document) == (other.headline, other.p_value, other.document)
    assert one.observations == other.observations
    assert line.judge(day(GLARE), seed=1).document != one.document


def test_the_dial_is_shared_out(line: Line) -> None:
    """Half of one false alarm a year goes to three verdicts a day."""
    judged = line.judge(day(FINE[0]))
    assert judged.alpha == pytest.approx(1 / (365 * 3 * 2), rel=0.01)


def test_too_few(line: Line) -> None:
    judged = line.judge(day(FEW))
    assert (judged.answer, judged.p_value, judged.n) == ("insufficient", None, 8)
    assert judged.headline == "Not enough images to say: 8 images, of at least 20; 12 more needed."
    drift = judged.observations["drift"]
    assert (drift.value, drift.n, drift.judged) == (None, 8, None)
    assert judged.observations["records"].value == 8


def test_images_that_cannot_be_read(line: Line) -> None:
    judged = line.judge(day(TORN), "camera", "left")
    assert (judged.answer, judged.kind, judged.n) == ("drift", "unreadable", 25)
    assert judged.headline.startswith("Drift: 25 of 50 images (50 %) could not be read")
    assert len(judged.exemplars) == 8
    assert judged.observations["unreadable_share"].value == 0.5
    assert line.judge(day(TORN), "camera", "right").answer == "no_drift"


def test_a_frozen_camera(line: Line) -> None:
    judged = line.judge(day(FROZEN), "camera", "left")
    assert judged.answer == "drift"
    assert judged.document is not None
    assert judged.document["diagnosis"][0]["fault"] == "frozen_frame"
    assert judged.observations["frozen_share"].value == pytest.approx(49 / 50)
    assert line.judge(day(FROZEN), "camera", "right").observations["frozen_share"].value == 0.0


def test_black_images(line: Line) -> None:
    assert line.judge(day(DARK), "camera", "left").observations["black_share"].value == 0.5
    assert line.judge(day(DARK), "camera", "right").observations["black_share"].value == 0.0


def test_records_without_images(line: Line) -> None:
    """Privacy mode: nothing to judge, and all that was told is observed."""
    judged = line.judge(day(PRIVATE))
    assert (judged.answer, judged.n, judged.exemplars) == ("insufficient", 0, ())
    assert judged.observations["records"].value == 100
    assert judged.observations["confidence"].value == pytest.approx(0.8495, abs=1e-4)
    assert judged.observations["latency_p95"].value == pytest.approx(0.02, rel=0.02)
    assert judged.observations["unreadable_share"].n == 0


def test_images_of_before_the_reference(line: Line) -> None:
    """They are in the same space, whatever the reference was at the time."""
    judged = line.judge(day(BEFORE_REFERENCE))
    assert judged.answer == "no_drift"
    assert judged.document is not None
    assert judged.document["embedding"] is not None


def test_every_signal_is_observed(line: Line) -> None:
    for number in (FINE[0], FEW, PRIVATE):
        found = line.judge(day(number)).observations
        assert tuple(found) == SIGNAL_NAMES
        assert observations_from_json(observations_to_json(found)).keys() == found.keys()
    fine = line.judge(day(FINE[1])).observations
    assert fine["wrong_size_share"].value == 0.0
    assert fine["missing_tags_share"].value == 0.0
    assert fine["silence"].value == pytest.approx(86400 - 99 * 600)


def test_profiles_from_the_edge_only(line: Line, tmp_path: Path) -> None:
    with reading(line.engine) as connection:
        reference = current_reference(connection, line.model.key)
    assert reference is not None
    assert reference.artifact is not None
    portable = portable_profile(unpack_reference(line.blobs.get(reference.artifact)))
    for number, severity in ((EDGE, 0), (EDGE + 10, 4)):
        change = fault("blur", severity) if severity else (lambda pixels, _: pixels)
        shots = [
            Image(f"{i}.jpg", encoded(change(pixels, i)), day(number) + timedelta(minutes=i))  # type: ignore[arg-type]
            for i, pixels in enumerate(line.images(100))
        ]
        profile = profile_images(shots, reference=portable, window="day", threads=1)
        result = ingest_profile(line.engine, "line", to_bytes(profile), received=LATER, limits=Settings())
        assert result.outcome == "accepted"
    summarise_windows(line.engine, now=LATER)
    fine, blurred = line.judge(day(EDGE)), line.judge(day(EDGE + 10))
    assert (fine.answer, fine.n, blurred.answer) == ("no_drift", 100, "drift")
    assert blurred.exemplars == ()
    assert blurred.document is not None
    assert blurred.document["embedding"] is not None
    assert any("From profiles alone" in note for note in blurred.document["notes"])
    assert blurred.observations["property.sharpness"].judged is True
    assert blurred.observations["records"].value == 100


def test_records_that_retention_has_deleted(line: Line) -> None:
    """The day is told by its profile: the drift, no longer its cause."""
    before = line.judge(day(OLD))
    assert before.document is not None
    assert before.document["diagnosis"][0]["fault"] == "blur"
    first = line.judge(day(BEFORE_REFERENCE))
    old = replace(line.model, retention_days=1)
    while archive_old_records(line.engine, old, now=day(BEFORE_REFERENCE + 2)).records:
        pass
    summarise_windows(line.engine, now=LATER)
    after = line.judge(day(BEFORE_REFERENCE))
    assert (first.answer, after.answer, after.n) == ("no_drift", "no_drift", 100)
    assert after.document is not None
    assert any("From profiles alone" in note for note in after.document["notes"])
    assert after.observations["records"] == first.observations["records"]
    assert after.observations["prediction_mix"].n == 100


def test_a_sample_of_many(line: Line) -> None:
    with reading(line.engine) as connection:
        window = find_window(connection, line.model.key, day(FROZEN), tag="camera", value="left")
        assert window is not None
        some = window_records(connection, window, None, most=20)
        all_of_them = window_records(connection, window, None)
    assert (len(some.table), some.n, some.is_sample) == (20, 50, True)
    assert (len(all_of_them.table), all_of_them.is_sample) == (50, False)
    places = [all_of_them.table.images.index(name) for name in some.table.images]
    assert places == sorted(places)
    np.testing.assert_array_equal(some.table.properties, all_of_them.table.properties[places])


def test_a_verdict_on_a_sample_says_so(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "driftwheel.services.watch.judge_window.window_records", partial(window_records, most=60)
    )
    judged = line.judge(day(GLARE))
    assert (judged.answer, judged.n) == ("drift", 60)
    assert "of the 60 drawn images look over-exposed" in judged.headline
    assert judged.document is not None
    assert "Judged by 60 of 100 images, drawn at random." in judged.document["notes"]
    assert judged.observations["records"].value == 100


def test_a_reference_that_is_lost(line: Line) -> None:
    """The window is told as not judged, and everything that needs no reference is observed."""
    with reading(line.engine) as connection:
        reference = current_reference(connection, line.model.key)
    assert reference is not None
    assert reference.artifact is not None
    kept = line.blobs.get(reference.artifact)
    assert line.blobs.delete(reference.artifact)
    try:
        judged = line.judge(day(FINE[0]))
    finally:
        line.blobs.put(kept)
    assert judged.answer == "error"
    assert judged.headline == (
        "Not judged: the measured reference is lost among the blobs. Set the reference again."
    )
    assert judged.observations["drift"].failed
    assert judged.observations["records"].value == 100


def test_without_the_simulated_faults_drift_has_no_cause(line: Line) -> None:
    with reading(line.engine) as connection:
        reference = current_reference(connection, line.model.key)
    assert reference is not None
    assert reference.faults is not None
    library = unpack_faults(line.blobs.get(reference.faults))
    assert pack_faults(library) == line.blobs.get(reference.faults)
    assert library.property_names == PROPERTY_NAMES
    kept = line.blobs.get(reference.faults)
    assert line.blobs.delete(reference.faults)
    try:
        judged = line.judge(day(BLUR))
    finally:
        line.blobs.put(kept)
    assert (judged.answer, judged.kind) == ("drift", "unknown")
    assert judged.document is not None
    assert judged.document["diagnosed"] is False
    assert any("not simulated" in note for note in judged.document["notes"])


@pytest.fixture
def small(database: Engine, tmp_path: Path) -> Line:
    return weaving_line(database, tmp_path, embedder="none")


def test_without_a_reference(small: Line) -> None:
    start = small.log_day(0, 40)
    small.work()
    judged = small.judge(start)
    assert (judged.answer, judged.reference, judged.p_value, judged.document) == (
        "no_reference",
        None,
        None,
        None,
    )
    assert judged.headline.startswith("No reference: 40 images, held against nothing yet.")
    assert (judged.observations["drift"].value, judged.observations["drift"].failed) == (None, False)
    assert judged.observations["records"].value == 40


def test_a_window_that_became_stale_is_told_with_a_revision_of_before(small: Line) -> None:
    start = small.log_day(0, 30)
    small.work()
    window = window_at(small, start)
    assert small.judge(start).revision == window.revision
    with writing(small.engine) as connection:
        mark_stale(connection, small.model.key, "day", [start], [{}], [])
    known = KnownReferences(small.blobs)
    assert judge_window(small.engine, known, small.model, window).revision == window.revision
    assert small.judge(start).revision < window_at(small, start).revision
    summarise_windows(small.engine, now=LATER)
    assert judge_window(small.engine, known, small.model, window).revision == window.revision
    assert small.judge(start).revision == window_at(small, start).revision > window.revision


def test_a_trailing_reference_leaves_the_window_itself_out(small: Line) -> None:
    starts = [small.log_day(number, 60) for number in range(4)]
    dark = small.log_day(4, 60, changes=dict.fromkeys(CAMERAS, lambda pixels, _: pixels // 2))
    small.work()
    key = small.refer_to(Trailing(5), now=MONDAY + timedelta(days=5, hours=1), faults=False)
    known = KnownReferences(small.blobs)
    with reading(small.engine) as connection:
        model = find_model(connection, "line")
        reference = known.of(connection, model)
        window = find_window(connection, model.key, dark)
    assert reference is not None
    assert window is not None
    usual, own = reference.records("", "", dark, dark + timedelta(days=1))
    assert (len(reference.sample), len(usual), own) == (300, 240, True)
    left, own = reference.records("camera", "left", dark, dark + timedelta(days=1))
    assert (len(left), own) == (120, True)
    assert reference.records("camera", "middle", dark, dark + timedelta(days=1))[1] is False
    judged = judge_window(small.engine, known, model, window)
    assert (judged.answer, judged.reference) == ("drift", key)
    assert judge_window(small.engine, known, model, window_at(small, starts[1])).answer == "no_drift"


def test_a_new_reference_is_taken_up(small: Line) -> None:
    fine = [small.log_day(number, 60) for number in (0, 1)]
    half = dict.fromkeys(CAMERAS, lambda pixels, _: pixels // 2)
    dark = [small.log_day(number, 60, changes=half) for number in (2, 3)]
    small.work()
    known = KnownReferences(small.blobs)
    for since, answers in ((fine[0], ["no_drift", "drift"]), (dark[0], ["drift", "no_drift"])):
        small.refer_to(Range(since, since + timedelta(days=1)), now=LATER, faults=False)
        found = [
            judge_window(small.engine, known, small.model, window_at(small, one)).answer
            for one in (fine[1], dark[1])
        ]
        assert found == answers


def window_at(line: Line, start: datetime) -> StoredWindow:
    with reading(line.engine) as connection:
        found = find_window(connection, line.model.key, start)
    assert found is not None
    return found
