"""What several tables share: time-ordered ids, and the lease under which one worker owns a job."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A UUIDv7: unique everywhere, sorts by creation, never guessable as a number."""
    return uuid7()


class Identified(models.Model):
    """A row with a UUIDv7 as its primary key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class Job(Identified):
    """Work that one worker does at a time and that survives the worker.

    A worker owns the job while `lease_token` is its own and `lease_expires_at` lies ahead; every write it
    makes names the token, so a worker that was thought dead can't overwrite its successor. `deliveries`
    counts how often a worker took the job up.
    """

    state = models.CharField(max_length=20, default="queued")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_owner = models.CharField(max_length=200, blank=True, editable=False, help_text="Host and process.")
    deliveries = models.PositiveSmallIntegerField(default=0, editable=False)
    rang = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a worker was last called."
    )
    done = models.PositiveIntegerField(default=0, help_text="Requests answered so far.")
    planned = models.PositiveIntegerField(default=0, help_text="Requests expected; 0 while it isn't known.")
    prompt_tokens = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="As the answers count them, of every delivery together."
    )
    completion_tokens = models.PositiveBigIntegerField(default=0, editable=False)
    stage = models.CharField(max_length=120, blank=True, help_text="What is being done now, in plain words.")
    error = models.TextField(blank=True, help_text="Why it failed on our side, for the operator.")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class JsonTextField(_TextField):
    """JSON kept as ASCII text, so that it comes back exactly as it went in.

    PostgreSQL's jsonb refuses U+0000 and reorders keys; evidence is what a stranger sent, and must hold both.
    """

    description = "JSON as text"
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""


class StoredAnswer(models.Model):
    """One request and what came back, redacted: the evidence. Written once, never changed."""

    sequence = models.PositiveIntegerField(help_text="Order of arrival within its job, from 1.")
    key = models.CharField(max_length=200, help_text="Names the probe within its job.")
    attempt = models.PositiveSmallIntegerField(
        default=1, help_text="Above 1 only where an earlier attempt failed on our side and was asked again."
    )
    purpose = models.CharField(max_length=20)
    request = JsonTextField(help_text="Path and body as sent, without the model and the key.")
    status = models.CharField(max_length=20, help_text="ok, faulty, unsupported or error.")
    fault = models.CharField(max_length=20, blank=True, help_text="Why there is no usable answer.")
    payload = JsonTextField(help_text="The observation as verifier.evidence.codec writes it.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


def one_of(field: str, values: Any, name: str) -> models.CheckConstraint:
    """A database constraint: `field` holds one of `values`."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": [str(value) for value in values]}), name=name
    )
