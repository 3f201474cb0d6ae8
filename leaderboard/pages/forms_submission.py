"""What a provider says of an endpoint, on the page and over the API: one form, one message a field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_noop as noop

from leaderboard import selectors
from leaderboard.services.submissions import Declared
from verifier.models import Model

QUANTIZATIONS = (
    "int4", "int8", "fp4", "fp6", "fp8", "fp16", "bf16", "fp32", "mxfp4", "nvfp4", "unknown",
)  # fmt: skip
UNDECLARED = noop("unknown")
KEY_HELP = gettext_lazy(
    "Encrypted, never shown again, and used for this endpoint alone. It pays for its own runs, so give it a "
    "limit. Empty: none is needed, or the stored one stays."
)


class SubmissionForm(forms.Form):
    """Model, address, id, what is declared, and a write-only key."""

    model = forms.CharField(
        label=gettext_lazy("Model"),
        max_length=281,
        help_text=gettext_lazy("As its makers name it."),
        widget=forms.TextInput(attrs={"list": "models"}),
    )
    base_url = forms.CharField(
        label=gettext_lazy("Base URL"),
        max_length=500,
        help_text=gettext_lazy("As OpenAI clients use it, usually ending in /v1."),
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://api.example.com/v1"}),
    )
    upstream_model = forms.CharField(
        label=gettext_lazy("Model id"),
        max_length=200,
        help_text=gettext_lazy("The model id that the endpoint expects."),
    )
    declared_quantization = forms.CharField(
        label=gettext_lazy("Declared quantization"),
        max_length=20,
        required=False,
        help_text=gettext_lazy(
            "What you say in public that you serve: bf16, fp8, int4 … Empty: you declare none."
        ),
        widget=forms.TextInput(attrs={"list": "quantizations"}),
    )
    variant = forms.SlugField(
        label=gettext_lazy("Variant"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Tells two offers of one model apart: turbo."),
    )
    region = forms.CharField(label=gettext_lazy("Region"), max_length=80, required=False)
    price_in = forms.DecimalField(
        label=gettext_lazy("Price of a million prompt tokens"),
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text=gettext_lazy("US dollars."),
    )
    price_out = forms.DecimalField(
        label=gettext_lazy("Price of a million completion tokens"),
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text=gettext_lazy("US dollars."),
    )
    api_key = forms.CharField(
        label=gettext_lazy("API key"),
        required=False,
        max_length=4096,
        help_text=KEY_HELP,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )

    def clean_model(self) -> Model:
        """The model of this name."""
        org, _, name = str(self.cleaned_data["model"]).strip().partition("/")
        found = Model.objects.filter(org__iexact=org, name__iexact=name).first()
        if found is None:
            raise ValidationError(
                gettext(
                    "This model is not measured here. Choose one that is, named org/name as its makers do, "
                    "or ask the operator for it."
                )
            )
        return found

    def clean_declared_quantization(self) -> str:
        """In lower case; unknown where none is declared."""
        said = str(self.cleaned_data["declared_quantization"]).strip().lower()
        if said and not said.replace("_", "").replace("-", "").isalnum():
            raise ValidationError(gettext("A quantization is one word: fp8, int4, bf16."))
        return said or UNDECLARED

    def declared(self) -> Declared:
        """What was said, once it is valid."""
        return Declared(**self.cleaned_data)


def lists() -> dict[str, Any]:
    """What the fields suggest."""
    return {"models": selectors.measured_models(), "quantizations": QUANTIZATIONS}
