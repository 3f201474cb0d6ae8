"""Hypothesis strategies and settings that several test files share."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from verifier.checks.base import (
    Answer,
    ErrorShape,
    Fault,
    Observation,
    Position,
    Probe,
    Purpose,
    Status,
    Streamed,
    Token,
    ToolCall,
)

DETERMINISTIC = settings(derandomize=True, max_examples=100, database=None)
"""The same examples every time: a red build is red again."""
FEW = settings(DETERMINISTIC, max_examples=30)

unit = st.floats(0, 1)
logprobs = st.floats(-700, 0)
tokens = st.builds(Token, st.binary(max_size=6), logprobs)
positions = st.builds(
    Position, st.binary(max_size=6), logprobs, st.lists(tokens, max_size=5).map(lambda top: tuple(top))
)
# Any text that UTF-8 can carry: surrogates are cleaned by the client.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
counts = st.none() | st.integers(0, 10**8)
small = st.integers(0, 1000)
seconds = st.none() | st.floats(0, 1e6)
answers = st.builds(
    Answer,
    text=texts,
    positions=st.none() | st.lists(positions, max_size=4).map(tuple),
    finish_reason=st.none() | texts,
    prompt_tokens=counts,
    completion_tokens=counts,
    model=st.none() | texts,
    system_fingerprint=st.none() | texts,
    tool_calls=st.lists(st.builds(ToolCall, texts, texts, texts), max_size=2).map(tuple),
    reasoning=texts,
    others=st.lists(texts, max_size=2).map(tuple),
    streamed=st.none() | st.builds(Streamed, small, small, st.booleans(), st.booleans(), seconds, seconds),
)
observations = st.one_of(
    st.builds(
        Observation,
        key=texts,
        status=st.just(Status.OK),
        answer=answers,
        http_status=st.just(200),
        attempts=st.integers(1, 5),
        started_at=texts,
        elapsed=st.none() | st.floats(0, 1e6),
        first_token=st.none() | st.floats(0, 1e6),
    ),
    st.sampled_from(Fault).flatmap(
        lambda fault: st.builds(
            Observation,
            key=texts,
            status=st.just(fault.status),
            fault=st.just(fault),
            detail=texts,
            http_status=st.none() | st.integers(100, 599),
            attempts=st.integers(0, 5),
            error_shape=st.none() | st.sampled_from(ErrorShape),
            failed=st.lists(st.sampled_from(Fault), max_size=3).map(tuple),
        )
    ),
)
bodies = st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=4)
probes = st.builds(
    Probe,
    key=texts,
    api=st.sampled_from(["chat/completions", "completions"]),
    body=bodies,
    purpose=st.sampled_from(Purpose),
    asking=st.integers(0, 3),
)
