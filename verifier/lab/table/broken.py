"""Deployments that serve the official weights and break one thing that users feel, each another.

Nobody is judged by them: they are what the checks of behaviour are held against, one by one.
"""

from __future__ import annotations

from verifier.lab.deployment import Deployment, Proxy, ServerOptions

_SERVED = ServerOptions(slots=2, micro_batch=64, kv_cache="BF16", flash_attention=True)


def _broken(behaviour: str, label: str, what: str) -> Deployment:
    return Deployment(
        name=f"broken-{behaviour}",
        role="broken",
        quantization="bf16",
        label=label,
        what=f"official weights, bf16; {what}",
        options=_SERVED,
        proxy=Proxy(behaviour),
    )


DEPLOYMENTS = (
    _broken("no-tools", "drops tools", "the request's tools never reach the model"),
    _broken("fence", "fenced arguments", "the arguments of tool calls come in a code fence"),
    _broken("no-stop", "ignores stop", "stop words are accepted and ignored"),
    _broken("no-temperature", "ignores temperature", "any temperature becomes the engine's own"),
    _broken("no-format", "ignores response_format", "response_format is accepted and ignored"),
    _broken("cut-prompt", "prompt cut", "only the last 1,024 tokens of a message are read"),
    _broken("more-prompt", "prompt tokens added", "reports 37 prompt tokens more than were read"),
    _broken("false-usage", "false usage", "reports half as many completion tokens again"),
    _broken("no-done", "streams without [DONE]", "streams end without [DONE]"),
    _broken("only-reasoning", "only reasoning", "the whole answer comes as reasoning_content"),
    _broken("errors-as-ok", "errors in a 200", "errors are sent with status 200"),
    _broken("slow", "slow first token", "every answer waits for a second and a half"),
    _broken("unavailable", "20 % 503", "a fifth of the requests, at random, meets a 503"),
)
