"""A card from the facts: every section, in the order of Model Cards."""

from __future__ import annotations

from typing import Any

from driftwheel._version import __version__
from driftwheel.cards.card_facts import CardFacts, digest_of
from driftwheel.cards.card_words import moment
from driftwheel.cards.compose_data import compose_data, compose_training
from driftwheel.cards.compose_details import (
    compose_details,
    compose_factors,
    compose_overview,
    compose_use,
    written,
)
from driftwheel.cards.compose_operation import compose_deployment, compose_history, compose_monitoring
from driftwheel.cards.compose_results import compose_metrics, compose_results
from driftwheel.cards.document import Block, Bullets, Card, Prose, Section, Terms
from driftwheel.cards.known_limits import known_limits
from driftwheel.report.printable import printable

__all__ = ["compose_card"]

_TASKS = {"classification": "image-classification", "detection": "object-detection"}


def compose_card(facts: CardFacts) -> Card:
    """Return the card of a version.

    The same facts give the same card. Its headings are those of model cards, where these fit, with those of
    operation among them. Source: Mitchell, Wu, Zaldivar et al., "Model cards for model reporting", Conference
    on Fairness, Accountability and Transparency, 2019.
    """
    digest = digest_of(facts)
    sections = (
        compose_overview(facts),
        compose_details(facts),
        compose_use(facts),
        compose_factors(facts),
        compose_metrics(facts),
        compose_results(facts),
        compose_data(facts),
        compose_training(facts),
        compose_deployment(facts),
        compose_monitoring(facts),
        compose_history(facts),
        Section("ethics", "Ethical considerations", (written(facts, "ethical_considerations"),)),
        _caveats(facts),
        _about(facts, digest),
    )
    title = f"{printable(facts.model.name)}, version {printable(facts.version.name)}"
    return Card(title, facts.as_of, digest, sections, _front(facts, digest))


def _caveats(facts: CardFacts) -> Section:
    found = known_limits(facts)
    blocks: list[Block] = [
        Bullets(found) if found else Prose("No weakness shows in what is known here."),
        written(facts, "limits"),
    ]
    return Section("caveats", "Caveats and recommendations", tuple(blocks))


def _about(facts: CardFacts, digest: str) -> Section:
    text = (
        "Driftwheel wrote this card from what it knows; texts of people name who wrote them, and when. The "
        "digest is of all facts and texts in it: two cards with the same digest tell the same, whenever "
        "they were written."
    )
    rows = (
        ("As of", moment(facts.as_of)),
        ("SHA-256 of the facts", digest),
        ("Written by", f"Driftwheel {__version__}"),
    )
    return Section("about", "About this card", (Prose(text), Terms(rows)))


def _front(facts: CardFacts, digest: str) -> dict[str, Any]:
    """Return what machines read: the fields of cards on Hugging Face's hub that are known, and ours."""
    version = facts.version
    own = {
        "model": facts.model.name,
        "version": version.name,
        "state": version.state,
        "as_of": facts.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "facts_sha256": digest,
    }
    if version.file:
        own["onnx_sha256"] = version.file
    if facts.data is not None:
        own["dataset_sha256"] = facts.data.digest
    front: dict[str, Any] = {"pipeline_tag": _TASKS[facts.model.task]}
    if version.file:
        front["library_name"] = "onnx"
    front["tags"] = ["driftwheel"]
    results = _results(facts)
    if results:
        front["model-index"] = [{"name": f"{facts.model.name} {version.name}", "results": results}]
    return front | {"driftwheel": own}


def _results(facts: CardFacts) -> list[dict[str, Any]]:
    """Return the accuracy on held-out images as they are, by the specification of ``model-index``."""
    found = (
        None
        if facts.training is None
        else next((one for one in facts.training.held_out if not one.fault), None)
    )
    if found is None or facts.data is None or found.accuracy.value is None:
        return []
    return [
        {
            "task": {"type": _TASKS[facts.model.task]},
            "dataset": {
                "type": "driftwheel",
                "name": f"{facts.model.name}, dataset version {facts.data.number}",
                "split": found.split,
                "revision": facts.data.digest,
            },
            "metrics": [
                {"type": "accuracy", "value": round(found.accuracy.value, 6), "name": "Accuracy"},
                {"type": "log_loss", "value": round(found.loss, 6), "name": "Mean cross-entropy, nats"},
            ],
        }
    ]
