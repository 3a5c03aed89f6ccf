from types import SimpleNamespace

import pytest

from driftwheel.settings import Settings
from driftwheel.web.pages.label.invitation_link import invitation_link


@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("auto", "http://10.0.0.4:8000/join/s3cret"),
        ("https://wheel.example.org", "https://wheel.example.org/join/s3cret"),
    ],
)
def test_the_link_is_at_the_address_that_the_server_is_known_by(public_url: str, link: str) -> None:
    request = SimpleNamespace(base_url="http://10.0.0.4:8000/")
    assert invitation_link(request, Settings.load(public_url=public_url), "s3cret") == link  # type: ignore[arg-type]
