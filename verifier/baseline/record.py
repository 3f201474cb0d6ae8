"""Recording a baseline: the reference answers the suite, contexts are pinned in its answers, then asked.

Selection of contexts uses the reference only, never an endpoint's answers (METHOD.md section 3).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from verifier.baseline.model import Baseline, Context, ContextType, PrefixProbe, PrefixStyle
from verifier.baseline.selection import select
from verifier.baseline.template import ChatTemplate, TemplateFault
from verifier.checks.asking import (
    chat_body,
    context_probe,
    continues,
    first_token_list,
    is_named,
    raw_body,
)
from verifier.checks.base import Answer, Ask, Observation, Position, Probe, Purpose, Token, as_logprobs
from verifier.checks.recording import Recorder
from verifier.checks.registry import discover
from verifier.contracts import contract_for
from verifier.stats.divergence import top_k, tv_bound
from verifier.suites import HIDDEN, PUBLIC, Prompt, Suite

TOP_LOGPROBS = 20
ANSWER_TOKENS = 12
PREFIXES_PER_PROMPT = 2
SHORTEST_LIST = 2
SELF_AGREEMENT = 0.05
"""Most tv between a context's list in the full answer and pinned; more means another context."""
CERTAIN = math.log(0.97)
UNLIKELY = math.log(0.01)
PREFIX_PROBES = 4
RAW_PROMPTS = 24
"""Prompts whose rendered text is kept, for telling a wrong prompt or template from changed weights."""
HIDDEN_SHARE = 0.2
"""Share of the hidden pool among the prompts that are drawn."""
LONG_SHARE = 40
"""One long prompt is drawn for so many others; all of them when the whole suite is recorded."""
LONG_CATEGORY = "long"
LONG_PREFIX = 16
"""Characters of answer before a place where beginning anew is told from going on."""


class RecordingError(Exception):
    """The reference cannot give a baseline; the message says why and what to do."""


def record(
    suite: Suite,
    *,
    model: str,
    seed: int = 0,
    prompts: int | None = None,
    template: ChatTemplate | None = None,
    behaviour: bool = False,
) -> Generator[Ask, Sequence[Observation], Baseline]:
    """Ask the reference everything a run may later ask an endpoint; returns the baseline.

    `prompts` records only that many of the suite's prompts, drawn with `seed`. With the model's chat
    `template`, some prompts are also asked as raw text (METHOD.md section 1, way 4). With `behaviour` the
    checks of behaviour also ask it what they compare an endpoint with.

    Raises RecordingError when the reference gives no logprobs or too few usable contexts.
    """
    drawn = draw(suite, prompts, seed)
    planned = len(drawn) * (1 + PREFIXES_PER_PROMPT)
    probes = tuple(_answer_probe(prompt) for prompt in drawn)
    answers = yield Ask(probes, "reference answers", planned)
    by_id = {prompt.id: prompt for prompt in drawn}
    order = {prompt.id: index for index, prompt in enumerate(drawn)}
    set_aside = {"no answer": 0, "not aligned": 0, "not reproduced when pinned": 0}
    first: list[Context] = []
    doubtful: list[Context] = []
    later: list[Context] = []
    prompt_tokens: dict[str, int] = {}
    for prompt, observation in zip(drawn, answers, strict=True):
        answer = observation.answer
        if answer is None or not answer.positions:
            set_aside["no answer"] += 1
            continue
        if answer.prompt_tokens is not None:
            prompt_tokens[prompt.id] = answer.prompt_tokens
        walked = walk(prompt, answer.positions, answer.text)
        if not walked:
            set_aside["not aligned"] += 1
            continue
        (first if _counted(answer) else doubtful).append(walked[0])
        later.extend(walked[1:])
    if not first and not doubtful:
        raise RecordingError(_unusable(answers))
    certain = _prefix_probes(later, [*first, *doubtful])
    style = yield from _find_style(by_id, certain, planned)
    contexts: list[Context] = list(first)
    chosen = doubtful + (select(later, PREFIXES_PER_PROMPT) if style else [])
    chosen.sort(key=lambda context: (order[context.prompt_id], len(context.prefix)))
    planned = len(drawn) + len(chosen)
    probes = tuple(
        context_probe(context, by_id[context.prompt_id], style, TOP_LOGPROBS, Purpose.RECORDING)
        for context in chosen
    )
    pinned = yield Ask(probes, "pinned contexts", planned)
    for context, observation in zip(chosen, pinned, strict=True):
        top = None if observation.answer is None else first_token_list(observation.answer, context.prefix)
        if top is None:
            set_aside["not aligned"] += 1
        elif context.prefix and _distance(context.top, top) > SELF_AGREEMENT:
            set_aside["not reproduced when pinned"] += 1
        else:
            contexts.append(replace(context, top=top))
    k = min(TOP_LOGPROBS, max((len(context.top) for context in contexts), default=0))
    if k < SHORTEST_LIST or not any(context.type is ContextType.FIRST_TOKEN for context in contexts):
        raise RecordingError(_unusable([*answers, *pinned]))
    contexts.sort(key=lambda context: (order[context.prompt_id], len(context.prefix)))
    raw = yield from _raw(by_id, contexts, template, planned, set_aside)
    behaved: dict[str, Mapping[str, Any]] = {}
    if behaviour:
        recorder = Recorder(suite, contract_for(model), seed)
        for check, _ in discover():
            if check.record is not None:
                behaved[check.name] = yield from check.record(recorder)
    return Baseline(
        model=model,
        suite=f"{suite.name} {suite.version}",
        suite_sha256=suite.sha256,
        recorded_at=next((o.started_at for o in answers if o.started_at), datetime.now(UTC).isoformat()),
        k=k,
        seed=seed,
        prefix_style=style,
        prompt_tokens=prompt_tokens,
        prefix_probes=tuple(certain),
        contexts=tuple(contexts),
        set_aside=set_aside,
        raw=raw,
        hidden_sha256=suite.hidden_sha256 if any(p.pool == HIDDEN for p in drawn) else None,
        behaviour=behaved,
    )


def draw(suite: Suite, prompts: int | None, seed: int) -> list[Prompt]:
    """`prompts` of the suite's prompts at random, in the suite's order; all of them for None.

    A fifth of them come from the hidden pool, if there is one. Long prompts, which are slow and judged apart,
    are drawn beside them: one for every LONG_SHARE.
    """
    if prompts is None or prompts >= len(suite.prompts):
        return list(suite.prompts)
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    kinds: dict[str, list[int]] = {PUBLIC: [], HIDDEN: [], LONG_CATEGORY: []}
    for index, prompt in enumerate(suite.prompts):
        kinds[LONG_CATEGORY if prompt.category == LONG_CATEGORY else prompt.pool].append(index)
    hidden = min(len(kinds[HIDDEN]), round(HIDDEN_SHARE * prompts))
    for kind, count in ((PUBLIC, prompts - hidden), (HIDDEN, hidden), (LONG_CATEGORY, prompts // LONG_SHARE)):
        places = kinds[kind]
        chosen += [places[int(i)] for i in rng.choice(len(places), min(count, len(places)), replace=False)]
    return [suite.prompts[index] for index in sorted(chosen)]


def _answer_probe(prompt: Prompt) -> Probe:
    tokens = 1 if prompt.category == LONG_CATEGORY else ANSWER_TOKENS
    body = chat_body(prompt.messages, max_tokens=tokens, top_logprobs=TOP_LOGPROBS, tools=prompt.tools)
    return Probe(f"{prompt.id}/answer", "chat/completions", body, Purpose.RECORDING)


def _unusable(answers: Sequence[Observation]) -> str:
    why = next((o.detail.rstrip(".") for o in answers if o.detail), "its answers carry no top_logprobs")
    return (
        f"the reference gave no usable logprobs: {why}. A reference must answer chat requests with logprobs "
        f"and top_logprobs {TOP_LOGPROBS}."
    )


def _counted(answer: Answer) -> bool:
    """Whether there is an entry for every token: then the first entry is the first token's.

    llama.cpp leaves out tokens that end inside a character; an end-of-text token is left out last.
    Without a count nothing is known.
    """
    if answer.completion_tokens is None:
        return False
    missing = answer.completion_tokens - len(answer.positions or ())
    return missing <= (1 if answer.finish_reason == "stop" else 0)


def walk(prompt: Prompt, positions: tuple[Position, ...], text: str) -> list[Context]:
    """The positions of an answer whose prefix is certain: entries must spell the text, token by token.

    The first is the first token's; each holds the list that came with it.
    """
    contexts: list[Context] = []
    spelled = b""
    content = text.encode()
    for index, position in enumerate(positions):
        if not content.startswith(spelled):
            break
        try:
            prefix = spelled.decode()
        except UnicodeDecodeError:
            prefix = ""
        # A template may trim a trailing space, and a prefix of white space alone is no prefix.
        usable = index == 0 or (prefix and prefix == prefix.strip())
        if usable and is_named(position.top):
            top = tuple(sorted(position.top, key=lambda item: (-item.logprob, item.token)))
            kind = ContextType.CHAT_PREFIX if index else ContextType.FIRST_TOKEN
            contexts.append(Context(f"{prompt.id}/{index}", prompt.id, kind, prefix, top))
        elif index == 0:
            break
        spelled += position.token
    return contexts


def _prefix_probes(later: Sequence[Context], first: Sequence[Context]) -> list[PrefixProbe]:
    """Places where the reference is certain, with a token that hardly any answer would begin with."""
    openings = {
        context.prompt_id: {item.token.strip() for item in context.top if item.logprob > UNLIKELY}
        for context in first
    }
    probes: dict[str, PrefixProbe] = {}
    for context in later:
        best = context.top[0]
        word = best.token.decode(errors="ignore").strip()
        anew = best.token.strip() in openings[context.prompt_id]
        if best.logprob >= CERTAIN and len(word) >= 2 and not anew and len(context.prefix) >= LONG_PREFIX:
            probes.setdefault(context.prompt_id, PrefixProbe(context.prompt_id, context.prefix, best.token))
    return list(probes.values())[:PREFIX_PROBES]


def _find_style(
    prompts: Mapping[str, Prompt], certain: Sequence[PrefixProbe], planned: int
) -> Generator[Ask, Sequence[Observation], PrefixStyle | None]:
    """The first way in which the reference continues a pinned answer, or None."""
    if len(certain) < 2:
        return None
    for style in PrefixStyle:
        probes = tuple(
            Probe(
                f"style/{style}/{probe.prompt_id}",
                "chat/completions",
                chat_body(
                    prompts[probe.prompt_id].messages,
                    prefix=probe.prefix,
                    style=style,
                    tools=prompts[probe.prompt_id].tools,
                ),
                Purpose.RECORDING,
            )
            for probe in certain
        )
        answers = yield Ask(probes, "how prefixes are continued", planned)
        if all(continues(probe, observation) for probe, observation in zip(certain, answers, strict=True)):
            return style
    return None


def _raw(
    prompts: Mapping[str, Prompt],
    contexts: Sequence[Context],
    template: ChatTemplate | None,
    planned: int,
    set_aside: dict[str, int],
) -> Generator[Ask, Sequence[Observation], dict[str, str]]:
    """Prompt id -> its rendered text, where the reference answers the text as it answers the chat request."""
    if template is None:
        return {}
    first = [c for c in contexts if c.type is ContextType.FIRST_TOKEN]
    first = [
        c for c in first if prompts[c.prompt_id].category != LONG_CATEGORY and not prompts[c.prompt_id].tools
    ]
    chosen = first[:: max(1, len(first) // RAW_PROMPTS)][:RAW_PROMPTS]
    texts: dict[str, str] = {}
    for context in chosen:
        try:
            texts[context.prompt_id] = template.render(prompts[context.prompt_id].messages)
        except TemplateFault:
            set_aside["refused by the chat template"] = set_aside.get("refused by the chat template", 0) + 1
    chosen = [context for context in chosen if context.prompt_id in texts]
    probes = tuple(
        Probe(
            f"{context.prompt_id}/raw",
            "completions",
            raw_body(texts[context.prompt_id], TOP_LOGPROBS),
            Purpose.RECORDING,
        )
        for context in chosen
    )
    answers = yield Ask(probes, "raw text", planned + len(probes))
    kept = {}
    for context, observation in zip(chosen, answers, strict=True):
        top = None if observation.answer is None else first_token_list(observation.answer, "")
        if top is not None and _distance(context.top, top) <= SELF_AGREEMENT:
            kept[context.prompt_id] = texts[context.prompt_id]
        else:
            set_aside["not reproduced as raw text"] = set_aside.get("not reproduced as raw text", 0) + 1
    return kept


def _distance(a: tuple[Token, ...], b: tuple[Token, ...]) -> float:
    first = top_k(as_logprobs(a), TOP_LOGPROBS)
    second = top_k(as_logprobs(b), TOP_LOGPROBS)
    return tv_bound(first, second)
