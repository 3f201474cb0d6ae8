"""The operator's pages: register, record, run, watch. Every write goes through verifier.services."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from verifier import selectors, services
from verifier.models import (
    Baseline,
    Endpoint,
    Finding,
    IllegalTransition,
    Model,
    Monitor,
    Provider,
    Reference,
    Run,
    Schedule,
)
from verifier.models.base import Job
from verifier.services.registry import check_endpoint, check_reference, check_secret, check_truth
from verifier.stats.e_detector import EDetector
from verifier.suites import loader as suites

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
    BaseAdmin = admin.ModelAdmin[Any]
    BaseInline = admin.TabularInline[Any, Any]
else:
    ModelForm, BaseAdmin, BaseInline = forms.ModelForm, admin.ModelAdmin, admin.TabularInline

KEY_HELP = "Leave empty to keep the present key. It is encrypted and never shown again."


class DeploymentForm(ModelForm):
    """What endpoints and references share: an address our workers would fetch, and a write-only key."""

    api_key = forms.CharField(
        required=False,
        help_text=KEY_HELP,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )
    forget_key = forms.BooleanField(required=False, help_text="Delete the stored key.")
    check_address: Callable[..., None]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("api_key", "blind_key"):
            if secret := cleaned.get(name):
                try:
                    check_secret(secret)
                except ValidationError as error:
                    self.add_error(name, error.message_dict["api_key"])
        address = {name: cleaned.get(name) for name in ("model", "base_url", "upstream_model")}
        if all(address.values()):
            try:
                type(self).check_address(**address)
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned


class EndpointForm(DeploymentForm):
    check_address = staticmethod(check_endpoint)
    blind_key = forms.CharField(
        required=False,
        help_text="Your own, as a customer of theirs: runs with it can't be told from other requests. "
        + KEY_HELP,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )
    forget_blind_key = forms.BooleanField(required=False, help_text="Delete the stored blind key.")

    class Meta:
        model = Endpoint
        fields = (
            "provider",
            "model",
            "variant",
            "label",
            "base_url",
            "upstream_model",
            "declared_quantization",
            "region",
            "price_in",
            "price_out",
            "what",
            "is_control",
            "control_truth",
            "listed",
        )


class ReferenceForm(DeploymentForm):
    check_address = staticmethod(check_reference)
    # White space is part of a template.
    chat_template = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=Reference._meta.get_field("chat_template").help_text,
    )

    class Meta:
        model = Reference
        fields = (
            "model",
            "role",
            "name",
            "label",
            "quantization",
            "base_url",
            "upstream_model",
            "cause",
            "chat_template",
            "provenance",
            "active",
        )

    def clean_chat_template(self) -> str:
        """As it was pasted: browsers send line ends as CR LF."""
        text = str(self.cleaned_data["chat_template"]).replace("\r\n", "\n")
        return text if text.strip() else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        said = {name: cleaned.get(name) or "" for name in ("role", "cause", "chat_template")}
        try:
            check_truth(**said)
        except ValidationError as error:
            self.add_error(None, error)
        return cleaned


class DeploymentAdmin(BaseAdmin):
    """Saves the key through the service and shows only whether there is one."""

    readonly_fields: ClassVar[Any] = ("stored_key",)

    @admin.display(description="Stored key")
    def stored_key(self, row: Endpoint | Reference) -> str:
        kept = {"": getattr(row, "credential", None), "blind ": getattr(row, "blind_credential", None)}
        told = [f"{kind}{key.hint}, set {key.updated:%Y-%m-%d}" for kind, key in kept.items() if key]
        return "; ".join(told) or "none"

    def save_model(self, request: HttpRequest, row: Any, form: Any, change: bool) -> None:
        if isinstance(row, Endpoint):
            services.save_endpoint(row)
        else:
            services.save_reference(row)
        for name, forget, blind in (
            ("api_key", "forget_key", False),
            ("blind_key", "forget_blind_key", True),
        ):
            if form.cleaned_data.get(forget):
                services.remove_credential(row, blind=blind)
            if secret := form.cleaned_data.get(name):
                services.set_credential(row, secret, blind=blind)


@admin.register(Provider)
class ProviderAdmin(BaseAdmin):
    list_display = ("name", "slug", "is_lab")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}


@admin.register(Model)
class ModelAdmin(BaseAdmin):
    list_display = ("slug", "precision", "licence")
    search_fields = ("org", "name")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    actions = ("record_baseline",)

    @admin.action(description="Record a baseline from the active references", permissions=["change"])
    def record_baseline(self, request: HttpRequest, chosen: QuerySet[Model]) -> None:
        for model in chosen:
            try:
                services.queue_baseline(model)
            except services.BaselineNotPossible as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"A baseline of {model} is queued.", messages.SUCCESS)


@admin.register(Reference)
class ReferenceAdmin(DeploymentAdmin):
    form = ReferenceForm
    list_display = ("label", "model", "role", "quantization", "cause", "base_url", "active")
    list_filter = ("role", "active", "model")
    search_fields = ("name", "label")
    list_select_related = ("model",)
    actions = ("record_baseline",)

    @admin.action(description="Record a baseline of the model of each", permissions=["change"])
    def record_baseline(self, request: HttpRequest, references: QuerySet[Reference]) -> None:
        chosen = Model.objects.filter(references__in=references).distinct()
        ModelAdmin.record_baseline(self, request, chosen)  # type: ignore[arg-type]


@admin.register(Endpoint)
class EndpointAdmin(DeploymentAdmin):
    form = EndpointForm
    list_display = ("label", "provider", "model", "declared_quantization", "is_control", "listed")
    list_filter = ("listed", "is_control", "provider", "model")
    search_fields = ("label", "base_url", "upstream_model")
    list_select_related = ("provider", "model")
    actions = ("start_run", "watch", "unwatch")

    @admin.action(description="Start a run", permissions=["change"])
    def start_run(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        for endpoint in endpoints.select_related("model"):
            try:
                services.queue_run(endpoint)
            except services.RunNotPossible as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"A run of {endpoint} is queued.", messages.SUCCESS)

    @admin.action(description="Watch: measure again and again", permissions=["change"])
    def watch(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        for endpoint in endpoints:
            services.watch(endpoint)
            self.message_user(request, f"{endpoint} is watched.", messages.SUCCESS)

    @admin.action(description="Watch no longer", permissions=["change"])
    def unwatch(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        for endpoint in endpoints:
            services.unwatch(endpoint)
            self.message_user(request, f"{endpoint} is not watched any more.", messages.SUCCESS)


class ReadOnlyAdmin(BaseAdmin):
    """Facts are looked at here, not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Progress")
    def progress(self, job: Job) -> str:
        if not job.planned:
            return job.stage or "–"
        bar = format_html('<progress max="{}" value="{}"></progress>', job.planned, job.done)
        return format_html("{} {} of {} {}", bar, job.done, job.planned, job.stage)


class BaselineForm(ModelForm):
    """What to record; the rest follows from the model's active references."""

    suite_name = forms.ChoiceField(choices=lambda: [(name, name) for name in suites.names()])

    class Meta:
        model = Baseline
        fields = ("model", "suite_name", "seed", "prompts", "calibration_prompts")

    def clean_model(self) -> Model:
        model: Model = self.cleaned_data["model"]
        if selectors.active_reference(model.pk) is None:
            raise ValidationError(f"{model} has no active reference. Register one first.")
        return model


@admin.register(Baseline)
class BaselineAdmin(ReadOnlyAdmin):
    form = BaselineForm
    list_display = ("model", "suite_name", "suite_version", "state", "progress", "created")
    list_filter = ("state", "model")
    list_select_related = ("model",)
    exclude = ("data",)
    readonly_fields = ("progress",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Baseline]:
        return super().get_queryset(request).defer("data")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("verifier.add_baseline")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return BaselineForm.Meta.fields if obj is None else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.readonly_fields

    def save_model(self, request: HttpRequest, row: Any, form: Any, change: bool) -> None:
        row.pk = services.queue_baseline(**form.cleaned_data).pk
        row.refresh_from_db()


class FindingInline(BaseInline):
    model = Finding
    fields = ("check_name", "version", "outcome", "estimate", "low", "high", "n", "unit", "cause")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("endpoint", "state", "verdict", "fidelity", "progress", "trigger", "created")
    list_filter = ("state", "verdict", "endpoint__model")
    list_select_related = ("endpoint",)
    exclude = ("result",)
    readonly_fields = ("progress",)
    inlines = (FindingInline,)
    actions = ("cancel",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return super().get_queryset(request).defer("result")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verifier.change_run")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        for run in runs:
            try:
                services.cancel_run(run.pk)
            except IllegalTransition as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"The run of {run.endpoint} is cancelled.", messages.SUCCESS)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("endpoint", "look_due", "deep_due", "put_off")
    list_select_related = ("endpoint",)


@admin.register(Monitor)
class MonitorAdmin(ReadOnlyAdmin):
    list_display = ("endpoint", "probes", "statistic", "alarms", "alarmed", "started")
    list_select_related = ("endpoint",)
    readonly_fields = ("probes", "statistic")

    @admin.display(description="Prompts watched")
    def probes(self, monitor: Monitor) -> int:
        return EDetector.from_state(monitor.state).n

    @admin.display(description="Evidence of a change, and what an alarm takes")
    def statistic(self, monitor: Monitor) -> str:
        detector = EDetector.from_state(monitor.state)
        return f"{detector.statistic:.3g} of {detector.threshold:,.0f}"
