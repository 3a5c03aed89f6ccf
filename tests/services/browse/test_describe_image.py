from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON, new_record

from driftwheel.errors import UsageError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.predictions import Classification, Feedback
from driftwheel.records import Records
from driftwheel.services.browse.describe_image import describe_image
from driftwheel.services.measure.measured_reference import pack_reference, sum_up_reference
from driftwheel.services.measure.packed_records import pack_properties
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model
from driftwheel.store.models.references import create_reference, set_reference_ready
from driftwheel.store.records.feedback import add_feedback
from driftwheel.store.records.records import Measurement, find_record, insert_records, set_measured
from driftwheel.store.records.truths import NewTruth, put_truths

BRIGHTNESS = PROPERTY_NAMES.index("brightness")


def values(brightness: float) -> np.ndarray:
    found = np.full(len(PROPERTY_NAMES), np.nan, np.float32)
    found[BRIGHTNESS] = brightness
    found[PROPERTY_NAMES.index("contrast")] = 40
    return found


def reference_of(blobs: Blobs) -> bytes:
    """A reference of 300 images with brightness 100…130."""
    rows = np.stack([values(100 + i / 10) for i in range(300)])
    images = tuple(f"{i}.jpg" for i in range(300))
    records = Records(images=images, properties=rows, property_names=PROPERTY_NAMES)
    return blobs.put(pack_reference(sum_up_reference(records, None, ())))


def test_all_that_is_known_is_told(database: Engine, tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    with writing(database) as c:
        model = create_model(c, "m", task="classification", created=NOON).key
        insert_records(c, [new_record(model, "dark"), new_record(model, "usual"), new_record(model, "new")])
        keys = {name: getattr(find_record(c, model, name), "key", 0) for name in ("dark", "usual", "new")}
        for name, brightness in (("dark", 12.0), ("usual", 117.0)):
            set_measured(c, [Measurement(keys[name], properties=pack_properties(values(brightness)))])
        put_truths(c, model, [NewTruth("dark", Classification("dog"))], received=NOON, by="anna")
        add_feedback(c, model, [Feedback("dark", True, None, "no")], received=NOON, by="ben")
    with reading(database) as c:
        bare = describe_image(c, blobs, keys["dark"])
    assert (bare.reference, bare.ranges, bare.outside, bare.n_reference) == (None, {}, (), 0)
    assert bare.properties["brightness"] == 12.0
    with writing(database) as c:
        key = create_reference(c, model, kind="folder", source={}, created=NOON, by="t").key
        set_reference_ready(c, key, reference_of(blobs))
    with reading(database) as c:
        dark, usual, new = (describe_image(c, blobs, keys[name]) for name in ("dark", "usual", "new"))
    assert dark.truth is not None
    assert (dark.truth.truth, dark.truth.by) == (Classification("dog"), "anna")
    assert [(each.note, each.by) for each in dark.feedback] == [("no", "ben")]
    assert dark.compared == ("brightness", "contrast")
    assert (dark.outside, usual.outside) == (("brightness",), ())
    assert dark.n_reference == 300
    assert (new.properties, new.compared, new.truth, new.feedback) == ({}, (), None, ())


def test_a_lost_reference_leaves_the_image_to_be_seen(database: Engine, tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    with writing(database) as c:
        model = create_model(c, "m", task="classification", created=NOON).key
        insert_records(c, [new_record(model, "one")])
        key = create_reference(c, model, kind="folder", source={}, created=NOON, by="t").key
        set_reference_ready(c, key, b"\x07" * 32)
        record = find_record(c, model, "one")
    assert record is not None
    with reading(database) as c:
        assert describe_image(c, blobs, record.key).ranges == {}


def test_an_image_that_is_gone_says_so(database: Engine, tmp_path: Path) -> None:
    with reading(database) as c, pytest.raises(UsageError, match="There is no image 99"):
        describe_image(c, Blobs.open(str(tmp_path / "blobs")), 99)
