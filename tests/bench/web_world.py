"""Fills the database of `make bench-web`: a board of 300 endpoints with a year of daily runs, and work to do.

`python -m tests.bench.web_world PORT`, with the environment of the site's processes; prints an endpoint's id.
"""

from __future__ import annotations

import os
import sys

import django

ENDPOINTS, DAYS = 300, 365
UNDER_WAY = 600
"""Runs of endpoints that no board lists, so that the workers have enough to do."""
MOVED = {"created", "started", "ended", "announced"}


def fill(port: int) -> str:
    """Today's runs as tests make them, and each of them again for every day before, by one statement."""
    from django.db import connection
    from django.utils import timezone

    from leaderboard import services
    from tests.chaos import world
    from tests.leaderboard import factories
    from verifier.models import Run

    world.fill(port, UNDER_WAY, listed=False)  # first: each endpoint's registration publishes the board
    for number in range(ENDPOINTS):
        endpoint = factories.endpoint(
            f"Endpoint {number}", variant=f"e{number}", price_out=0.1 + number / 100
        )
        good = number % 3
        factories.run(endpoint, factories.faithful() if good else factories.result())
    Run.objects.filter(state="complete").update(announced=timezone.now())
    columns = [str(field.column) for field in Run._meta.concrete_fields]
    past = {
        name: "gen_random_uuid()"
        if name == "id"
        else f"{name} - day * interval '1 day'"
        if name in MOVED
        else name
        for name in columns
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into verifier_run ({', '.join(past)}) select {', '.join(past.values())} "
            f"from verifier_run cross join generate_series(1, {DAYS - 1}) as day where state = 'complete'"
        )
        cursor.execute("analyze")
    services.publish(endpoint.model_id)
    return str(endpoint.pk)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "leaderboard.settings"
    django.setup()
    print(fill(int(sys.argv[1])))
