"""What a newcomer copies does what it says, in a real shell against a real server."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.web.pages.pictures import picture
from tests.web.serving import serving

from driftwheel.services.access.create_token import create_token
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.records.records import last_record_time
from driftwheel.web.pages.snippets import curl_snippet


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_one_image_is_logged_by_curl_with_the_time_of_now(tmp_path: Path) -> None:
    (tmp_path / "image.jpg").write_bytes(picture(1))
    with serving(tmp_path / "data") as running:
        engine, now = running.services.engine, datetime.now(UTC)
        register_model(engine, NewModel("pets", "classification", embedder="none"), by="test", now=now)
        token = create_token(engine, "line", "ingest", by="test", now=now, models=["pets"]).text
        snippet = curl_snippet(running.url, "pets", token=token)
        said = subprocess.run(
            ["sh", "-c", snippet], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        )
        assert '"outcome": "accepted"' in said.stdout
        with reading(engine) as connection:
            last = last_record_time(connection, find_model(connection, "pets").key)
        assert last is not None
        assert abs(last - now) < timedelta(minutes=5)
