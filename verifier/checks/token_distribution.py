"""Does the endpoint predict the next tokens that the official weights predict?

The endpoint and the official weights are asked for the next token at the same places: the first token
of an answer, and places inside the official weights' own answers. Where the endpoint returns
log-probabilities, the two lists are compared by a bound on their total variation that truncation can
only lower; where it does not, by how far its choice lies from the best one at near-ties.

Every other answer is drawn at temperature 1 where the endpoint returns lists: the list is the same, and the
token drawn is held against it. A greedy token must be the likeliest of its own list, and drawn ones must be
spread as their lists say; this costs no further request.

Honest deployments differ a little too, so the question is never "the same or not" but "further away
than honest deployments stray". Evidence is gathered prompt by prompt, in random order, as e-values that
may be looked at after each: the run stops asking as soon as they support `deviating` or `faithful` at
the stated error rate. The published fidelity does not come from that stream but from a sample whose size
was fixed beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence

import numpy as np

import verifier.checks.distribution_details as details
from verifier.baseline.model import Context
from verifier.checks.asking import Sampling, context_probe, draw_seed
from verifier.checks.base import (
    Ask,
    Dialogue,
    Finding,
    Observation,
    Outcome,
    Probe,
    Purpose,
    Token,
    as_logprobs,
)
from verifier.checks.drawn import drawable, factors, strayed
from verifier.checks.evidence_mode import Mode, choose_mode, scores_of_rung, text_mode
from verifier.checks.greedy_answers import answer_probe, position_at
from verifier.checks.registry import Check
from verifier.checks.scored_answers import scored_contexts, scored_probe
from verifier.checks.session import Gathered, Session, tokens_of
from verifier.stats.decision import Decision
from verifier.stats.divergence import disjoint, top_k
from verifier.stats.power import Replay, replay_rung

BATCH = 8
"""Prompts in flight between two looks at the evidence."""
ALIGNED_SHARE = 0.5
"""Share of the answers that must align for a verdict."""
DISJOINT_FROM_K = 5
"""Shorter lists may be disjoint by chance, so they never speak of another model."""

OUTCOMES = {"faithful": Outcome.PASS, "deviating": Outcome.FAIL, "different-model": Outcome.FAIL}


def run(session: Session) -> Dialogue:
    """See the module. The finding's details are those of `distribution_details`."""
    assert session.capabilities.reachable, "a run without an answer ends with the capability probe"
    mode = session.mode = choose_mode(
        session.baseline, session.capabilities, live_reference=session.settings.live_reference
    )
    if not mode.band.delta < mode.band.c:
        return Finding(
            CHECK.name,
            CHECK.version,
            Outcome.INCONCLUSIVE,
            "The honest deployments of this baseline stray so far from it that nothing can be told apart; "
            "calibrate it with deployments of the same weights.",
            details={
                "verdict": "inconclusive",
                "stopped_because": "insensitive",
                "evidence_level": mode.level,
                "k": mode.k,
            },
        )
    rng = session.rng(CHECK.name)
    order = _draw(mode, rng, session.settings.start)
    if not order:
        return Finding(
            CHECK.name,
            CHECK.version,
            Outcome.INCONCLUSIVE,
            "The baseline has no context that this endpoint's evidence could be judged on; record one with "
            "more prompts, or with a reference that returns logprobs.",
            details={"verdict": "insufficient-access", "evidence_level": mode.level},
        )
    replay = _replay(session, mode, len(order))
    decision = session.decision = Decision(
        delta=mode.band.delta,
        c=mode.band.c,
        alpha=session.settings.alpha,
        may_be_faithful=replay is None or replay.able,
        accuse_at=session.settings.accuse_at,
        window_delta=None if mode.window is None else mode.window.delta,
        written_delta=text_mode(session.baseline, session.capabilities).band.delta,
    )
    yield from _decide(session, mode, order, decision, replay)
    if not session.settings.decide_only:
        yield from _estimate(session, mode, order)
    return _finding(session, mode, order, decision, replay)


CHECK = Check("token_distribution", "2", "Token distribution", 10, run)


def _draw(mode: Mode, rng: np.random.Generator, start: int) -> list[tuple[Context, list[Context]]]:
    """Prompts in random order: for each the one context that decides, and all of its contexts."""
    grouped: dict[str, list[Context]] = {}
    for context in mode.contexts:
        grouped.setdefault(context.prompt_id, []).append(context)
    prompts = list(grouped.values())
    order = [
        (contexts[int(rng.integers(len(contexts)))], contexts)
        for contexts in (prompts[int(index)] for index in rng.permutation(len(prompts)))
    ]
    first = start % max(1, len(order))
    return order[first:] + order[:first]


def _replay(session: Session, mode: Mode, prompts: int) -> Replay | None:
    """Whether the smallest rung to be excluded would be found within the budget; None without a ladder.

    A ladder that lies in the honest band altogether is not found at all. The draws depend on the baseline
    alone, so the answer is kept with it.
    """
    scores = scores_of_rung(session.baseline, mode)
    if scores is None:
        return Replay(0.0, 0.0, None, 0) if mode.band.rungs else None
    budget = prompts
    if session.settings.max_tokens is not None:
        budget = min(budget, max(0, session.settings.max_tokens - session.completion_tokens()))
    alpha = session.settings.alpha
    known = session.baseline.memo.setdefault("replays", {})
    key = (mode.level, mode.k, mode.types, budget, alpha)
    if key not in known:
        rng = np.random.default_rng([session.baseline.seed, budget])
        known[key] = replay_rung(
            scores, delta=mode.band.delta, c=mode.band.c, alpha=alpha, budget=budget, rng=rng
        )
    found: Replay = known[key]
    return found


def _decide(
    session: Session,
    mode: Mode,
    order: list[tuple[Context, list[Context]]],
    decision: Decision,
    replay: Replay | None,
) -> Generator[Ask, Sequence[Observation], None]:
    gathered = session.gathered
    extra = 0
    if not session.settings.decide_only:
        extra = sum(len(contexts) - 1 for _, contexts in order[: session.settings.estimation_prompts])
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        probes = [
            _probe(
                session, mode, contexts if mode.greedy else [context], Purpose.DECISION, drawn=bool(place % 2)
            )
            for place, (context, contexts) in enumerate(batch, start)
        ]
        short = not session.can_afford(probes)
        observations = yield from session.ask(probes, "deciding", _expected(len(order), start) + extra)
        if mode.scored:
            prompts = [context.prompt_id for context, _ in batch]
            scored = yield from scored_contexts(session, prompts, observations, 0)
            batch = [(context, shown) for (context, _), shown in zip(batch, scored, strict=True)]
            order[start : start + BATCH] = batch
        for (context, contexts), probe, observation in zip(batch, probes, observations, strict=True):
            shown = contexts if mode.greedy else [context]
            taken = _take(mode, shown, probe, observation, gathered)
            if decision.settled:
                continue
            gathered.decision_prompts += bool(taken)
            gathered.decision_tokens += tokens_of(observation)
            if taken:
                _weigh(mode, taken, gathered, decision)
        if session.interrupted:
            gathered.stopped_because = "interrupted"
        elif decision.settled:
            gathered.stopped_because = "decided"
        elif session.down:
            gathered.stopped_because = "endpoint-down"
        elif short:
            gathered.stopped_because = "budget"
        else:
            continue
        return
    if decision.verdict:
        gathered.stopped_because = "decided"
    elif replay is not None and not replay.able:
        gathered.stopped_because = "insensitive"


def _weigh(mode: Mode, taken: Sequence[Context], gathered: Gathered, decision: Decision) -> None:
    """Put one usable answer on the scales: its lists at the contexts `taken`, and the tokens chosen."""
    scores = [gathered.scores[context.id] for context in taken]
    gathered.deciding.append(math.fsum(scores) / len(scores))
    first = taken[0]
    apart = mode.k >= DISJOINT_FROM_K and _disjoint(first, gathered.lists[first.id], mode.k)
    decision.update(gathered.deciding[-1], disjoint=apart)
    for context in taken:
        if (position := gathered.greedy.get(context.id)) is not None:
            decision.update_choice(strayed(position))
        elif (position := gathered.drawn.get(context.id)) is not None:
            found = factors(position, mode.k)
            if found is not None:
                decision.update_sampling(found)


def _estimate(
    session: Session, mode: Mode, order: list[tuple[Context, list[Context]]]
) -> Generator[Ask, Sequence[Observation], None]:
    """The estimation sample: every context of the first prompts of the order, however the decision went."""
    sample = order[: session.settings.estimation_prompts]
    if mode.greedy:
        wanted = [contexts for _, contexts in sample]
    else:
        wanted = [[context] for _, contexts in sample for context in contexts]
    probes = [_probe(session, mode, contexts, Purpose.ESTIMATION, drawn=False) for contexts in wanted]
    missing = [
        (contexts, probe)
        for contexts, probe in zip(wanted, probes, strict=True)
        if probe.key not in session.observations
    ]
    planned = len(session.observations) + len(missing)
    for start in range(0, len(missing), BATCH):
        if session.down or session.interrupted:
            return
        batch = missing[start : start + BATCH]
        observations = yield from session.ask([probe for _, probe in batch], "estimating", planned)
        shown = [contexts for contexts, _ in batch]
        if mode.scored:
            prompts = [contexts[0].prompt_id for contexts in shown]
            shown = yield from scored_contexts(session, prompts, observations, planned)
            places = {context.prompt_id: place for place, (context, _) in enumerate(order)}
            for prompt_id, contexts in zip(prompts, shown, strict=True):
                order[places[prompt_id]] = (order[places[prompt_id]][0], contexts)
        for contexts, (_, probe), observation in zip(shown, batch, observations, strict=True):
            _take(mode, contexts, probe, observation, session.gathered)


def _probe(
    session: Session, mode: Mode, contexts: Sequence[Context], purpose: Purpose, *, drawn: bool
) -> Probe:
    """The request that shows `contexts`: one token at the one of them, or a greedy answer through them all.

    With `drawn` the token is drawn rather than the likeliest, where that can be held against its list.
    """
    prompt = session.prompts[contexts[0].prompt_id]
    if mode.scored:
        return scored_probe(prompt, mode.k, purpose)
    if mode.greedy:
        return answer_probe(prompt, contexts, mode.k, purpose)
    (context,) = contexts
    style = session.capabilities.prefix_style
    whole = session.capabilities.whole_sampling
    sampling = None
    if drawn and mode.k and whole and drawable(context):
        sampling = Sampling(draw_seed(session.settings.seed, context.id), whole)
    return context_probe(context, prompt, style, mode.k or None, purpose, sampling)


def _take(
    mode: Mode, contexts: Sequence[Context], probe: Probe, observation: Observation, gathered: Gathered
) -> list[Context]:
    """Keep what the answer shows at each of the contexts; returns those at which it shows anything."""
    answer = observation.answer
    if answer is None:
        return []
    chosen = gathered.greedy if probe.body.get("temperature") == 0 else gathered.drawn
    taken = []
    for context in contexts:
        top = mode.read(context, answer)
        if top is None:
            continue
        gathered.contexts[context.id] = context
        gathered.lists[context.id] = top
        gathered.scores[context.id] = mode.score(context, top)
        taken.append(context)
        if mode.k and answer.positions:
            position = position_at(context, answer) if mode.greedy else answer.positions[0]
            if position is not None:
                chosen[context.id] = position
    gathered.set_aside += not taken
    return taken


def _disjoint(context: Context, top: tuple[Token, ...], k: int) -> bool:
    return disjoint(top_k(context.logprobs, k), top_k(as_logprobs(top), k))


def _expected(prompts: int, start: int) -> int:
    """Decision requests expected in all: an honest endpoint takes about a hundred."""
    return min(prompts, max(100, start + BATCH))


def _finding(
    session: Session,
    mode: Mode,
    order: Sequence[tuple[Context, list[Context]]],
    decision: Decision,
    replay: Replay | None,
) -> Finding:
    gathered = session.gathered
    sample = [contexts for _, contexts in order[: session.settings.estimation_prompts]]
    numbers = details.estimates(session, mode, sample, gathered.scores, gathered.lists)
    verdict, outcome = _verdict(decision, gathered)
    headline = numbers.fidelity or numbers.agreement
    return Finding(
        check=CHECK.name,
        version=CHECK.version,
        outcome=outcome,
        cause=details.sentence(mode, verdict, gathered.stopped_because, decision, numbers),
        estimate=None if headline is None else headline.value,
        low=None if headline is None else headline.low,
        high=None if headline is None else headline.high,
        n=len(gathered.scores),
        unit="of 100 next tokens" if numbers.fidelity else "share of near-ties" if headline else "",
        details={
            "verdict": verdict,
            "stopped_because": gathered.stopped_because,
            "evidence_level": mode.level,
            "k": mode.k,
            "context_types": [str(kind) for kind in mode.types],
            "decision_prompts": gathered.decision_prompts,
            "prompts": len({context_id.rpartition("/")[0] for context_id in gathered.scores}),
            "contexts": len(gathered.scores),
            "set_aside": gathered.set_aside,
            "can_tell": replay and details.replay_json(replay),
            **details.numbers_json(session.baseline, mode, numbers),
            "most_divergent": details.most_divergent(session, mode, gathered.scores, gathered.lists),
        },
    )


def _verdict(decision: Decision, gathered: Gathered) -> tuple[str, Outcome]:
    if gathered.scores and len(gathered.scores) < ALIGNED_SHARE * (len(gathered.scores) + gathered.set_aside):
        # What is left may be another mixture of contexts than the band was measured on.
        return "insufficient-access", Outcome.UNSUPPORTED
    if (found := decision.of_the_weights) is not None:
        return found, OUTCOMES[found]
    if gathered.scores:
        return "inconclusive", Outcome.INCONCLUSIVE
    if gathered.set_aside:
        return "insufficient-access", Outcome.UNSUPPORTED
    if gathered.stopped_because == "budget":
        return "inconclusive", Outcome.INCONCLUSIVE
    if gathered.stopped_because == "interrupted":
        return "not-measured", Outcome.ERROR
    return "not-measured", Outcome.FAULTY
