"""What is sent with a token, and what is told to its organisation alone."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers

from leaderboard.api.schemas import Finding, Progress, anything, link, moment
from leaderboard.models import DeliveryState, DisputeOutcome, ProofState, SubmissionState
from verifier.models import RunState

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


class Text(serializers.CharField):
    """A text, and nothing that could be made one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Id(serializers.UUIDField):
    """An id as it is served."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _ID.match(data):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Price(serializers.FloatField):
    """US dollars for a million tokens, to six places."""

    def __init__(self, help_text: str, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(help_text=help_text, min_value=0, max_value=999_999, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data):
            self.fail("invalid")
        return Decimal(str(data))


def _optional(most: int, help_text: str, **kwargs: Any) -> Text:
    return Text(max_length=most, help_text=help_text, required=False, allow_blank=True, **kwargs)


class SubmissionEdit(serializers.Serializer[Any]):
    """What may be said anew of an endpoint. What is left out stays."""

    base_url = Text(max_length=500, help_text="As OpenAI clients use it, usually ending in `/v1`.")
    upstream_model = Text(max_length=200, help_text="The model id that the endpoint expects.")
    declared_quantization = _optional(20, "`fp8`, `int4`, `bf16` ...: what you say in public. Empty: none.")
    region = _optional(80, "Where it stands.")
    price_in = Price("Of a million prompt tokens.")
    price_out = Price("Of a million completion tokens.")
    api_key = _optional(4096, "Encrypted, never told again. Empty: none.", write_only=True)


class NewSubmission(SubmissionEdit):
    """What a provider says of an endpoint."""

    model = Text(max_length=281, help_text="`org/name`, as its makers do.")
    variant = _optional(80, "Tells two offers of one model apart: `turbo`.")


class Feed(serializers.Serializer[Any]):
    """OpenRouter's provider feed, with the address and the key that are the same for all of it."""

    base_url = Text(max_length=500, help_text="As OpenAI clients use it, usually ending in `/v1`.")
    api_key = _optional(4096, "Encrypted, never told again. Empty: none.", write_only=True)
    data = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(),
        min_length=1,
        max_length=500,
        help_text="Models: `id`, `hugging_face_id`, `quantization`, `pricing`, `datacenters`, `is_ready`.",
    )


class NewClaim(serializers.Serializer[Any]):
    """An endpoint that the operator has listed."""

    endpoint = Id()


class ProofWanted(serializers.Serializer[Any]):
    """What to prove."""

    base_url = Text(
        max_length=500, required=False, help_text="Where the endpoint is to move; without it, where it is."
    )


class Proof(serializers.Serializer[Any]):
    """That the origin is yours: one of file and record is enough."""

    origin = serializers.CharField()
    state = serializers.ChoiceField(choices=ProofState.choices)
    method = serializers.CharField(allow_null=True, help_text="How it was proven: `well-known` or `dns`.")
    file_url = link("Where the file has to be.", allow_null=True)
    file_content = serializers.CharField(allow_null=True, help_text="What it has to hold.")
    txt_name = serializers.CharField(allow_null=True, help_text="The name that has the TXT record.")
    txt_value = serializers.CharField(allow_null=True, help_text="What the record has to be.")
    expires = moment("Until when it may be proven.")
    checked = moment("When it was last looked for.", allow_null=True)
    reason = serializers.CharField(help_text="What was found instead.")


class PrivateRuns(serializers.Serializer[Any]):
    """How often it was tried in private; a certificate tells the whole number."""

    last_24_hours = serializers.IntegerField()
    limit_a_day = serializers.IntegerField()
    in_all = serializers.IntegerField()


class SubmissionLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    runs = link("Its private runs.")


class SubmissionRow(serializers.Serializer[Any]):
    """An endpoint in the hands of your organisation."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=SubmissionState.choices)
    claim = serializers.BooleanField(help_text="The operator had listed it before.")
    endpoint = serializers.UUIDField(help_text="Its id on the board, once it is published.")
    model = serializers.CharField(help_text="`org/name`.")
    variant = serializers.CharField()
    base_url = serializers.CharField()
    upstream_model = serializers.CharField()
    declared_quantization = serializers.CharField()
    region = serializers.CharField()
    price_in = serializers.FloatField(allow_null=True)
    price_out = serializers.FloatField(allow_null=True)
    created = moment("When it was submitted.")
    published = moment("When it was last published.", allow_null=True)
    links = SubmissionLinks()


class Submission(SubmissionRow):
    """The same, with what is to be done next."""

    has_key = serializers.BooleanField(allow_null=True, help_text="Null: a claim that is not proven.")
    proof = Proof(allow_null=True)
    proven = serializers.BooleanField(help_text="The proof of its origin holds.")
    fresh = serializers.BooleanField(
        help_text="It was seen within the hour, as publishing and delisting need it."
    )
    private_runs = PrivateRuns(allow_null=True, help_text="Null: a claim that is not proven.")


class PassedOver(serializers.Serializer[Any]):
    """An entry of a feed that was not submitted."""

    id = serializers.CharField()
    reason = serializers.CharField()


class Submitted(serializers.Serializer[Any]):
    """What came of a feed."""

    results = SubmissionRow(many=True)
    skipped = PassedOver(many=True)


class PrivateRunLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    submission = link("Its submission.")


class PrivateRunRow(serializers.Serializer[Any]):
    """A run for your organisation alone."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=RunState.choices)
    created = moment("When it was asked for.")
    started = moment("When it began.", allow_null=True)
    ended = moment("When it ended.", allow_null=True)
    progress = Progress()
    verdict = serializers.CharField(allow_null=True)
    links = PrivateRunLinks()


class PrivateRun(PrivateRunRow):
    """The whole diagnosis."""

    versions = anything("`suite`, `policy` and `assay` that made these numbers.", allow_null=True)
    result = anything("As `assay verify` writes it, without the findings.", allow_null=True)
    findings = Finding(many=True)


class NewDispute(serializers.Serializer[Any]):
    """An objection. All of it is published."""

    run = Id(help_text="The run that found it.")
    check = _optional(80, "The finding's check; empty: the verdict as a whole.")
    statement = Text(max_length=5000, help_text="What is wrong, in your words.")
    evidence = _optional(5000, "What shows it: links, figures, a configuration.")


class DisputeLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    run = link("The run.")
    endpoint = link("The endpoint.")


class Dispute(serializers.Serializer[Any]):
    """An objection, its clock and its answer."""

    id = serializers.UUIDField()
    endpoint = serializers.UUIDField()
    model = serializers.CharField(help_text="`org/name`.")
    run = serializers.UUIDField()
    check = serializers.CharField(allow_null=True, help_text="Null: the verdict as a whole.")
    certificate = serializers.UUIDField(allow_null=True)
    objector = serializers.CharField()
    statement = serializers.CharField()
    evidence = serializers.CharField()
    opened = moment("When it was made.")
    due = moment("By when the operator answers.")
    outcome = serializers.ChoiceField(
        choices=DisputeOutcome.choices, allow_null=True, help_text="Null: open."
    )
    answer = serializers.CharField()
    answered = moment("When it ended.", allow_null=True)
    links = DisputeLinks()


class NewWebhook(serializers.Serializer[Any]):
    """Where to post, and about what: at most one of endpoint, model and provider; none means everything."""

    url = Text(max_length=500, help_text="An https address.")
    endpoint = Id(required=False)
    model = Text(max_length=281, required=False, help_text="`org/name`.")
    provider = Text(max_length=80, required=False, help_text="Its slug.")


class Webhook(serializers.Serializer[Any]):
    """An address that alerts are posted to, signed as Standard Webhooks has it."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    endpoint = serializers.UUIDField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    provider = serializers.CharField(allow_null=True)
    active = serializers.BooleanField()
    stopped = serializers.CharField(help_text="Why it is not active.")
    created = moment("When it was added.")


class WebhookAdded(Webhook):
    """The same with its secret, which is told this once."""

    secret = serializers.CharField(help_text="`whsec_...`: check the signatures with it.")


class Attempt(serializers.Serializer[Any]):
    """One attempt of a delivery."""

    at = moment("When it ended.")
    status = serializers.IntegerField(allow_null=True, help_text="What was answered; null: nothing was.")
    detail = serializers.CharField()
    seconds = serializers.FloatField()


class Delivery(serializers.Serializer[Any]):
    """One alert on its way. `id` is that of the `webhook-id` header, however often it is sent."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    created = moment("When it happened.")
    due = moment("When it is sent next.", allow_null=True)
    attempts = Attempt(many=True)


class Deliveries(serializers.Serializer[Any]):
    """The last of them."""

    results = Delivery(many=True)
