"""The nightly dump: everything public as one file, the latest only."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leaderboard import selectors
from leaderboard.exports import dump
from leaderboard.models import Dump


def keep_dump() -> Dump:
    """Today's dump (UTC): made by the first call of the day, which takes the earlier ones away."""
    now, latest = timezone.now(), selectors.latest_dump()
    if latest is not None and latest.made.date() == now.date():
        return latest
    served = {row.pk: row.document for row in selectors.served_endpoints()}
    content, description = dump.export(
        list(served.values()),
        selectors.dumped_runs(served),
        selectors.dumped_changes(),
        made=now,
        site=settings.SITE_URL,
    )
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    with transaction.atomic():
        Dump.objects.all().delete()
        return Dump.objects.create(made=now, digest=digest, description=description, content=content)
