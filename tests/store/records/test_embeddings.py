from datetime import timedelta

import numpy as np
from sqlalchemy import Engine
from tests.store.rows import NOON, new_record

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.embeddings import newest_embeddings
from driftwheel.store.records.records import Measurement, find_record, insert_records, set_measured


def test_the_newest_by_event_time_of_one_space_and_length(database: Engine) -> None:
    vectors = {"late": [3, 1], "early": [1, 1], "mid": [2, 1], "long": [1, 1, 1], "elsewhere": [5, 5]}
    hours = {"late": 3, "early": 1, "mid": 2, "long": 4, "elsewhere": 5}
    with writing(database) as c:
        model = create_model(c, "m", task="classification", created=NOON).key
        rows = [new_record(model, name, time=NOON + timedelta(hours=hours[name])) for name in vectors]
        insert_records(c, rows)
        keys = {name: getattr(find_record(c, model, name), "key", 0) for name in vectors}
        for name, vector in vectors.items():
            space = "other" if name == "elsewhere" else "gist-1/a"
            packed = np.array(vector, "<f2").tobytes()
            set_measured(c, [Measurement(keys[name], embedding=packed, space=space)])
    with reading(database) as c:
        found, embeddings = newest_embeddings(c, model, "gist-1/a", dimensions=2, limit=2)
        none, empty = newest_embeddings(c, model, "unknown", dimensions=2, limit=2)
    assert found.tolist() == [keys["late"], keys["mid"]]
    assert embeddings.tolist() == [[3, 1], [2, 1]]
    assert (len(none), empty.shape) == (0, (0, 2))
