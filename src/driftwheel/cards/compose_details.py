"""The sections of a card that say what the version is: overview, details, use, factors."""

from __future__ import annotations

from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_texts import TEXTS
from driftwheel.cards.card_words import figure, listed, moment, size, span
from driftwheel.cards.document import Block, Grid, Prose, Section, Terms, Written
from driftwheel.cards.known_limits import known_limits
from driftwheel.formats.onnx_ports import Port
from driftwheel.formats.onnx_summary import OnnxSummary
from driftwheel.report.numbers import count, several
from driftwheel.report.printable import printable

__all__ = ["compose_details", "compose_factors", "compose_overview", "compose_use", "made_words", "written"]

_STATES = {
    "trained": "is a candidate: there is a file, and the gate has not let it in",
    "validated": "was let in by the gate, and is not served",
    "shadow": "answers beside the champion, unheard",
    "retired": "is retired",
}
_TASKS = {"classification": "names one class for each image", "detection": "draws boxes around objects"}
_LAYERS = 20  # kinds that are told of one by one
_KINDS = {
    "train": "trained here",
    "search": "found here by a search over recipes",
    "repair": "trained here to withstand a simulated camera fault, without new labels",
    "adapt": "its normalisations were adapted here to recent images, without labels",
}


def compose_overview(facts: CardFacts) -> Section:
    """Return what a reader in a hurry must know."""
    model, version = facts.model, facts.version
    if version.alias == "champion":
        since = version.services[-1].begin if version.services else version.created
        stands = f"is the champion since {moment(since)}: servers answer with it"
    else:
        stands = _STATES.get(version.state, f"is in the state {version.state}")
    rows = [
        ("Model", printable(model.name)),
        ("Version", printable(version.name)),
        ("Task", f"{model.task}: it {_TASKS.get(model.task, '')}".rstrip(": it")),
        ("Classes", listed([printable(one) for one in model.classes]) or "not said"),
        ("Made", made_words(facts)),
        ("Learnt from", _learnt_from(facts)),
        ("Accuracy on held-out images", _held_out(facts)),
        ("Accuracy in production", _in_production(facts)),
        ("Alerts while it was served", _incidents(facts)),
        ("Known weaknesses", _weaknesses(facts)),
    ]
    missing = [
        one.title.lower()
        for one in TEXTS.values()
        if one.wanted and (one.name not in facts.texts or not facts.texts[one.name].text)
    ]
    blocks: list[Block] = [
        Prose(f"{printable(version.name)} of the model {printable(model.name)} {stands}.", "lead"),
        Terms(tuple(rows)),
    ]
    if missing:
        blocks.append(
            Prose(f"This card is not complete: nobody has said anything on {listed(missing)}.", "warn")
        )
    return Section("overview", "Overview", tuple(blocks))


def compose_details(facts: CardFacts) -> Section:
    """Return who made it, how, and what its file holds."""
    version = facts.version
    rows = [
        ("Version", printable(version.name)),
        ("Added", f"{moment(version.created)}{f', by {printable(version.by)}' if version.by else ''}"),
        ("Made", made_words(facts)),
    ]
    if facts.training is not None and facts.training.start is not None:
        rows.append(("Goes on from", printable(facts.training.start)))
    rows += [("File", "ONNX" if version.file else "none: others run it, and log what it says")]
    if version.file:
        rows += [("SHA-256 of the file", version.file), ("Size of the file", size(version.size))]
    network = version.network
    blocks: list[Block] = [written(facts, "contact"), Terms(tuple(rows + _network_rows(network)))]
    if version.file and network is None:
        blocks.append(Prose("The file is lost, or does not say what it holds.", "warn"))
    if network is not None:
        blocks.append(_layers(network))
    blocks += [written(facts, "architecture"), written(facts, "licence")]
    return Section("details", "Model details", tuple(blocks))


def compose_use(facts: CardFacts) -> Section:
    """Return what only people can say of its use."""
    return Section("use", "Intended use", (written(facts, "intended_use"), written(facts, "out_of_scope")))


def compose_factors(facts: CardFacts) -> Section:
    """Return what its answers may depend on, as far as it is told apart."""
    tags = facts.model.segment_tags
    text = (
        f"Images carry {'these tags' if len(tags) > 1 else 'this tag'}, and drift and performance are told "
        f"for each value: {listed([printable(one) for one in tags])}."
        if tags
        else "No tag tells images apart, such as by camera or site: drift and performance are known for all "
        "images together only."
    )
    light = (
        "Of every image measurable properties are compared with those of the reference: light, contrast, "
        "colour, sharpness, noise, compression, size; and what it shows, by an embedding."
    )
    return Section("factors", "Factors", (Prose(text), Prose(light), written(facts, "factors")))


def written(facts: CardFacts, name: str) -> Written:
    """Return the room for a text, with the text where there is one."""
    return Written(TEXTS[name], facts.texts.get(name))


def made_words(facts: CardFacts) -> str:
    """Return how a version came about, in a few words."""
    run = facts.training
    if run is None:
        return "elsewhere; how is not known here"
    return f"{_KINDS.get(run.kind, run.kind)} (training {run.run}), {moment(run.finished or run.begun)}"


def _learnt_from(facts: CardFacts) -> str:
    if facts.data is None:
        return "not known here"
    learnt = several(facts.data.train, "image")
    return f"dataset version {facts.data.number}, {learnt} of {count(facts.data.images)}"


def _held_out(facts: CardFacts) -> str:
    found = None if facts.training is None else next(iter(facts.training.held_out), None)
    return "not measured here" if found is None else f"{figure(found.accuracy)}, {found.split} split"


def _in_production(facts: CardFacts) -> str:
    whole = facts.production.whole
    if not facts.production.known:
        return "not measured: only answers of classification are"
    if whole is None:
        return "it has not answered yet"
    if not whole.labels:
        return f"not measured: none of its {several(whole.predictions, 'answer')} has a label"
    windows = facts.production.windows
    return f"{figure(whole.accuracy)}, {span(windows[0].start, windows[-1].start)}"


def _incidents(facts: CardFacts) -> str:
    if not facts.version.services:
        return "none: it has not been the champion"
    n = len(facts.incidents) + facts.more_incidents
    still = sum(one.ended is None for one in facts.incidents)
    if not still:
        return count(n)
    return f"{count(n)}, {'open' if still == n else f'{count(still)} of them open'}"


def _weaknesses(facts: CardFacts) -> str:
    n = len(known_limits(facts))
    return f"{count(n)}, told under caveats and recommendations" if n else "none shows in what is known here"


def _network_rows(network: OnnxSummary | None) -> list[tuple[str, str]]:
    if network is None:
        return []
    bits = f", most of {network.bits} bits" if network.bits else ""
    rows = [
        ("Parameters", f"{count(network.parameters)}{bits}"),
        ("Inputs", "; ".join(map(_port, network.inputs)) or "none"),
        ("Outputs", "; ".join(map(_port, network.outputs))),
        (
            "Operator sets",
            ", ".join(f"{printable(name)} {number}" for name, number in network.opsets) or "not said",
        ),
    ]
    return [*rows, ("Written by", printable(network.producer))] if network.producer else rows


def _port(one: Port) -> str:
    axes = " × ".join(printable(str(axis)) for axis in one.shape) or "one number"
    return f"{printable(one.name)}: {axes}, {one.kind}"


def _layers(network: OnnxSummary) -> Grid:
    shown, rest = network.layers[:_LAYERS], network.layers[_LAYERS:]
    rows = [(printable(name), count(n)) for name, n in shown]
    if rest:
        rows.append((f"{several(len(rest), 'other kind')}", count(sum(n for _, n in rest))))
    return Grid("Layers by kind", ("Operator", "How many"), tuple(rows), frozenset({1}))
