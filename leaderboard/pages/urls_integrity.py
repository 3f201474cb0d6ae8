"""The addresses at which anybody checks what was signed."""

from __future__ import annotations

from django.urls import path

from leaderboard.languages import spoken
from leaderboard.pages import pools, verify

app_name = "integrity"

urlpatterns = [
    path(".well-known/assay-keys.json", verify.keys, name="keys"),
    path("pools/<slug:sha256>.jsonl", pools.pool, name="pool"),
    path(spoken("verify/"), verify.verify, name="verify"),
]
