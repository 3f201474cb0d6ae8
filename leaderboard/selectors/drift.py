"""How endpoints moved from run to run."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from leaderboard.models import DisputeOutcome
from verifier.models import LOOK, Run, RunState

PER_ENDPOINT = 12
"""Latest runs of an endpoint that a row of the board shows."""


class Reading(NamedTuple):
    """The fidelity of one ended run, with its interval."""

    ended: datetime
    value: float
    low: float
    high: float


def drift_of(model_id: UUID, since: datetime) -> dict[str, list[Reading]]:
    """The latest fidelities of each listed endpoint of a model, oldest first, by its id as text. One query.

    Looks of the monitor and runs whose finding an objection corrected are not among them.
    """
    runs = (
        Run.objects.filter(
            endpoint__model=model_id,
            endpoint__listed=True,
            state=RunState.COMPLETE,
            private=False,
            ended__gte=since,
            fidelity__isnull=False,
        )
        .exclude(trigger=LOOK)
        .exclude(disputes__outcome=DisputeOutcome.CORRECTED)
        .annotate(
            place=Window(
                RowNumber(), partition_by=F("endpoint_id"), order_by=(F("ended").desc(), F("id").desc())
            )
        )
        .filter(place__lte=PER_ENDPOINT)
        .order_by("ended", "id")
        .values_list("endpoint_id", "ended", "fidelity", "fidelity_low", "fidelity_high")
    )
    found: dict[str, list[Reading]] = defaultdict(list)
    for endpoint_id, ended, value, low, high in runs:
        if ended is not None and value is not None and low is not None and high is not None:
            found[str(endpoint_id)].append(Reading(ended, value, low, high))
    return dict(found)
