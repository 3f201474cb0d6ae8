"""Fills the database of a chaos: models with a baseline, and an endpoint with a queued run each.

`python -m tests.chaos.world PORT RUNS`, with the environment of the site's processes.
"""

from __future__ import annotations

import os
import sys

import django

ENDPOINTS_A_MODEL = 50
PROMPTS = 30
MOST_REQUESTS = 30
"""What bounds a run: it is to be short."""


def fill(port: int, runs: int, *, listed: bool = True) -> None:
    """Everything is done by the services, as the operator's forms do it, but for the baseline, which is made
    without a network and stored as it is.
    """
    from tests.verifier.cli.commands import baseline
    from verifier import services
    from verifier.baseline import files
    from verifier.models import Baseline, ReferenceRole

    recorded = baseline(PROMPTS)
    data = files.dump(recorded)
    provider = services.register_provider(slug="chaos", name="Chaos")
    endpoints = []
    for number in range(runs):
        if number % ENDPOINTS_A_MODEL == 0:
            model = services.register_model(org="chaos", name=f"model-{number // ENDPOINTS_A_MODEL}")
            services.register_reference(
                model=model,
                role=ReferenceRole.REFERENCE,
                name="reference",
                label="Reference",
                quantization="bf16",
                base_url=f"http://127.0.0.1:{port}/reference/v1",
                upstream_model="reference",
            )
            queued = services.queue_baseline(model)
            Baseline.objects.filter(pk=queued.pk).update(state="ready", data=data, digest=recorded.id)
        endpoints.append(
            services.register_endpoint(
                provider=provider,
                model=model,
                variant=f"run-{number}",
                label=f"Endpoint {number}",
                base_url=f"http://127.0.0.1:{port}/v1",
                upstream_model=f"run-{number}",
                listed=listed,
            )
        )
    for number, endpoint in enumerate(endpoints):
        services.queue_run(
            endpoint, settings={"max_requests": MOST_REQUESTS, "decide_only": True}, seed=number
        )


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "leaderboard.settings"
    django.setup()
    fill(int(sys.argv[1]), int(sys.argv[2]))
