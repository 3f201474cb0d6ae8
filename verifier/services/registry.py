"""Who serves what, what is trusted, and with which keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from verifier import credentials
from verifier.baseline.template import ChatTemplate, TemplateFault
from verifier.client.egress import EgressPolicy, check_url
from verifier.models import ControlTruth, Credential, Endpoint, Model, Provider, Reference, ReferenceRole
from verifier.services.tallies import Tally

Row = TypeVar("Row", bound=models.Model)
EGRESS_REFUSED = Tally("assay_egress_refused_total", "Addresses that were not connected to, by reason.")


def egress_policy() -> EgressPolicy:
    """Where the server's requests may go: public addresses, and what the operator allows by EGRESS_ALLOW."""
    return EgressPolicy(
        allow=frozenset(settings.EGRESS_ALLOW), on_refused=lambda reason: EGRESS_REFUSED.add(reason=reason)
    )


def require_reachable(base_url: str) -> None:
    """Raise ValidationError, keyed `base_url`, unless our workers would fetch this address."""
    checked = check_url(base_url, egress_policy())
    if not checked.ok:
        raise ValidationError({"base_url": checked.reason})


def register_provider(*, slug: str, name: str, url: str = "", is_lab: bool = False) -> Provider:
    """Create or update a provider by its slug."""
    provider = Provider.objects.filter(slug=slug).first() or Provider(slug=slug)
    return _saved(_with(provider, name=name, url=url, is_lab=is_lab))


def register_model(*, org: str, name: str, precision: str = "", licence: str = "", url: str = "") -> Model:
    """Create or update a model by its makers' name `org/name`."""
    model = Model.objects.filter(org=org, name=name).first() or Model(org=org, name=name)
    return _saved(_with(model, precision=precision, licence=licence, url=url))


def register_endpoint(
    *,
    provider: Provider,
    model: Model,
    label: str,
    base_url: str,
    upstream_model: str,
    variant: str = "",
    declared_quantization: str = "unknown",
    region: str = "",
    price_in: Decimal | None = None,
    price_out: Decimal | None = None,
    what: str = "",
    is_control: bool = False,
    control_truth: ControlTruth | None = None,
    listed: bool = True,
) -> Endpoint:
    """Create or update the endpoint of `provider`, `model` and `variant`.

    Raises ValidationError keyed by field: an address our workers would not fetch, or one that is used to
    calibrate (what calibrates is never judged).
    """
    endpoint = Endpoint.objects.filter(provider=provider, model=model, variant=variant).first() or Endpoint(
        provider=provider, model=model, variant=variant
    )
    values: dict[str, Any] = {
        "label": label,
        "base_url": base_url,
        "upstream_model": upstream_model,
        "declared_quantization": declared_quantization,
        "region": region,
        "price_in": price_in,
        "price_out": price_out,
        "what": what,
        "is_control": is_control,
        "control_truth": control_truth,
        "listed": listed,
    }
    return save_endpoint(_with(endpoint, **values))


def save_endpoint(endpoint: Endpoint) -> Endpoint:
    """Validate and save. Raises ValidationError as `register_endpoint`.

    With another address or model id it is another deployment from now on.
    """
    check_endpoint(model=endpoint.model, base_url=endpoint.base_url, upstream_model=endpoint.upstream_model)
    served = {"base_url": endpoint.base_url, "upstream_model": endpoint.upstream_model}
    if not Endpoint.objects.filter(pk=endpoint.pk, **served).exists():
        endpoint.changed = timezone.now()
    return _saved(endpoint)


def check_endpoint(*, model: Model, base_url: str, upstream_model: str) -> None:
    """Raise ValidationError unless this address may become an endpoint of `model`."""
    require_reachable(base_url)
    if Reference.objects.filter(
        model=model, base_url__in=_spellings(base_url), upstream_model=upstream_model
    ).exists():
        raise ValidationError(
            {"base_url": "This deployment is a reference or calibrates, so it can't be judged as well."}
        )


def register_reference(
    *,
    model: Model,
    role: ReferenceRole,
    name: str,
    label: str,
    quantization: str,
    base_url: str,
    upstream_model: str,
    provenance: str = "",
    cause: str = "",
    chat_template: str = "",
) -> Reference:
    """Create or update the reference of `model` called `name`; it becomes active.

    `cause` is one of verifier.scoring.policy.CAUSES: what was done to a rung or a known variant.
    `chat_template` is the model's own, of the role `reference` only.

    Raises ValidationError keyed by field: an address our workers would not fetch or one that is judged, a
    cause of official weights, a chat template that is none or of another role.
    """
    reference = Reference.objects.filter(model=model, name=name).first() or Reference(model=model, name=name)
    values: dict[str, Any] = {
        "role": role,
        "label": label,
        "quantization": quantization,
        "base_url": base_url,
        "upstream_model": upstream_model,
        "provenance": provenance,
        "cause": cause,
        "chat_template": chat_template,
        "active": True,
    }
    return save_reference(_with(reference, **values))


@transaction.atomic
def save_reference(reference: Reference) -> Reference:
    """Validate and save. An active one in the role `reference` takes the place of the active one.

    Raises ValidationError as `register_reference`.
    """
    model = reference.model
    check_reference(model=model, base_url=reference.base_url, upstream_model=reference.upstream_model)
    check_truth(role=reference.role, cause=reference.cause, chat_template=reference.chat_template)
    if reference.role == ReferenceRole.REFERENCE and reference.active:
        others = Reference.objects.filter(model=model, role=ReferenceRole.REFERENCE, active=True)
        others.exclude(pk=reference.pk).update(active=False)
    return _saved(reference)


def check_reference(*, model: Model, base_url: str, upstream_model: str) -> None:
    """Raise ValidationError unless this address may become a reference of `model`."""
    require_reachable(base_url)
    if Endpoint.objects.filter(
        model=model, base_url__in=_spellings(base_url), upstream_model=upstream_model
    ).exists():
        raise ValidationError(
            {"base_url": "This deployment is judged as an endpoint, so it can't calibrate as well."}
        )


def check_truth(*, role: str, cause: str, chat_template: str) -> None:
    """Raise ValidationError where what is said of a reference can't be so in its role."""
    if cause and role in (ReferenceRole.REFERENCE, ReferenceRole.HONEST):
        raise ValidationError({"cause": "It serves the official weights, so nothing was done to them."})
    if not chat_template:
        return
    if role != ReferenceRole.REFERENCE:
        raise ValidationError({"chat_template": "The template is taken from the reference alone."})
    try:
        ChatTemplate(chat_template)
    except TemplateFault as error:
        raise ValidationError({"chat_template": f"This is no template: {error}."}) from error


def set_credential(owner: Endpoint | Reference, secret: str, *, blind: bool = False) -> Credential:
    """Keep the API key of an endpoint or a reference, encrypted; a former key is overwritten.

    `blind`: the operator's own key for an endpoint, beside the one that its provider declared.

    Raises ValidationError for a key that no HTTP header can carry; the message does not repeat it.
    """
    secret = check_secret(secret)
    who = _who(owner, blind)
    credential = Credential.objects.filter(**who).first() or Credential(**who)
    return _saved(_with(credential, ciphertext=credentials.encrypt(secret), hint=credentials.hint(secret)))


def check_secret(secret: str) -> str:
    """The key without white space around it. Raises ValidationError if no HTTP header can carry it."""
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValidationError({"api_key": "An API key is printable ASCII text without spaces."})
    return secret


def remove_credential(owner: Endpoint | Reference, *, blind: bool = False) -> None:
    """Forget the API key of an endpoint or a reference."""
    Credential.objects.filter(**_who(owner, blind)).delete()


@transaction.atomic
def keep_key_blind(endpoint: Endpoint) -> None:
    """The operator's key of an endpoint becomes its blind one, unless it has one: somebody else speaks."""
    if not Credential.objects.filter(blind_of=endpoint).exists():
        Credential.objects.filter(endpoint=endpoint).update(endpoint=None, blind_of=endpoint)


def api_key(owner: Endpoint | Reference, *, blind: bool = False) -> str | None:
    """The decrypted key for one request's use. Raises CredentialUnreadable."""
    credential = Credential.objects.filter(**_who(owner, blind)).first()
    return None if credential is None else credentials.decrypt(credential.ciphertext)


@transaction.atomic
def rotate_credentials() -> int:
    """Encrypt every stored key with the first of CREDENTIAL_KEYS; returns how many there are.

    Raises CredentialUnreadable, having changed nothing, when one can't be decrypted.
    """
    stored = list(Credential.objects.select_for_update())
    for credential in stored:
        credential.ciphertext = credentials.rotate(credential.ciphertext)
        credential.save(update_fields=["ciphertext", "updated"])
    return len(stored)


def _who(owner: Endpoint | Reference, blind: bool) -> dict[str, Any]:
    if isinstance(owner, Endpoint):
        return {"blind_of": owner} if blind else {"endpoint": owner}
    return {"reference": owner}


def _spellings(base_url: str) -> list[str]:
    plain = base_url.rstrip("/")
    return [plain, plain + "/"]


def _with(row: Row, **values: Any) -> Row:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _saved(row: Row) -> Row:
    row.full_clean()
    row.save()
    return row
