"""What one organisation of the small world in world.py has to itself, and what it sends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from leaderboard import services
from leaderboard.models import Delivery, OwnershipProof, Scope, Submission, Webhook
from leaderboard.services import submissions
from leaderboard.services.submissions import Declared
from leaderboard.services.tokens import issue_token
from tests.leaderboard import factories, people
from verifier import credentials
from verifier.models import Endpoint, Model, Run

KEY = "sk-CANARY0123456789abcdef"

WRITES = (
    "submissions_create", "submissions_bulk", "submissions_claim", "submissions_edit", "submissions_prove",
    "submissions_run", "submissions_publish", "submissions_delist", "submissions_withdraw",
    "disputes_withdraw", "disputes_create", "webhooks_create", "webhooks_replay", "webhooks_delete",
)  # fmt: skip
"""Every writing operation, in an order in which each is possible."""


def build(model: Model, published: Endpoint, run: Run) -> dict[str, str]:
    """An organisation with a published endpoint that it disputes the run of, a draft, and a webhook."""
    owner = people.user("owner@cloud.example")
    organisation = people.organisation("Example cloud Inc.", owner)
    webhook = Webhook.objects.create(
        organisation=organisation, url="https://ops.cloud.example/assay", model=model,
        ciphertext=credentials.encrypt("whsec_" + "ZXhhbXBsZSE=" * 4),
    )  # fmt: skip
    Submission.objects.create(organisation=organisation, endpoint=published, state="published")
    dispute = services.open_dispute(
        run, owner, organisation, statement="The template is ours, not the weights.", evidence=""
    )
    draft = submissions.submit(
        organisation,
        owner,
        Declared(
            model=model, base_url="https://new.cloud.example/v1", upstream_model="example-7b",
            variant="preview", declared_quantization="fp8", price_in=Decimal("0.2"), api_key=KEY,
        ),
    )  # fmt: skip
    now = timezone.now()
    OwnershipProof.objects.filter(organisation=organisation).update(
        state="proven", method="well-known", proven=now, checked=now
    )
    private = factories.run(draft.endpoint, factories.result(model=model.slug))
    factories.finding(private)
    Run.objects.filter(pk=private.pk).update(private=True, trigger="provider")
    return {
        "submission_id": str(draft.pk),
        "private_run_id": str(private.pk),
        "dispute_id": str(dispute.pk),
        "webhook_id": str(webhook.pk),
        "delivery_id": str(Delivery.objects.get(webhook=webhook).pk),
        "token": issue_token(organisation, owner, name="an example", scopes=Scope.values)[1],
    }


def sent(values: dict[str, str], model: str) -> dict[str, Any]:
    """What each writing operation is sent in the examples; nothing where it takes nothing."""
    return {
        "submissions_create": {
            "model": model,
            "base_url": "https://api.cloud.example/v1",
            "upstream_model": "example-7b-fast",
            "variant": "fast",
            "declared_quantization": "fp8",
            "region": "eu",
            "price_in": 0.15,
            "price_out": 0.45,
            "api_key": "sk-your-key",
        },
        "submissions_bulk": {
            "base_url": "https://api.cloud.example/v1",
            "data": [
                {
                    "id": "example-7b-nightly",
                    "hugging_face_id": model,
                    "quantization": "int8",
                    "pricing": {"prompt": "0.0000001", "completion": "0.0000003"},
                    "supported_features": ["tools"],
                    "datacenters": [{"country_code": "DE"}],
                    "is_ready": True,
                },
                {"id": "another-70b", "hugging_face_id": "another-org/another-70b", "is_ready": True},
            ],
        },
        "submissions_claim": {"endpoint": values["listed"]},
        "submissions_edit": {"region": "us", "price_in": 0.18},
        "submissions_prove": {"base_url": "https://next.cloud.example/v1"},
        "disputes_create": {
            "run": values["run_id"],
            "statement": "The template is ours, not the weights.",
            "evidence": "https://cloud.example/template",
        },
        "webhooks_create": {"url": "https://ops.cloud.example/alerts", "model": model},
    }
