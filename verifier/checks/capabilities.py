"""What does the endpoint let us see?

Asked once per run, at most ten completion tokens, booked apart. Three questions:

- Does it return the most likely next tokens with their log-probabilities, and how many?
- Are they taken before sampling? A list that changes with the temperature, or puts everything on one
  token where the official weights hesitate, says nothing of the weights: it is then not used, and the
  endpoint is judged by its text.
- Does it continue an answer whose beginning we supply? Known places, where the official weights are
  certain how their own answer goes on, tell a continued answer from one begun anew.

What is withheld is `unsupported`, never a failure.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from verifier.baseline.model import Context, ContextType, PrefixStyle
from verifier.checks.asking import REPLACEMENT, Sampling, chat_body, continues, first_token_list
from verifier.checks.base import (
    Ask,
    Dialogue,
    Fault,
    Finding,
    Observation,
    Outcome,
    Probe,
    Purpose,
    Status,
    Token,
    as_logprobs,
)
from verifier.checks.registry import Check
from verifier.checks.session import Capabilities, Session
from verifier.stats.divergence import top_k, tv_bound

MAX_TOKENS = 10
TOP_LOGPROBS = (20, 5)
UNCHANGED = 0.3
"""Most tv between temperature 0 and 1 of the same context for lists taken before sampling."""
SHORTEST_LIST = 2
PASSING = frozenset({Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.TRUNCATED})
"""Faults that one unlucky request may meet: another place is tried before the run gives up."""
STAGE = "what the endpoint offers"

Asking = Generator[Ask, Sequence[Observation], Observation]


def run(session: Session) -> Dialogue:
    """Sets `session.capabilities`; see the module for what is asked."""
    uncertain = _most_uncertain(session)
    seen = yield from _logprobs(session, uncertain)
    style = None
    if seen.reached and session.baseline.prefix_style is not None:
        style = yield from _prefix_style(session, seen.k)
    session.capabilities = Capabilities(seen.reached, seen.k, style, seen.note, seen.whole_sampling)
    details = {
        "top_logprobs": seen.k,
        "prefix_style": None if style is None else str(style),
        "whole_sampling": seen.whole_sampling,
        "completion_tokens": session.completion_tokens(Purpose.CAPABILITY),
        "lists_compared": seen.lists,
    }
    if not seen.reached:
        outcome = _why_unreached(session)
        return Finding(CHECK.name, CHECK.version, outcome, _capital(seen.note), details=details)
    continued = "it continues a pinned answer" if style else "it does not continue a pinned answer"
    outcome = Outcome.PASS if seen.k else Outcome.UNSUPPORTED
    said = _capital(f"{seen.note}; {continued}.")
    return Finding(CHECK.name, CHECK.version, outcome, said, float(seen.k), unit="k", details=details)


@dataclass(frozen=True, slots=True)
class _Seen:
    """`lists` counts what was compared; `reached`: whether any request was answered."""

    k: int
    lists: int
    reached: bool
    note: str
    whole_sampling: bool = False


CHECK = Check("capabilities", "2", "What the endpoint offers", 0, run)


def _most_uncertain(session: Session) -> list[Context]:
    """Two first tokens at which the official weights hesitate most, between whole characters if possible."""
    first = [c for c in session.baseline.contexts if c.type is ContextType.FIRST_TOKEN]
    return sorted(first, key=lambda c: (_has_halves(c), c.top[0].logprob, c.id))[:2]


def _has_halves(context: Context) -> bool:
    """Whether some listed token is no text of its own: not every server can name it (`is_named`)."""
    return any(REPLACEMENT in item.token.decode(errors="replace").encode() for item in context.top)


def _logprobs(session: Session, contexts: Sequence[Context]) -> Generator[Ask, Sequence[Observation], _Seen]:
    """Whether there are usable lists, how long they are, and what to say of them."""
    if session.settings.no_logprobs:
        observation = yield from _one(session, contexts[0], None)
        return (yield from _text(session, contexts[0], observation, "logprobs were not asked for"))
    for asked in TOP_LOGPROBS:
        observation = yield from _one(session, contexts[0], asked)
        if observation.fault in PASSING:
            observation = yield from _one(session, contexts[-1], asked)
        if observation.fault is not Fault.REJECTED:
            break
    if observation.fault in (Fault.REJECTED, Fault.MALFORMED):
        # Perhaps only its logprobs are refused or broken: its text may still be judged.
        text = yield from _one(session, contexts[0], None)
        what = "refuses" if observation.fault is Fault.REJECTED else "answers brokenly to"
        said = f"the endpoint {what} requests for logprobs"
        return (yield from _text(session, contexts[0], text, said))
    if observation.answer is None:
        return _Seen(0, 0, False, observation.detail)
    if observation.answer.positions is None:
        said = "logprobs were asked for and not given"
        return (yield from _text(session, contexts[0], observation, said))
    whole = True
    for compared, context in enumerate(contexts, start=1):
        cold = yield from _one(session, context, asked)
        warm = yield from _one(session, context, asked, Sampling(0, whole))
        if whole and warm.fault is Fault.REJECTED:
            whole = False
            warm = yield from _one(session, context, asked, Sampling(0, whole))
        lists = [_list(cold), _list(warm)]
        shortest = min(len(top) for top in lists)
        if shortest < SHORTEST_LIST:
            continue
        first, second = (top_k(as_logprobs(top), shortest) for top in lists)
        if tv_bound(first, second) <= UNCHANGED:
            k = min(shortest, asked, session.baseline.k)
            said = f"it returns the {k} most likely next tokens, taken before sampling"
            return _Seen(k, compared, True, said, whole)
    unusable = "its logprobs change with the temperature or cannot be aligned, so they are not used"
    return _Seen(0, len(contexts), True, unusable, whole and warm.ok)


def _text(
    session: Session, context: Context, observation: Observation, said: str
) -> Generator[Ask, Sequence[Observation], _Seen]:
    """An endpoint judged by its text: does it take a request for a draw from the whole distribution?"""
    if not observation.ok:
        return _Seen(0, 0, False, observation.detail)
    drawn = yield from _one(session, context, None, Sampling(0, whole=True))
    return _Seen(0, 0, True, said, drawn.ok)


def _one(
    session: Session, context: Context, top_logprobs: int | None, sampling: Sampling | None = None
) -> Asking:
    prompt = session.prompts[context.prompt_id]
    body = chat_body(prompt.messages, top_logprobs=top_logprobs, sampling=sampling, tools=prompt.tools)
    drawn = "greedy" if sampling is None else "whole" if sampling.whole else "drawn"
    key = f"capability/{context.id}/{top_logprobs or 'text'}/{drawn}"
    probe = Probe(key, "chat/completions", body, Purpose.CAPABILITY)
    return (yield from session.ask([probe], STAGE, 0))[0]


def _list(observation: Observation) -> tuple[Token, ...]:
    return (observation.answer and first_token_list(observation.answer, "")) or ()


def _prefix_style(session: Session, k: int) -> Generator[Ask, Sequence[Observation], PrefixStyle | None]:
    """The reference's own style first, then the others, while tokens are left; two places must agree."""
    recorded = session.baseline.prefix_style
    for style in sorted(PrefixStyle, key=lambda style: style is not recorded):
        places = session.baseline.prefix_probes[:2]
        if session.completion_tokens(Purpose.CAPABILITY) + len(places) > MAX_TOKENS or len(places) < 2:
            return None
        probes = [
            Probe(
                f"capability/{style}/{place.prompt_id}",
                "chat/completions",
                chat_body(
                    session.prompts[place.prompt_id].messages,
                    prefix=place.prefix,
                    style=style,
                    top_logprobs=k or None,
                    tools=session.prompts[place.prompt_id].tools,
                ),
                Purpose.CAPABILITY,
            )
            for place in places
        ]
        answers = yield from session.ask(probes, STAGE, 0)
        if all(continues(place, answer) for place, answer in zip(places, answers, strict=True)):
            return style
    return None


def _why_unreached(session: Session) -> Outcome:
    statuses = {observation.status for observation in session.observations.values()}
    for status, outcome in (
        (Status.FAULTY, Outcome.FAULTY),
        (Status.UNSUPPORTED, Outcome.UNSUPPORTED),
    ):
        if status in statuses:
            return outcome
    return Outcome.ERROR


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
