"""What Django's settings take from the API: REST framework, its documents, and who may read from where."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["leaderboard.api.authentication.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["leaderboard.api.permissions.ReadsAreOpen"],
    "DEFAULT_THROTTLE_CLASSES": ["leaderboard.api.throttles.Quota"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["leaderboard.api.parsers.BoundedJson"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "leaderboard.api.negotiation.OneFormat",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "leaderboard.api.pagination.SignedCursor",
    "DEFAULT_SCHEMA_CLASS": "leaderboard.api.schema.Documented",
    "EXCEPTION_HANDLER": "leaderboard.api.problem.handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_METADATA_CLASS": None,
}

QUOTAS: dict[str, tuple[str, int, int]] = {
    "reads": ("reads", 1200, 60),
    "exports": ("exports", 60, 60),
    "writes": ("writes", 60, 60),
}
"""Name, requests, seconds: `throttles.Policy`. A poller of 500 endpoints may ask for each twice a minute."""

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Assay",
    "DESCRIPTION": "Whether LLM inference providers serve the weights they list: measured, with intervals "
    "and evidence. Reading needs no key. Every answer says which suite, policy and version made it; an "
    "accusation is served only once it is published.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_URLCONF": "leaderboard.urls",
    "COMPONENT_SPLIT_REQUEST": True,
    "DISABLE_ERRORS_AND_WARNINGS": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": ["leaderboard.api.schema.finish"],
    "PREPROCESSING_HOOKS": ["leaderboard.api.schema.only_v1"],
}

CORS: dict[str, Any] = {
    "CORS_URLS_REGEX": r"^/api/",
    "CORS_ALLOW_ALL_ORIGINS": True,
    "CORS_ALLOW_METHODS": ("GET", "HEAD", "OPTIONS"),
    "CORS_ALLOW_HEADERS": ("accept", "if-none-match", "if-modified-since"),
    "CORS_EXPOSE_HEADERS": ("ETag", "Last-Modified", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"),
    "CORS_PREFLIGHT_MAX_AGE": 86400,
}
