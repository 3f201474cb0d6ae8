"""Contexts inside an endpoint's own answers, scored by a live reference (METHOD.md section 1, way 3).

The endpoint is asked for ordinary chat answers. The reference is then asked for its next-token list at every
place of each answer, by stepping through its prefixes, and of these the same kind of places is kept as of its
own answers when the baseline was recorded: those where it hesitates. So the honest band and the ladder,
measured at such places, hold here too. What the reference says becomes part of the evidence.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from verifier.baseline.model import Context, ContextType
from verifier.baseline.record import ANSWER_TOKENS, PREFIXES_PER_PROMPT, walk
from verifier.baseline.selection import select
from verifier.checks.asking import chat_body, context_probe, first_token_list
from verifier.checks.base import Ask, Observation, Probe, Purpose
from verifier.checks.session import Session
from verifier.suites import Prompt

STAGE = "the reference scores"


def scored_probe(prompt: Prompt, k: int, purpose: Purpose) -> Probe:
    """An ordinary greedy answer, as long as the reference's were."""
    body = chat_body(prompt.messages, max_tokens=ANSWER_TOKENS, top_logprobs=k, tools=prompt.tools)
    return Probe(f"{prompt.id}/greedy", "chat/completions", body, purpose)


def scored_contexts(
    session: Session, prompts: Sequence[str], observations: Sequence[Observation], planned: int
) -> Generator[Ask, Sequence[Observation], list[list[Context]]]:
    """For each prompt (by id) and the endpoint's answer to it, the contexts at which they can be compared.

    The first token's list is the baseline's; the later ones are asked of the live reference.
    """
    walked: list[list[Context]] = []
    probes: list[Probe] = []
    for prompt_id, observation in zip(prompts, observations, strict=True):
        answer = observation.answer
        places = (
            walk(session.prompts[prompt_id], answer.positions, answer.text)[1:]
            if answer is not None and answer.positions
            else []
        )
        walked.append([replace(c, id=f"{c.prompt_id}/s{c.id.rpartition('/')[2]}") for c in places])
        probes += [_of_reference(session, context) for context in walked[-1]]
    yield from session.ask(probes, STAGE, planned)
    found = []
    for prompt_id, places in zip(prompts, walked, strict=True):
        first = [
            context
            for context in session.baseline.by_prompt.get(prompt_id, ())
            if context.type is ContextType.FIRST_TOKEN
        ]
        scored = [context for place in places if (context := _scored(session, place)) is not None]
        found.append(first + select(scored, PREFIXES_PER_PROMPT))
    return found


def _of_reference(session: Session, context: Context) -> Probe:
    prompt = session.prompts[context.prompt_id]
    style = session.baseline.prefix_style
    probe = context_probe(context, prompt, style, session.baseline.k, Purpose.SCORING)
    return replace(probe, key=f"reference/{context.id}", of_reference=True)


def _scored(session: Session, place: Context) -> Context | None:
    """The context with the reference's list instead of the endpoint's; None where it gave none."""
    observation = session.observations.get(f"reference/{place.id}")
    if observation is None or observation.answer is None:
        return None
    top = first_token_list(observation.answer, place.prefix)
    return None if top is None else replace(place, top=top)
