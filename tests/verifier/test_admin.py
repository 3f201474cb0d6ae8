from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.verifier import world
from verifier import services
from verifier.models import Baseline, Credential, Endpoint, Monitor, Reference, Run, RunState, Schedule
from verifier.services.registry import api_key
from verifier.stats.e_detector import EDetector

pytestmark = pytest.mark.django_db
KEY = "sk-CANARY0123456789abcdef"


def form(**values: Any) -> dict[str, Any]:
    model = world.model()
    return {
        "model": str(model.pk),
        "role": "reference",
        "name": "official",
        "label": "Official weights",
        "quantization": "bf16",
        "base_url": "https://8.8.8.8/v1",
        "upstream_model": "toy/one",
        "provenance": "From the makers.",
        "active": "on",
        **values,
    }


def act(client: Client, kind: str, action: str, *ids: Any) -> str:
    url = reverse(f"admin:verifier_{kind}_changelist")
    chosen = {"action": action, "_selected_action": [str(one) for one in ids]}
    return client.post(url, chosen, follow=True).content.decode()


def test_it_lies_off_the_usual_path_and_asks_for_a_password(client: Client) -> None:
    assert reverse("admin:index") == f"/{configured.ADMIN_PATH}" != "/admin/"
    assert client.get(reverse("admin:index")).status_code == 302


def test_registering_a_reference_with_a_key_that_is_never_shown_again(admin_client: Client) -> None:
    add = reverse("admin:verifier_reference_add")
    assert admin_client.post(add, form(api_key=KEY)).status_code == 302
    reference = Reference.objects.get()
    assert api_key(reference) == KEY
    page = reverse("admin:verifier_reference_change", args=[reference.pk])
    for url in (page, reverse("admin:verifier_reference_changelist")):
        content = admin_client.get(url).content.decode()
        assert KEY not in content
        assert Credential.objects.get().ciphertext not in content
    assert "…cdef" in admin_client.get(page).content.decode()
    admin_client.post(page, form())
    assert api_key(reference) == KEY
    admin_client.post(page, form(forget_key="on"))
    assert api_key(reference) is None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:6379/v1", "https://169.254.169.254/v1", "https://localhost/v1"]
)
def test_an_address_our_workers_would_not_fetch_is_refused(admin_client: Client, url: str) -> None:
    answer = admin_client.post(reverse("admin:verifier_reference_add"), form(base_url=url))
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Reference.objects.exists()


def test_a_bad_key_is_told_without_being_repeated(admin_client: Client) -> None:
    answer = admin_client.post(reverse("admin:verifier_reference_add"), form(api_key="two words"))
    assert answer.status_code == 200
    assert "printable ASCII" in answer.content.decode()
    assert "two words" not in answer.content.decode()
    assert not Reference.objects.exists()


def test_recording_a_baseline_and_starting_a_run(admin_client: Client) -> None:
    model = world.model()
    assert "no active reference" in act(admin_client, "model", "record_baseline", model.pk)
    reference = world.reference()
    assert "is queued" in act(admin_client, "reference", "record_baseline", reference.pk)
    assert Baseline.objects.count() == 1
    endpoint = world.endpoint()
    assert "no ready baseline" in act(admin_client, "endpoint", "start_run", endpoint.pk)
    world.ready_baseline()
    assert "is queued" in act(admin_client, "endpoint", "start_run", endpoint.pk)
    run = Run.objects.get()
    Run.objects.update(state=RunState.RUNNING, done=12, planned=120, stage="deciding")
    listed = admin_client.get(reverse("admin:verifier_run_changelist")).content.decode()
    assert '<progress max="120" value="12"></progress> 12 of 120 deciding' in listed
    assert admin_client.get(reverse("admin:verifier_run_change", args=[run.pk])).status_code == 200
    assert "is cancelled" in act(admin_client, "run", "cancel", run.pk)
    assert "can&#x27;t become cancelled" in act(admin_client, "run", "cancel", run.pk)


def test_a_baseline_of_fewer_prompts(admin_client: Client) -> None:
    add = reverse("admin:verifier_baseline_add")
    chosen = {"model": str(world.model().pk), "suite_name": "core", "seed": "3", "prompts": "12"}
    assert "no active reference" in admin_client.post(add, chosen).content.decode()
    world.reference()
    assert admin_client.post(add, chosen).status_code == 302
    baseline = Baseline.objects.get()
    assert (baseline.state, baseline.seed, baseline.prompts) == ("queued", 3, 12)
    assert baseline.calibration_prompts is None
    page = reverse("admin:verifier_baseline_change", args=[baseline.pk])
    assert admin_client.get(page).status_code == 200


def test_facts_are_looked_at_not_edited(admin_client: Client) -> None:
    baseline = world.ready_baseline()
    run = services.queue_run(world.endpoint())
    assert admin_client.get(reverse("admin:verifier_run_add")).status_code == 403
    for kind, row in (("run", run), ("baseline", baseline)):
        page = reverse(f"admin:verifier_{kind}_change", args=[row.pk])
        assert admin_client.post(page, {"state": "complete"}).status_code == 403
        assert admin_client.get(reverse(f"admin:verifier_{kind}_delete", args=[row.pk])).status_code == 403


def test_every_list_and_form_opens(admin_client: Client) -> None:
    world.ready_baseline()
    endpoint = world.endpoint()
    services.set_credential(endpoint, KEY)
    for kind in ("provider", "model", "reference", "endpoint", "baseline", "run"):
        assert admin_client.get(reverse(f"admin:verifier_{kind}_changelist")).status_code == 200
    for kind in ("provider", "model", "reference", "endpoint", "baseline"):
        assert admin_client.get(reverse(f"admin:verifier_{kind}_add")).status_code == 200
    page = admin_client.get(reverse("admin:verifier_endpoint_change", args=[Endpoint.objects.get().pk]))
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_registering_a_known_variant_and_a_template(admin_client: Client) -> None:
    add = reverse("admin:verifier_reference_add")
    template = "{% for m in messages %}{{ m.content }}\n{% endfor %}\n"
    pasted = form(chat_template=template.replace("\n", "\r\n"))
    assert admin_client.post(add, pasted).status_code == 302
    assert Reference.objects.get().chat_template == template
    variant = form(
        role="variant", name="cache", base_url="https://8.8.4.4/v1", cause="kv-cache quantization", active=""
    )
    assert admin_client.post(add, variant).status_code == 302
    assert Reference.objects.get(role="variant").cause == "kv-cache quantization"
    for wrong in ({"cause": "pruning"}, {"chat_template": "{% if %}"}):
        answer = admin_client.post(add, form(name="other", **wrong))
        assert "errorlist" in answer.content.decode()
    page = admin_client.get(add).content.decode()
    assert "known variant: fingerprint only" in page
    assert "tokenizer_config.json" in page


def test_monitors_are_looked_at(admin_client: Client) -> None:
    state = EDetector(0.01, 87_660.0).state()
    Monitor.objects.create(
        endpoint=world.endpoint(), baseline="sha256:0", state=state, started=timezone.now()
    )
    listed = admin_client.get(reverse("admin:verifier_monitor_changelist")).content.decode()
    assert "1 of 87,660" in listed
    page = reverse("admin:verifier_monitor_change", args=[Monitor.objects.get().pk])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"alarms": 0}).status_code == 403


def test_endpoints_are_watched_and_no_longer(admin_client: Client) -> None:
    endpoint = world.endpoint()
    endpoints = reverse("admin:verifier_endpoint_changelist")
    for action, count in (("watch", 1), ("watch", 1), ("unwatch", 0)):
        admin_client.post(endpoints, {"action": action, "_selected_action": [str(endpoint.pk)]})
        assert Schedule.objects.count() == count
    assert admin_client.get(reverse("admin:verifier_schedule_changelist")).status_code == 200
