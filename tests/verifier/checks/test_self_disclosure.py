from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.engine import asking
from tests.verifier.small_world import first_answers
from tests.verifier.synthetic import converse
from verifier.checks.base import Answer, Finding, Observation, Outcome, Probe, Purpose, Status
from verifier.checks.self_disclosure import CHECK, formats


def finding(
    *answers: Answer, declared: str | None = "bf16", model: str = "toy", of_reference: bool = False
) -> Finding:
    session = asking(replace(first_answers(), model=model), declared=declared)
    for number, answer in enumerate(answers):
        key = f"p{number}"
        session.probes[key] = Probe(key, "chat/completions", {}, Purpose.DECISION, of_reference)
        session.observations[key] = Observation(key, Status.OK, answer)
    return converse(CHECK.run(session), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("org/Model-7B-Instruct-FP8", {"fp8"}),
        ("model.Q4_K_M.gguf", {"int4"}),
        ("model-iq3_xxs", {"int3"}),
        ("Model-quantized.w4a16", {"int4"}),
        ("mlx/Model-8bit", {"int8"}),
        ("gpt-oss-120b-MXFP4", {"mxfp4"}),
        ("fp_44709d6fcb", set()),
        ("b8123-a1int8f", set()),
        ("SmolLM2-135M", set()),
    ],
)
def test_formats_are_told_by_their_usual_names(name: str, words: set[str]) -> None:
    assert formats(name) == words


def test_a_coarser_format_than_declared_is_a_warning() -> None:
    found = finding(Answer("a", model="toy"), Answer("b", model="toy-awq", system_fingerprint="vllm-int4"))
    assert found.outcome is Outcome.WARN
    assert found.cause == "It declares bf16, and names int4 itself: 'vllm-int4' in its answers."
    assert found.details["admits"] == ["int4"]


def test_what_fits_the_declaration_or_the_official_name_is_fine() -> None:
    for declared, model, name in (
        ("fp8", "toy", "toy-fp8"),
        ("int4", "toy", "toy-bf16"),
        ("bf16", "org/toy-FP8", "toy-fp8"),
        ("bf16", "toy", "toy"),
    ):
        found = finding(Answer("a", model=name), declared=declared, model=model)
        assert found.outcome is Outcome.PASS, (declared, model, name)


def test_without_a_declaration_it_is_only_told() -> None:
    found = finding(Answer("a", model="toy-int8"), declared=None)
    assert (found.outcome, found.details["admits"]) == (Outcome.PASS, ["int8"])
    assert "names int8" not in found.cause
    assert "name int8" in found.cause


def test_the_reference_and_silence_say_nothing() -> None:
    for found in (finding(Answer("a", model="toy-int4"), of_reference=True), finding(Answer("a"))):
        assert (found.outcome, found.details["admits"], found.n) == (Outcome.PASS, [], 0)
