"""Deployments that are judged and have a gateway before them: less access, or a provider that cheats."""

from __future__ import annotations

from verifier.lab.deployment import NONE, Access, Deployment, Proxy, ServerOptions

_SERVED = ServerOptions(slots=2, micro_batch=64, kv_cache="BF16", flash_attention=True)
_NO_LOGPROBS = Access(top_logprobs=0)
_FIVE = Access(top_logprobs=5)
_NO_COMPLETIONS = Access(completions=False)
_NO_PREFIX = Access(prefix=False)
_NO_BYTES = Access(bytes=False)
_TOKEN_IDS = Access(bytes=False, token_ids=True)


def _open(name: str, label: str, what: str, access: Access) -> Deployment:
    what = f"official weights, bf16, two slots; {what}"
    return Deployment(
        name=name,
        role="honest",
        quantization="bf16",
        label=label,
        what=what,
        options=_SERVED,
        cause=NONE,
        access=access,
    )


def _int4(name: str, label: str, what: str, access: Access) -> Deployment:
    return Deployment(
        name=name,
        role="degraded",
        quantization="int4",
        label=label,
        what=f"linear projections rounded to INT4, one scale per 64 inputs; {what}",
        weights="int4-g64",
        options=_SERVED,
        cause="weight quantization",
        access=access,
    )


def _gateway(
    name: str, cause: str, quantization: str, label: str, what: str, behaviour: str, other: str | None = None
) -> Deployment:
    return Deployment(
        name=name,
        role="degraded",
        quantization=quantization,
        label=label,
        what=what,
        options=_SERVED,
        cause=cause,
        proxy=Proxy(behaviour, other),
    )


DEPLOYMENTS = (
    _open("open-top5", "bf16, five logprobs", "at most five top_logprobs", _FIVE),
    _open("open-text", "bf16, no logprobs", "logprobs are accepted and not given", _NO_LOGPROBS),
    _open("open-no-completions", "bf16, chat only", "no /v1/completions", _NO_COMPLETIONS),
    _open("open-no-prefix", "bf16, no prefixes", "a trailing assistant message is not continued", _NO_PREFIX),
    _open("open-no-bytes", "bf16, no bytes", "tokens spelt as in the vocabulary, without bytes", _NO_BYTES),
    _open("open-token-ids", "bf16, token ids", "tokens named by their ids, without bytes", _TOKEN_IDS),
    _int4("int4-no-prefix", "INT4 g64, no prefixes", "no prefix is continued", _NO_PREFIX),
    _int4("int4-top5", "INT4 g64, five logprobs", "at most five top_logprobs", _FIVE),
    _int4("int4-no-bytes", "INT4 g64, no bytes", "tokens without bytes", _NO_BYTES),
    _gateway(
        *("temperature-07", "temperature override", "bf16", "temperature 0.7"),
        "official weights; any temperature but 0 becomes 0.7",
        "temperature",
    ),
    _gateway(
        *("top-k-40", "truncated sampling", "bf16", "top_k 40 forced"),
        "official weights; top_k 40, top_p 0.95 and min_p 0.05 whatever is asked",
        "cut-tail",
    ),
    _gateway(
        *("truncated", "truncated context", "bf16", "context cut"),
        "official weights; beyond 1,200 characters only the last 1,000 of the question are read",
        "cut-context",
    ),
    _gateway(
        *("spoofed", "spoofed logprobs", "int4", "spoofed logprobs"),
        "INT4 g64 writes the answers; the log-probabilities beside them are the official weights'",
        *("spoof", "int4-g64"),
    ),
    _gateway(
        *("special-casing", "special-casing", "int4", "audits answered apart"),
        "official weights for the public prompts of the suite core, INT4 g64 for everything else",
        *("special-case", "int4-g64"),
    ),
    _gateway(
        *("mix-10", "partial routing", "bf16", "10 % INT4"),
        "official weights for nine of ten requests, INT4 g64 for the tenth",
        *("mix", "int4-g64"),
    ),
    _gateway(
        *("speculative", "lossy speculative decoding", "bf16", "lossy speculation"),
        "INT3 g64 drafts each token; kept where the official weights give it at least 0.1",
        *("speculate", "int3-g64"),
    ),
)
