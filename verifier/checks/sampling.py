"""Are sampled tokens spread as the returned lists say?

A host may override what a request asks for: another temperature, a cut tail (top-k, top-p, min-p), or a
draft model whose tokens are kept when they are likely enough. The returned log-probabilities, taken before
sampling, show none of that; the tokens do. Each token drawn at temperature 1 is held against its own list, as
a likelihood ratio against the known overrides, clipped and discounted so that honest arithmetic never wins.
Half of the answers that decide about the weights are such draws; this check adds short sampled answers while
the evidence is open. The Kolmogorov distance of the tokens' randomised probability integral transform from
uniform is given beside it as the size of the effect.

An endpoint that returns no lists is held against the official weights' own lists at the first token of
answers, where these hesitate most, with the honest band as tolerance.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from verifier.baseline.band import band, tv_score
from verifier.baseline.model import ContextType
from verifier.baseline.selection import entropy
from verifier.checks.asking import Sampling, chat_body, draw_seed
from verifier.checks.base import Ask, Dialogue, Finding, Observation, Outcome, Position, Probe, Purpose
from verifier.checks.drawn import drawable, factors, place_of, visible
from verifier.checks.evidence_mode import chosen_token
from verifier.checks.registry import Check
from verifier.checks.session import Session, tokens_of
from verifier.stats import alternatives
from verifier.stats.decision import Decision
from verifier.stats.pit import kolmogorov_distance, pit

STAGE = "how it samples"
ANSWER_TOKENS = 12
"""Tokens of a sampled answer."""
BATCH = 4
AT_LEAST = 60
"""Drawn tokens after which only growing evidence is followed up."""
AT_MOST = 260
"""Drawn tokens that the check stops at."""
TEXT_AT_MOST = 200
"""First tokens drawn from an endpoint without lists."""
LANGUAGE = "en"
"""Other languages draw halves of characters, which servers do not list."""
SHOWN = {
    "temperature": ("temperature override", "another temperature than the one asked for"),
    "top-p": ("truncated sampling", "the unlikely end of its distribution is cut off (top-p)"),
    "min-p": ("truncated sampling", "the unlikely end of its distribution is cut off (min-p)"),
    "top-k": ("truncated sampling", "the unlikely end of its distribution is cut off (top-k)"),
    "acceptance": (
        "lossy speculative decoding",
        "unlikely tokens are passed over as when a draft model's tokens are kept if likely enough",
    ),
}


def run(session: Session) -> Dialogue:
    """Goes on drawing while the evidence is open; see the module."""
    decision, mode = session.decision, session.mode
    if decision is None or mode is None:
        return _unsupported("Nothing was drawn.")
    if not session.capabilities.whole_sampling:
        return _unsupported("It takes no request for a draw from its whole distribution (top_k, min_p).")
    before = session.completion_tokens(Purpose.DECISION)
    drawn = list(session.gathered.drawn.values())
    if mode.k and not decision.accused:
        drawn += yield from _draw_on(session, decision)
    elif not mode.k and not decision.accused:
        yield from _draw_first_tokens(session, decision)
    process = decision.sampling
    if process is None:
        return _unsupported("It returned no token that could be held against a list.")
    session.gathered.decision_tokens += session.completion_tokens(Purpose.DECISION) - before
    return _finding(session, decision, drawn)


CHECK = Check("sampling", "2", "Sampling", 14, run)


def _finding(session: Session, decision: Decision, drawn: Sequence[Position]) -> Finding:
    process = decision.sampling
    assert process is not None
    shares: dict[str, float] = {}
    for name, share in process.shares().items():
        found = alternatives.family(name)
        shares[found] = shares.get(found, 0.0) + share
    best = max(shares, key=lambda name: shares[name])
    name, words = SHOWN[best]
    support = sum(share for found, share in shares.items() if SHOWN[found][0] == name)
    rng = session.rng(CHECK.name)
    values = []
    for position in drawn:
        top = sorted(position.top, key=lambda item: (-item.logprob, item.token))
        probabilities = visible(top)
        if len(probabilities) > 1:
            rest = max(0.0, 1.0 - sum(probabilities))
            values.append(pit(probabilities, place_of(position.token, top), rest, rng))
    distance = kolmogorov_distance(values) if values else None
    details: dict[str, Any] = {
        "e_value": process.peak,
        "pit_distance": distance,
        "alternatives": {key: shares[key] for key in sorted(shares)},
        "likeliest": max(process.shares(), key=lambda key: process.shares()[key]),
    }
    alpha = session.settings.alpha
    if process.rejects(alpha) and decision.leading() == "sampling":
        said = f"The tokens it samples do not follow the list it returns: {words}."
        details["explains"] = {"name": name, "support": support, "evidence": said}
        outcome = Outcome.FAIL
    elif process.rejects(alpha):
        said, outcome = "The tokens it samples do not follow the list it returns.", Outcome.FAIL
        details["explains"] = {"name": name, "support": support, "evidence": f"{said[:-1]}: {words}."}
    else:
        against = "its own lists" if session.mode and session.mode.k else "the official weights' lists"
        said = f"{process.n} sampled tokens are spread as {against} say."
        outcome = Outcome.PASS if process.n >= AT_LEAST else Outcome.INCONCLUSIVE
        if outcome is Outcome.INCONCLUSIVE:
            said = f"{process.n} sampled tokens are too few to tell how they are spread."
    return Finding(
        CHECK.name,
        CHECK.version,
        outcome,
        said,
        distance,
        n=process.n,
        unit="Kolmogorov distance",
        details=details,
    )


def _draw_on(session: Session, decision: Decision) -> Generator[Ask, Sequence[Observation], list[Position]]:
    """Short sampled answers until the evidence is in, or speaks for honest sampling."""
    mode = session.mode
    assert mode is not None
    drawn: list[Position] = []
    first = [c for c in mode.contexts if c.type is ContextType.FIRST_TOKEN and drawable(c)]
    first = [c for c in first if session.prompts[c.prompt_id].language == LANGUAGE]
    first.sort(key=lambda context: (-entropy(context), context.id))
    hesitant = first[: max(BATCH, len(first) // 2)]
    order = [hesitant[int(i)] for i in session.rng(CHECK.name).permutation(len(hesitant))]
    for start in range(0, len(order), BATCH):
        tokens = 0 if decision.sampling is None else decision.sampling.n
        value = 0.0 if decision.sampling is None else decision.sampling.log_value
        if decision.accused or session.down or tokens >= AT_MOST or (tokens >= AT_LEAST and value < 0.0):
            break
        probes = [
            _probe(session, context.prompt_id, ANSWER_TOKENS, mode.k)
            for context in order[start : start + BATCH]
        ]
        for observation in (yield from session.ask(probes, STAGE, 0)):
            for position in _positions(observation):
                found = factors(position, mode.k)
                if found is not None:
                    drawn.append(position)
                    decision.update_sampling(found)
    return drawn


def _draw_first_tokens(session: Session, decision: Decision) -> Generator[Ask, Sequence[Observation], None]:
    """One token of each prompt against the official weights' list, for an endpoint without lists."""
    baseline = session.baseline
    first = [c for c in baseline.contexts if c.type is ContextType.FIRST_TOKEN and drawable(c)]
    first = [c for c in first if not baseline.is_long(c.prompt_id)]
    first.sort(key=lambda context: (-entropy(context), context.id))
    hesitant = first[: max(BATCH, len(first) // 2)]
    order = [hesitant[int(i)] for i in session.rng(CHECK.name).permutation(len(hesitant))][:TEXT_AT_MOST]
    tolerance = max(alternatives.EPS, band(baseline, first, tv_score(baseline.k)).delta)
    for start in range(0, len(order), BATCH):
        tokens = 0 if decision.sampling is None else decision.sampling.n
        value = 0.0 if decision.sampling is None else decision.sampling.log_value
        if decision.accused or session.down or (tokens >= AT_LEAST and value < 0.0):
            break
        batch = order[start : start + BATCH]
        probes = [_probe(session, context.prompt_id, 1, None) for context in batch]
        observations = yield from session.ask(probes, STAGE, 0)
        for context, observation in zip(batch, observations, strict=True):
            chosen = None if observation.answer is None else chosen_token(context, observation.answer)
            probabilities = visible(context.top)
            if chosen is None or len(probabilities) < 2 or tokens_of(observation) > 1:
                continue
            place = place_of(chosen[0].token, context.top)
            decision.update_sampling(alternatives.factors(probabilities, place, eps=tolerance))


def _probe(session: Session, prompt_id: str, tokens: int, top_logprobs: int | None) -> Probe:
    seed = draw_seed(session.settings.seed, f"{prompt_id}/drawn")
    sampling = Sampling(seed, session.capabilities.whole_sampling)
    prompt = session.prompts[prompt_id]
    body = chat_body(
        prompt.messages,
        max_tokens=tokens,
        top_logprobs=top_logprobs,
        sampling=sampling,
        tools=prompt.tools,
    )
    return Probe(f"{prompt_id}/drawn", "chat/completions", body, Purpose.DECISION)


def _positions(observation: Observation) -> tuple[Position, ...]:
    answer = observation.answer
    return (answer.positions or ()) if answer is not None else ()


def _unsupported(said: str) -> Finding:
    return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
