"""Adding a deployment of known truth to a baseline: an honest stack of the band, or a rung of the ladder."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from verifier.baseline.model import Baseline, Role, Stack
from verifier.baseline.pools import missing_pool
from verifier.checks.asking import context_probe, first_token_list
from verifier.checks.base import Ask, Observation, Purpose, Token
from verifier.suites import Suite

USABLE_SHARE = 0.5


class CalibrationError(Exception):
    """The deployment cannot be used for calibration; the message says why and what to do."""


def calibrate(
    baseline: Baseline,
    suite: Suite,
    *,
    name: str,
    label: str,
    role: Role,
    quantization: str | None,
    cause: str = "",
    prompts: int | None = None,
) -> Generator[Ask, Sequence[Observation], Baseline]:
    """Ask the deployment every context of `baseline`, or those of `prompts` of its prompts, evenly spaced.

    Returns the baseline with the deployment added.

    Raises CalibrationError when the baseline is of another suite or hidden pool, or when fewer than half of
    the contexts came back with a list as long as the baseline's.
    """
    if baseline.suite_sha256 != suite.sha256:
        raise CalibrationError(
            f"the baseline was recorded with {baseline.suite}, and that suite has changed since; "
            "record the baseline again"
        )
    if (why := missing_pool(baseline, suite)) is not None:
        raise CalibrationError(why)
    asked = spaced(list(baseline.by_prompt), prompts)
    contexts = [context for context in baseline.contexts if context.prompt_id in asked]
    prompts_by_id = {prompt.id: prompt for prompt in suite.prompts}
    probes = tuple(
        context_probe(
            context,
            prompts_by_id[context.prompt_id],
            baseline.prefix_style,
            baseline.k,
            Purpose.RECORDING,
        )
        for context in contexts
    )
    observations = yield Ask(probes, f"calibrating: {label}", len(probes))
    answers: dict[str, tuple[Token, ...]] = {}
    for context, observation in zip(contexts, observations, strict=True):
        top = None if observation.answer is None else first_token_list(observation.answer, context.prefix)
        if top is not None and len(top) >= min(baseline.k, len(context.top)):
            answers[context.id] = top
    if len(answers) < USABLE_SHARE * len(probes):
        why = next((o.detail for o in observations if o.detail), "its answers carry no usable top_logprobs")
        raise CalibrationError(
            f"{label} answered only {len(answers)} of {len(probes)} contexts usably ({why}); "
            "a calibration deployment must answer chat requests with logprobs and top_logprobs 20"
        )
    return baseline.with_stack(Stack(name, label, role, quantization, answers, cause))


def spaced(prompt_ids: Sequence[str], n: int | None) -> frozenset[str]:
    """`n` of the ids at even distances (all for None): every kind of prompt stays represented."""
    if n is None or n >= len(prompt_ids):
        return frozenset(prompt_ids)
    return frozenset(prompt_ids[index * len(prompt_ids) // n] for index in range(n))
