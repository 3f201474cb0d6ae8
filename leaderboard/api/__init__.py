"""The public API, `/api/v1/`: what is published, cheap to poll and stable.

How a route is added:

1. One file per resource here (`runs.py`), with views that inherit `base.ApiView` (one document) or
   `base.ListView` (filtered cursor pages). A view names its reads in `leaderboard.selectors` and its writes
   in `leaderboard.services`; it answers `Response(data)` with JSON-ready data.
2. `@extend_schema` on each method: an operation id, a summary, the response's serializer from `schemas.py` (a
   description of what is stored, not a second copy of it). Query parameters that the view does not name in
   `parameters` are refused, so that a misspelt filter never passes everything.
3. Its paths in `urls.py`, without a trailing slash.
4. `make contract`: writes the examples as the server answers them in tests/leaderboard/api/world.py, and
   tests/contract/openapi.yaml. It refuses to take anything away from version 1.

What a token does is in `writes.py`: `Guarded` views name the scope of each method in `scopes`, check what was
sent with `said` and act through `act`, which tells refusals as problems and honours an Idempotency-Key.

Defaults: anybody reads; a write needs a token (`permissions.ReadsAreOpen`), which the authentication class of
`authentication.py` recognises: it is named in `configuration.REST_FRAMEWORK`. Answers to writes and to
requests with a token are never cached publicly. Every error is a problem document (`problem.py`): raise DRF's
exceptions. Quotas are `throttles.QUOTAS`; a view names its own in `quota`.
"""
