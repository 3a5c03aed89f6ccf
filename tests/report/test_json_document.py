from __future__ import annotations

import json

import jsonschema
import pytest

from driftwheel.report.json_document import SCHEMA_VERSION, json_document, json_schema

PROMISED = {
    "verdict", "p_value", "kind", "diagnosis", "properties", "embedding", "outliers", "unreadable",
    "n_reference", "n_current",
}  # fmt: skip
PROMISED_OF_A_PROPERTY = {
    "name", "drifted", "p_value", "statistic", "wasserstein_sigmas", "psi", "reference_mean", "current_mean",
}  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def objects(schema: dict) -> list[dict]:
    """Every object schema, from the outside in."""
    found = [schema] if "properties" in schema else []
    for one in schema.get("properties", {}).values():
        for inner in (one, one.get("items", {}), *one.get("anyOf", ())):
            found += objects(inner)
    return found


def test_every_shape_keeps_to_the_schema(any_check, validator) -> None:
    document = json_document(any_check.verdict)
    validator.validate(json.loads(json.dumps(document, allow_nan=False)))


def test_every_key_is_in_the_schema_and_described(any_check) -> None:
    schema = json_schema()
    document = json_document(any_check.verdict)
    assert list(document) == list(schema["properties"]) == schema["required"]
    for part in objects(schema):
        assert part["required"] == list(part["properties"])
        assert all(one.get("description") for one in part["properties"].values())
    item = schema["properties"]["properties"]["items"]["properties"]
    assert all(set(one) == set(item) for one in document["properties"])


def test_the_promised_keys_are_there(checks) -> None:
    document = json_document(checks["blur"].verdict)
    assert set(document) >= PROMISED
    assert set(document["properties"][0]) >= PROMISED_OF_A_PROPERTY
    assert set(document["diagnosis"][0]) == {"fault", "severity", "share", "confidence"}
    assert set(document["embedding"]) >= {"p_value", "frechet", "mmd"}
    assert set(document["outliers"][0]) == {"image", "p_value"}
    assert document["schema_version"] == SCHEMA_VERSION


def test_numbers_are_those_of_the_verdict(checks) -> None:
    verdict = checks["blur"].verdict
    document = json_document(verdict)
    assert document["p_value"] == verdict.p_value
    assert document["properties"][0]["wasserstein_sigmas"] == verdict.properties[0].wasserstein_sigmas
    assert document["diagnosis"][0] == {"fault": "blur", "severity": 3, "share": 0.94, "confidence": 0.97}
    assert len(document["properties"]) == len(verdict.properties)


def test_what_is_undefined_or_infinite_is_null(checks) -> None:
    document = json_document(checks["undefined"].verdict)
    assert document["p_value"] is None
    assert document["properties"][0]["effect"] is None
    assert document["embedding"]["mmd"] is None
    assert document["embedding"]["frechet"] is None


def test_no_embedder_no_embedding(checks) -> None:
    document = json_document(checks["without_embedder"].verdict)
    assert document["embedding"] is None
    assert document["embedder"] is None


def test_a_name_of_any_bytes_survives(checks, make) -> None:
    text = json.dumps(json_document(checks["hostile"].verdict), allow_nan=False)
    text.encode("ascii")
    assert json.loads(text)["outliers"][0]["image"] == make.hostile


def test_a_document_with_a_wrong_answer_is_refused(checks, validator) -> None:
    document = json_document(checks["blur"].verdict) | {"verdict": "maybe"}
    with pytest.raises(jsonschema.ValidationError, match="'maybe' is not one of"):
        validator.validate(document)


def test_nothing_tested_has_no_p_value() -> None:
    from driftwheel.drift.verdict import unjudged

    verdict = unjudged(5, 5, alpha=0.01, false_alarms_per_year=1.0, images_needed=15, mode="exact")
    assert json_document(verdict)["p_value"] is None
