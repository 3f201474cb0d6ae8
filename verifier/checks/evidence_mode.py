"""What an endpoint's answers are scored by: its distributions where it shows them, else its text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verifier.baseline.band import Band, Score, band, prompt_scores, tv_score, usable_contexts
from verifier.baseline.model import Baseline, Context, ContextType
from verifier.baseline.selection import is_near_tie
from verifier.checks.asking import first_token_list, is_whole, new_text
from verifier.checks.base import Answer, Token
from verifier.checks.greedy_answers import choice_at, list_at
from verifier.checks.session import Capabilities
from verifier.stats.margin import margin


@dataclass(frozen=True, slots=True)
class Mode:
    """`level` is the evidence level; `contexts` are those it can use; `band` is computed on just these.

    `window` is the band of the long prompts' first tokens (`long_contexts`), None without any.
    """

    level: str
    k: int
    types: tuple[ContextType, ...]
    contexts: tuple[Context, ...]
    score: Score
    band: Band
    long_contexts: tuple[Context, ...]
    window: Band | None

    @property
    def greedy(self) -> bool:
        """Whether places inside an answer are reached by the endpoint's own greedy answers."""
        return ContextType.GREEDY in self.types or self.scored

    @property
    def scored(self) -> bool:
        """Whether a live reference scores those answers."""
        return ContextType.SCORED in self.types

    def read(self, context: Context, answer: Answer) -> tuple[Token, ...] | None:
        """The next-token list that `answer` shows at `context`; None where it cannot be aligned."""
        if self.greedy and not self.is_long(context):
            return list_at(context, answer, self.k) if self.k else choice_at(context, answer)
        if self.k:
            top = first_token_list(answer, context.prefix)
            return top if top is not None and is_whole(top, min(self.k, len(context.top))) else None
        return chosen_token(context, answer)

    def is_long(self, context: Context) -> bool:
        """Whether the context is one of the long prompts', which are asked for one token each."""
        return context in self.long_contexts


def choose_mode(baseline: Baseline, capabilities: Capabilities, *, live_reference: bool = False) -> Mode:
    """The sharpest mode that the endpoint's capabilities allow; kept with the baseline.

    An endpoint that does not continue a pinned answer is judged inside its own: scored by a live reference
    if there is one and it shows lists, else while its text is the recorded one.
    """
    types = [ContextType.FIRST_TOKEN]
    if capabilities.prefix_style is not None:
        types.append(ContextType.CHAT_PREFIX)
    elif baseline.prefix_style is not None:
        scored = live_reference and capabilities.k > 0
        types.append(ContextType.SCORED if scored else ContextType.GREEDY)
    known = baseline.memo.setdefault("modes", {})
    key = (capabilities.k, tuple(types))
    if key not in known:
        known[key] = _mode(baseline, capabilities.k, types)
    mode: Mode = known[key]
    return mode


def text_mode(baseline: Baseline, capabilities: Capabilities) -> Mode:
    """The mode of the same endpoint if it showed no lists: its choices at near-ties."""
    return choose_mode(baseline, replace(capabilities, k=0))


def _mode(baseline: Baseline, k: int, types: list[ContextType]) -> Mode:
    inside = (ContextType.GREEDY, ContextType.SCORED)
    recorded = [ContextType.CHAT_PREFIX if kind in inside else kind for kind in types]
    contexts = usable_contexts(baseline, recorded)
    long = usable_contexts(baseline, recorded, long=True)
    score = tv_score(k) if k else margin_score
    level = "text" if not k else "greedy" if ContextType.GREEDY in types else "distributions"
    if not k:
        contexts = [context for context in contexts if is_near_tie(context)]
    return Mode(
        level,
        k,
        tuple(types),
        tuple(contexts),
        score,
        band(baseline, contexts, score),
        tuple(long),
        band(baseline, long, score) if long else None,
    )


def margin_score(context: Context, top: tuple[Token, ...]) -> float:
    """Deviation as the clipped margin of the most likely token."""
    return margin(context.logprobs, top[0].token)


def chosen_token(context: Context, answer: Answer) -> tuple[Token, ...] | None:
    """The token that a one-token text answer chose, named by the reference's list where it stands there.

    Some servers trim white space, so among listed tokens that read alike the likeliest is taken: an
    endpoint is never charged for its trimming. Where the endpoint does not count its tokens, it may have
    sent more than the one asked for: then the likeliest listed token that begins the text is taken.
    """
    text = new_text(answer, context.prefix).strip()
    if not text or (answer.completion_tokens is not None and answer.completion_tokens > 1):
        return None
    for item in context.top:
        if item.token.decode(errors="replace").strip() == text:
            return (Token(item.token, 0.0),)
    if answer.completion_tokens is None:
        for item in context.top:
            word = item.token.decode(errors="replace").strip()
            if word and text.startswith(word):
                return (Token(item.token, 0.0),)
    return (Token(text.encode(), 0.0),)


def scores_of_rung(baseline: Baseline, mode: Mode) -> list[list[float]] | None:
    """Per prompt, the deviations of the rung that `faithful` must exclude; None without a ladder."""
    rung = next((rung for rung in mode.band.rungs if rung.mean >= mode.band.c), None)
    stack = next((stack for stack in baseline.stacks if rung is not None and stack.name == rung.name), None)
    return None if stack is None else list(prompt_scores(stack, mode.contexts, mode.score).values())
