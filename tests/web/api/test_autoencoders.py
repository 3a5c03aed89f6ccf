"""Autoencoders of models over HTTP: given, read, and taken away."""

from __future__ import annotations

import hashlib

from tests.services.grey_autoencoder import full_autoencoder, grey_autoencoder
from tests.web.serving import Running
from tests.workflows.installation import log, picture, record

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.models.references import create_reference, set_reference_ready

ADDRESS = "/api/v1/models/cats/autoencoders"
BYTES = {"content-type": "application/octet-stream"}


def refer(server: Running, name: str = "cats") -> int:
    engine, now = server.services.engine, server.clock()
    with reading(engine) as connection:
        model = find_model(connection, name)
    with writing(engine) as connection:
        made = create_reference(
            connection, model.key, kind="folder", source={"images": "x"}, created=now, by="me"
        )
        set_reference_ready(connection, made.key, None)
    return made.key


def test_from_the_first_to_none(server: Running) -> None:
    client = server.with_token("engineer")
    file = grey_autoencoder([picture(i) for i in range(5)], reference="last spring")
    assert client.get(ADDRESS).json() == []
    refused = client.post(ADDRESS, content=file, headers=BYTES)
    assert refused.status_code == 422
    assert "no reference that is ready" in refused.json()["detail"]
    reference = refer(server)
    made = client.post(ADDRESS, content=file, headers=BYTES)
    assert made.status_code == 201
    told = made.json()
    assert told["file"] == hashlib.sha256(file).hexdigest()
    assert (told["state"], told["in_use"], told["earlier_reference"]) == ("ready", True, False)
    assert (told["reference"], told["trained_on"], told["held_out"]) == (reference, "last spring", 5)
    assert (told["side"], told["colour"], told["latent"]) == (16, True, 1)
    assert 0 < told["baseline"] < 1
    refer(server)
    (again,) = client.get(ADDRESS).json()
    assert again == told | {"earlier_reference": True}
    assert client.delete(ADDRESS).status_code == 204
    assert client.get(ADDRESS).json() == []
    assert "has no autoencoder" in client.delete(ADDRESS).json()["detail"]


def test_one_of_the_usual_size_is_taken(server: Running) -> None:
    client = server.with_token("engineer")
    refer(server)
    file = full_autoencoder()
    assert len(file) > 1_000_000
    made = client.post(ADDRESS, content=file, headers=BYTES)
    assert made.status_code == 201
    assert made.json()["side"] == 64
    assert client.delete(ADDRESS).status_code == 204


def test_what_is_refused(server: Running) -> None:
    client = server.with_token("engineer")
    refer(server)
    assert (
        client.post(ADDRESS, content=b"{}", headers={"content-type": "application/json"}).status_code == 415
    )
    wrong = client.post(ADDRESS, content=b"no network", headers=BYTES)
    assert wrong.status_code == 422
    assert "no ONNX model" in wrong.json()["detail"]
    assert client.post(ADDRESS.replace("cats", "dogs"), content=b"x", headers=BYTES).status_code == 404
    viewer = server.with_token("viewer")
    assert viewer.get(ADDRESS).status_code == 200
    assert viewer.post(ADDRESS, content=b"x", headers=BYTES).status_code == 403
    assert viewer.delete(ADDRESS).status_code == 403


def test_a_picture_of_what_it_makes_of_an_image(server: Running) -> None:
    engine, blobs = server.services.engine, server.services.blobs
    client = server.with_token("engineer")
    refer(server)
    key = client.post(ADDRESS, content=grey_autoencoder([picture(3)]), headers=BYTES).json()["key"]
    with reading(engine) as connection:
        model = find_model(connection, "cats")
    image = picture(5)
    log(engine, blobs, model, [record("seen", image, model="cats")])
    digest = hashlib.sha256(image).hexdigest()
    shown = f"/api/v1/models/cats/images/{digest}/reconstruction"
    viewer = server.with_token("viewer")
    answer = viewer.get(shown, params={"autoencoder": key})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content.startswith(b"\x89PNG")
    assert viewer.get(shown).status_code == 422
    for address, number in (
        (shown, key + 1),
        (shown.replace("cats", "parts"), key),
        (shown.replace(digest, "0" * 64), key),
    ):
        assert viewer.get(address, params={"autoencoder": number}).status_code == 404
    blobs.delete(bytes.fromhex(digest))
    other = client.post(ADDRESS, content=grey_autoencoder([picture(4)]), headers=BYTES).json()["key"]
    gone = viewer.get(shown, params={"autoencoder": other})
    assert (gone.status_code, gone.json()["detail"]) == (
        404,
        "The image, or the autoencoder, is no longer kept.",
    )
    stranger = server.client().get(shown, params={"autoencoder": key})
    assert stranger.status_code == 401


def test_one_is_asked_for(server: Running) -> None:
    server.model("pears")
    client = server.with_token("engineer")
    address = ADDRESS.replace("cats", "pears") + "/training"
    assert client.post(address, json={}).status_code == 422  # no reference
    refer(server, "pears")
    assert client.post(address, json={"side": 9}).status_code == 422
    assert client.post(address, json={"sides": 16}).status_code == 422
    made = client.post(address, json={"side": 16, "colour": False})
    assert made.status_code == 202
    told = made.json()
    assert (told["state"], told["in_use"], told["file"], told["side"]) == ("training", False, None, None)
    again = client.post(address, json={})
    assert again.status_code == 422
    assert "in training already" in again.json()["detail"]
    assert client.delete(ADDRESS.replace("cats", "pears")).status_code == 204
    assert client.post(address, json={}).status_code == 202
    assert server.with_token("viewer").post(address, json={}).status_code == 403
