"""Who is banned: right and wrong, by kind of annotator."""

from __future__ import annotations

import numpy as np

from driftwheel.agreement.challenge import Reply, challenge_due, draw_challenge, judge_challenges
from driftwheel.agreement.collusion import collusion_events, copying_pairs
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.agreement.skill_watch import skill_watch
from driftwheel.agreement.sprt import characteristic, fixed_exam_pass, golden_test
from driftwheel.agreement.too_fast import too_fast
from labels_crowds import SECONDS, answer_all, assigned, golden_of, make_crowd

EACH, GOLDEN = 1000, 200
KINDS = ("good", "sloppy", "random", "one class")


def rules_lines() -> tuple[list[str], list[str]]:
    golden, missed = _golden_lines()
    collusion, wrong = _collusion_lines()
    return ["## Who is banned", "", *golden, *_script_lines(), *collusion], missed + wrong


def _golden_lines() -> tuple[list[str], list[str]]:
    poor, good = characteristic(0.6), characteristic(0.9)
    rows, missed = [], []
    for n_classes in (2, 5):
        for kind in KINDS:
            rng = np.random.default_rng(n_classes)
            crowd = make_crowd(rng, {kind: EACH}, n_classes)
            truth = np.array([rng.permutation(n_classes) for _ in range(GOLDEN)]).ravel()[:GOLDEN]
            right = answer_all(rng, crowd, truth) == truth[:, None]
            first, tasks, later = 0, [], 0
            for one in range(EACH):
                state = golden_test(right[:, one])
                first += state.outcome == "poor"
                tasks.append(state.n)
                if state.outcome == "good":
                    later += skill_watch(right[state.n :, one]).event is not None
            exam = float((right[:3].sum(axis=0) >= 2).mean())
            rows.append(
                f"| {kind} | {n_classes} | {right.mean():.0%} | {first / EACH:.1%} | {np.mean(tasks):.1f} | "
                f"{(first + later) / EACH:.1%} | {exam:.0%} |"
            )
            print(rows[-1], flush=True)
            if kind == "good" and (first + later) / EACH > 0.15:
                missed.append(f"{first + later} of {EACH} good annotators banned")
            if kind != "good" and (first + later) / EACH < 0.95:
                missed.append(f"{kind}: only {first + later} of {EACH} banned")
    return [
        (
            "The golden test, 60 % against 90 % right, exactly: who is right 60 % of the time passes with "
            f"{poor.passed:.1%} after {poor.tasks:.1f} golden tasks on average, who is right 90 % is "
            f'banned with {good.banned:.1%} after {good.tasks:.1f}. Three golden tasks at "≥ 60 %" pass '
            f"{fixed_exam_pass(0.6, 3, 0.6):.1%} of the first."
        ),
        "",
        f"{EACH:,} annotators of each kind, {GOLDEN} golden tasks each, balanced over classes. After",
        "passing, the watch goes on (patience 5,000 golden tasks).",
        "",
        (
            "| kind | classes | right | banned by the test | golden tasks until it ends | banned within "
            f"{GOLDEN} golden tasks | passed by three golden tasks |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ], missed


def _script_lines() -> list[str]:
    """Scripts and people, answer after answer, with the rule for speed and the challenge."""
    rows = []
    for kind, passes in (("script", 0.0), ("good", 0.97)):
        rng = np.random.default_rng(0)
        fast, banned, until = 0, 0, []
        for _ in range(200):
            seconds = SECONDS.get(kind, 4.0) * np.exp(rng.normal(0, 0.5, size=600))
            since, replies, suspicion, noticed = 0, [], False, False
            for n in range(1, 601):
                since += 1
                if not suspicion and too_fast(seconds[max(0, n - 20) : n], 0.8) is not None:
                    suspicion = noticed = True
                if not challenge_due(since, rng, suspicion=suspicion):
                    continue
                asked = draw_challenge(rng)
                replies.append(Reply(asked, asked.digits if rng.random() < passes else "0000", 9.0))
                since, suspicion = 0, False
                event = judge_challenges(replies)
                if event is not None and event.action == "ban":
                    banned += 1
                    until.append(n)
                    break
            fast += noticed
        after = f"{np.mean(until):.0f}" if until else "–"
        rows.append(f"| {kind} | {fast / 200:.1%} | {banned / 200:.1%} | {after} |")
        print(rows[-1], flush=True)
    return [
        "Scripts: 0.3 s an answer, no challenge read; people: 4 s, 3 % of challenges failed; 200 of each, up",
        "to 600 answers, a limit of 0.8 s.",
        "",
        "| kind | found too fast | banned by challenges | after answers |",
        "| --- | ---: | ---: | ---: |",
        *rows,
        "",
    ]


def _collusion_lines() -> tuple[list[str], list[str]]:
    rows, missed = [], []
    crowds = (
        {"good": 20},
        {"good": 12, "sloppy": 8},
        {"good": 10, "sloppy": 5, "random": 3, "one class": 2},
        {"good": 15, "colluding": 3},
        {"good": 12, "sloppy": 4, "colluding": 6},
    )
    for counts in crowds:
        for hard in (0.0, 0.1):
            found = wrong = runs_wrong = runs = 0
            for n_classes in (2, 5, 10):
                for seed in range(20):
                    rng = np.random.default_rng(1000 * n_classes + seed)
                    crowd = make_crowd(rng, counts, n_classes)
                    truth = rng.choice(n_classes, size=2000, p=rng.dirichlet(np.full(n_classes, 3.0)))
                    answers = assigned(rng, answer_all(rng, crowd, truth, hard=hard), 3, crowd)
                    golden = golden_of(rng, truth, 0.1)
                    posterior = golden_bayes(answers, golden).consensus.posterior
                    events = collusion_events(copying_pairs(answers, posterior, golden))
                    named = {str(key) for event in events for key in event.annotators}
                    honest = {key for key in named if not key.startswith("colluding")}
                    runs, found, wrong = runs + 1, found + len(named - honest), wrong + len(honest)
                    runs_wrong += bool(honest)
            there = runs * counts.get("colluding", 0)
            crowd_name = ", ".join(f"{n} {kind}" for kind, n in counts.items())
            share = f"{found / there:.1%}" if there else "–"
            rows.append(f"| {crowd_name} | {hard:.0%} | {share} | {runs_wrong} of {runs} | {wrong} |")
            print(rows[-1], flush=True)
            missed += [f"collusion: {crowd_name}: found {share}"] if there and found < 0.9 * there else []
    return [
        "Collusion: a group whose members copy 90 % of their answers from one of them, who is right 60 % of",
        "the time; 2,000 tasks, overlap 3; 2, 5 and 10 classes, 20 crowds each.",
        "",
        "| crowd | hard tasks | colluders found | pools with a wrong event | wrongly named |",
        "| --- | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ], missed
