"""What answers cost: booked in their job's own row, in the write that keeps each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import F

from verifier.checks.base import Observation
from verifier.models import WATCHING, Run
from verifier.scoring.price import Tariff
from verifier.services.tallies import Timing

ENDPOINT_SECONDS = Timing(
    "assay_endpoint_seconds",
    "How long requests to endpoints and references took, from the last send to the end of the answer.",
    (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
)


class Asked(StrEnum):
    """What requests are made for."""

    RUNS = "runs"
    MONITORING = "monitoring"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Account:
    """Where requests are booked. Without a `tariff` no price is listed, and no money is counted."""

    asked: Asked
    tariff: Tariff | None = None

    def booking(self, observation: Observation) -> dict[str, Any]:
        """What this answer adds to its job's row: values for `Lease.renew`."""
        answer = observation.answer
        if answer is None:
            return {}
        prompt, completion = answer.prompt_tokens or 0, answer.completion_tokens or 0
        values = {
            "prompt_tokens": F("prompt_tokens") + prompt,
            "completion_tokens": F("completion_tokens") + completion,
        }
        if self.tariff is not None:
            values["spent"] = F("spent") + self.tariff.cost(prompt, completion)
        return values

    def time(self, observation: Observation) -> None:
        """Count how long this request took, if it was sent at all."""
        if observation.elapsed is not None:
            ENDPOINT_SECONDS.add(observation.elapsed, asked=self.asked, status=observation.status)


def account_of(run: Run) -> Account:
    """The account of a run, at its endpoint's prices as they are listed now."""
    asked = Asked.MONITORING if run.trigger in WATCHING else Asked.RUNS
    price_in, price_out = run.endpoint.price_in, run.endpoint.price_out
    if price_in is None or price_out is None:
        return Account(asked)
    return Account(asked, Tariff(float(price_in), float(price_out)))
