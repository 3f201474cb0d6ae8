"""From a run's stored answers to the places where both sides said what comes next. Pure: data in, data out.

Nothing is kept of this: it follows from the observations and the baseline, as the finding did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from verifier.baseline.band import tv_score
from verifier.baseline.model import Baseline, Context, ContextType, Role
from verifier.checks.asking import first_token_list, new_text
from verifier.checks.base import Answer, Observation, Token, as_logprobs
from verifier.checks.evidence_mode import chosen_token, margin_score
from verifier.checks.greedy_answers import choice_at, list_at
from verifier.stats.divergence import kl_bound, top_k

GREEDY, RAW, OF_REFERENCE = "greedy", "raw", "reference/"
"""How the keys of probes end or begin that are not a context's own id (verifier.checks)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a baseline says of every place: its contexts by prompt, and what each honest deployment lists."""

    by_prompt: Mapping[str, tuple[Context, ...]]
    honest: Mapping[str, tuple[tuple[Token, ...], ...]]
    k: int

    @classmethod
    def of(cls, baseline: Baseline) -> Recorded:
        """Without the degradations, which fill most of a baseline."""
        stacks = baseline.of_role(Role.HONEST)
        honest = {
            context.id: tuple(stack.answers[context.id] for stack in stacks if context.id in stack.answers)
            for context in baseline.contexts
        }
        return cls(baseline.by_prompt, honest, baseline.k)


@dataclass(frozen=True, slots=True)
class Asked:
    """One stored request with its answer; `prefix` is what of an answer was pinned."""

    sequence: int
    key: str
    prefix: str
    observation: Observation


@dataclass(frozen=True, slots=True)
class Place:
    """One place where both sides were asked for the next token.

    `at` counts the answer's tokens before it (0 in an answer of one token). `top` is the endpoint's list,
    empty without log-probabilities, `chosen` its token. `deviation` lies in 0..1: total variation at the
    run's k, or without lists the clipped margin of its choice; `kl` in nats. `honest` are the deviations
    of the honest deployments here.
    """

    sequence: int
    at: int
    context: Context
    top: tuple[Token, ...]
    chosen: bytes
    deviation: float
    kl: float | None
    honest: tuple[float, ...]

    @property
    def address(self) -> tuple[int, int]:
        """What names it within its run."""
        return self.sequence, self.at


def places(asked: Iterable[Asked], recorded: Recorded, k: int) -> list[Place]:
    """Every place of a run that can be compared, in order of arrival. `k` is the run's, 0 without lists."""
    latest = {one.key: one for one in asked}
    scored = _scored(latest.values(), recorded)
    found: list[Place] = []
    for one in sorted(latest.values(), key=lambda one: one.sequence):
        answer = one.observation.answer
        if answer is not None:
            found += _of_answer(one, answer, recorded, scored, k)
    return found


def ranked(found: Sequence[Place]) -> list[Place]:
    """The most divergent first."""
    return sorted(found, key=lambda place: (-place.deviation, place.address))


def _of_answer(
    one: Asked, answer: Answer, recorded: Recorded, scored: Mapping[str, list[Context]], k: int
) -> Iterator[Place]:
    prompt, _, end = one.key.rpartition("/")
    contexts = recorded.by_prompt.get(prompt, ())
    if one.key.startswith(OF_REFERENCE) or not contexts:
        return
    if end == GREEDY:
        first = [context for context in contexts if context.type is ContextType.FIRST_TOKEN]
        for context in [*first, *scored[prompt]] if prompt in scored else contexts:
            top = list_at(context, answer, k) if k else choice_at(context, answer)
            if top is not None:
                at, chosen = _position(context, answer)
                yield _place(one, at, context, top, chosen, recorded, k)
        return
    for context in contexts:
        raw = end == RAW and context.type is ContextType.FIRST_TOKEN
        if context.id != one.key and not raw:
            continue
        top = first_token_list(answer, context.prefix) if k else chosen_token(context, answer)
        if top is not None:
            chosen = answer.positions[0].token if answer.positions else new_text(answer, one.prefix).encode()
            yield _place(one, 0, context, top, chosen, recorded, k)


def _place(
    one: Asked,
    at: int,
    context: Context,
    top: tuple[Token, ...],
    chosen: bytes,
    recorded: Recorded,
    k: int,
) -> Place:
    score = tv_score(k) if k else margin_score
    kl = kl_bound(top_k(context.logprobs, k), top_k(as_logprobs(top), k)) if k else None
    honest = tuple(score(context, answer) for answer in recorded.honest.get(context.id, ()))
    shown = top if k else ()
    return Place(one.sequence, at, context, shown, chosen, score(context, top), kl, honest)


def _position(context: Context, answer: Answer) -> tuple[int, bytes]:
    """How many of the answer's tokens stand before the context, and the token that stands there."""
    spelled, wanted = b"", context.prefix.encode()
    for index, position in enumerate(answer.positions or ()):
        if spelled == wanted:
            return index, position.token
        spelled += position.token
    return 0, new_text(answer, context.prefix).encode()


def _scored(asked: Iterable[Asked], recorded: Recorded) -> dict[str, list[Context]]:
    """The contexts that a live reference scored, by prompt: places of the endpoint's own answers."""
    found: dict[str, list[Context]] = {}
    for one in asked:
        answer = one.observation.answer
        if not one.key.startswith(OF_REFERENCE) or answer is None:
            continue
        key = one.key.removeprefix(OF_REFERENCE)
        prompt = key.rpartition("/")[0]
        top = first_token_list(answer, one.prefix)
        known = recorded.by_prompt.get(prompt)
        if top is None or not known:
            continue
        context = replace(known[0], id=key, type=ContextType.SCORED, prefix=one.prefix, top=top)
        found.setdefault(prompt, []).append(context)
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer: a token that was compared has its `place`."""

    text: str
    place: Place | None = None


def pieces(answer: Answer | None, here: Sequence[Place], *, own: bool) -> tuple[Piece, ...]:
    """An answer cut where it was compared.

    `own`: it is the endpoint's own text, token by token. Otherwise the text is the official weights', as
    far as it was pinned; each place stands at the token that follows there, the last at the endpoint's.
    """
    if own and answer is not None and answer.positions:
        at = {place.at: place for place in here}
        spelled = [position.token for position in answer.positions]
        return tuple(Piece(_text(token), at.get(index)) for index, token in enumerate(spelled))
    order = sorted(here, key=lambda place: len(place.context.prefix))
    if not order:
        return ()
    whole = order[-1].context.prefix
    found = [Piece(whole[: len(order[0].context.prefix)])] if order[0].context.prefix else []
    for index, place in enumerate(order):
        start = len(place.context.prefix)
        end = len(order[index + 1].context.prefix) if index + 1 < len(order) else None
        if end is None:
            found.append(Piece(_text(place.chosen), place))
            break
        rest = whole[start:end]
        token = _next(place.context, rest)
        found.append(Piece(token, place))
        if len(token) < len(rest):
            found.append(Piece(rest[len(token) :]))
    return tuple(found)


def _next(context: Context, rest: str) -> str:
    """The listed token that `rest` begins with, the longest that fits; else its first character."""
    fitting = [word for item in context.top if (word := _text(item.token)) and rest.startswith(word)]
    return max(fitting, key=len, default=rest[:1])


def _text(token: bytes) -> str:
    return token.decode("utf-8", "replace")
