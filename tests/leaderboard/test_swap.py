"""An endpoint is certified, then its weights are swapped behind the same address: who hears of it, and when.

Everything is real but the model: deployments behind HTTP, runs through the client, the detector, the state
machine, a webhook's receiver. The baseline is of the real suite, recorded from the made-up model in memory.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from leaderboard import services
from leaderboard.certification import State
from leaderboard.models import Subscription
from tests.leaderboard.receiver import receiving
from tests.leaderboard.services.test_alerts import holds
from tests.verifier import world
from tests.verifier.small_world import HONEST, INT4, INT8
from tests.verifier.synthetic import Synthetic, converse
from tests.verifier.synthetic_server import Server, serving
from verifier import services as facts
from verifier.baseline import files
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Role
from verifier.baseline.record import record
from verifier.models import LOOK, Baseline, Endpoint, Run, RunState, Schedule
from verifier.signals import run_ended
from verifier.suites import load

pytestmark = pytest.mark.django_db
PROMPTS = 150


@cache
def recorded() -> tuple[bytes, str]:
    """The file of a baseline of the core suite, and its digest."""
    suite = load("core")
    found = converse(record(suite, model="toy/one", prompts=PROMPTS), Synthetic())
    for label, noise, role, quantization in (
        ("engine-a", HONEST, Role.HONEST, None),
        ("engine-b", HONEST, Role.HONEST, None),
        ("INT8", INT8, Role.RUNG, "int8"),
        ("INT4", INT4, Role.RUNG, "int4"),
    ):
        cause = "weight quantization" if quantization else ""
        stack = Synthetic(noise=noise, stack=label)
        found = converse(
            calibrate(
                found, suite, name=label, label=label, role=role, quantization=quantization, cause=cause
            ),
            stack,
        )
    return files.dump(found), found.id


def baseline() -> Baseline:
    suite = load("core")
    data, digest = recorded()
    return Baseline.objects.create(
        model=world.model(),
        reference=world.reference(provenance="The made-up model itself."),
        suite_name=suite.name,
        suite_version=suite.version,
        suite_sha256=suite.sha256,
        state="ready",
        data=data,
        digest=digest,
    )


def execute(run: Run) -> Run:
    """What the worker does with a run."""
    facts.execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETE, run.error
    run_ended.send(sender=Run, run_id=run.pk, state=run.state)
    return run


def work() -> list[Run]:
    """The worker goes on until nothing is queued."""
    done = []
    while (run := Run.objects.filter(state=RunState.QUEUED).first()) is not None:
        done.append(execute(run))
    return done


def look(endpoint: Endpoint) -> list[Run]:
    """The hour of a look has come."""
    Schedule.objects.filter(endpoint=endpoint).update(look_due=timezone.now() - timedelta(minutes=1))
    assert facts.start_due().looks == 1
    return work()


def offered(server: Server) -> Endpoint:
    endpoint = world.endpoint(server.url, declared_quantization="bf16")
    for number in range(4):  # it is one of several, so that an accusation has to hold among them
        world.endpoint(f"https://8.8.8.8/{number}", variant=str(number))
    return endpoint


def test_a_swap_is_watched_confirmed_and_suspended_and_everybody_hears(
    client: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    deployed = Synthetic(noise=HONEST, stack="theirs")
    with serving(deployed) as server, receiving() as receiver:
        settings.EGRESS_ALLOW = {server.url.split("/")[2], receiver.address}
        baseline()
        endpoint = offered(server)
        _, secret = services.add_webhook(receiver.url, endpoint)
        Subscription.objects.create(
            email="ada@example.org", asked=timezone.now(), confirmed=timezone.now(), model=endpoint.model
        )
        certificate = services.request_certificate(endpoint)
        work()
        certificate.refresh_from_db()
        assert certificate.state == State.CERTIFIED
        for _ in range(3):
            (run,) = look(endpoint)
            assert run.trigger == LOOK
        certificate.refresh_from_db()
        assert certificate.state == State.CERTIFIED

        deployed.noise = INT4
        done: list[Run] = []
        while certificate.state != State.SUSPENDED:
            done += look(endpoint)
            certificate.refresh_from_db()
            assert len(done) < 12, [run.verdict for run in done]
        steps = list(certificate.steps.order_by("number").values_list("now", "reason"))
        assert steps == [
            ("pending", "requested"),
            ("certified", "faithful"),
            ("watch", "alarm"),
            ("suspended", "confirmed"),
        ]
        confirming = certificate.steps.get(now=State.SUSPENDED).run
        assert confirming is not None
        assert (confirming.trigger, confirming.verdict) == ("recheck", "deviating")
        while services.deliver_due():
            pass

    said = [json.loads(got.body) for got in receiver.got]
    assert all(holds(secret, got) for got in receiver.got)
    assert [one["type"].removeprefix("certificate.") for one in said] == ["certified", "watch", "suspended"]
    assert said[-1]["data"]["certificate"]["reason"] == "confirmed"
    assert [mail.subject.split(": ")[1] for mail in mailoutbox] == [
        "certified",
        "its certificate is in doubt",
        "its certificate is suspended",
    ]
    feed = client.get(f"/feeds/endpoints/{endpoint.pk}.atom").content.decode()
    assert feed.index("its certificate is suspended") < feed.index("its certificate is in doubt")
    page = client.get(f"/certificates/{certificate.pk}/").content.decode()
    assert "Suspended" in page
    assert "holds among all listed endpoints" in page
