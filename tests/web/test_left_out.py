"""Too many values of a tag: the model's page, `/metrics` and `driftwheel doctor` say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.web.serving import serving

from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.operate.examine_installation import examine_installation
from driftwheel.services.watch.choose_segments import MOST_VALUES
from driftwheel.services.watch.summarise_windows import summarise_windows


@pytest.mark.parametrize(("more", "words"), [(0, ""), (1, "1 value is in no"), (7, "7 values are in no")])
def test_what_is_left_out_is_shown(tmp_path: Path, database_url: str, more: int, words: str) -> None:
    with serving(tmp_path, database_url=database_url) as server:
        services, now = server.services, server.clock()
        new = NewModel("m", "classification", segment_tags=("camera",), embedder="none")
        register_model(services.engine, new, by="test", now=now)
        lines = [
            f'{{"id": "{camera}", "time": "{now.isoformat()}", "tags": {{"camera": "{camera}"}}}}'
            for camera in range(MOST_VALUES + more)
        ]
        headers = {"content-type": "application/x-ndjson"}
        client = server.with_token("ingest")
        answer = client.post("/api/v1/models/m/records", content="\n".join(lines), headers=headers)
        assert answer.json()["accepted"] == MOST_VALUES + more  # nobody who logs is refused
        while summarise_windows(services.engine, now=now).last_key is not None:
            pass
        viewer = server.with_token("viewer")
        page = viewer.get("/models/m").text.replace("\xa0", " ")
        assert ("in no segment" in page) == bool(more)
        assert words in page
        assert f'driftwheel_segments_left_out{{model="m"}} {more:.1f}' in viewer.get("/metrics").text
        (found,) = (
            one for one in examine_installation(services.settings, now=now) if one.subject == "segments"
        )
        assert (found.state, f"'m' {more}" in found.message) == (("warn", True) if more else ("ok", False))
