from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.models import Alert, Dispute, Organisation, Submission
from tests.leaderboard import factories, people
from tests.leaderboard.certifying import ended, known
from verifier.models import Endpoint, Run

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\u202egnp.exe"


@pytest.fixture
def run() -> Run:
    made = ended(known(), "deviating", ago=1)
    factories.finding(made)
    return made


@pytest.fixture
def owner(run: Run) -> User:
    made = people.user()
    organisation = people.organisation(owner=made)
    Submission.objects.create(organisation=organisation, endpoint=run.endpoint, state="published")
    return made


def test_a_provider_objects_in_public_and_may_withdraw(client: Client, run: Run, owner: User) -> None:
    client.force_login(owner)
    address = f"/runs/{run.pk}/object/"
    page = client.get(address).content.decode()
    assert "Example Inference" in page
    assert "token distribution" in page
    assert client.post(address, {"statement": " "}).status_code == 400
    answer = client.post(
        address, {"check": "token_distribution", "statement": HOSTILE, "evidence": "https://example.org/log"}
    )
    made = Dispute.objects.get()
    assert answer.headers["Location"] == f"/disputes/{made.pk}/"
    assert client.post(address, {"check": "token_distribution", "statement": "x"}).status_code == 400
    public = Client().get(f"/disputes/{made.pk}/").content.decode()
    assert "Open: an answer is due" in public
    assert "&lt;script&gt;" in public
    assert "\u202e" not in public
    assert "Withdraw the objection" not in public
    assert "Withdraw the objection" in client.get(f"/disputes/{made.pk}/").content.decode()
    assert "to be answered by" in Client().get("/disputes/").content.decode()
    client.post(f"/disputes/{made.pk}/withdraw/")
    assert "Withdrawn by who objected" in Client().get(f"/disputes/{made.pk}/").content.decode()


def test_what_is_overdue_says_so(client: Client, run: Run, owner: User) -> None:
    made = services.open_dispute(run, owner, Organisation.objects.get(), statement="x")
    Dispute.objects.update(due=timezone.now() - timedelta(days=1))
    assert "overdue" in client.get(f"/disputes/{made.pk}/").content.decode()
    assert "overdue since" in client.get("/disputes/").content.decode()


def test_others_are_refused(client: Client, run: Run, owner: User) -> None:
    made = services.open_dispute(run, owner, Organisation.objects.get(), statement="x")
    stranger = people.user("eve@example.org")
    people.organisation("Another", stranger)
    for person in (None, stranger, people.user("operator@example.org", staff=True)):
        if person is not None:
            client.force_login(person)
        assert client.get(f"/runs/{run.pk}/object/").status_code == 403
        assert client.post(f"/runs/{run.pk}/object/", {"statement": "y"}).status_code == 403
        assert client.post(f"/disputes/{made.pk}/withdraw/").status_code == 403
    assert Dispute.objects.get().outcome == ""


def test_what_is_not_public_is_not_there(client: Client, run: Run, owner: User) -> None:
    client.force_login(owner)
    made = services.open_dispute(run, owner, Organisation.objects.get(), statement="x")
    assert client.get(f"/disputes/{uuid7()}/").status_code == 404
    assert client.get(f"/runs/{uuid7()}/object/").status_code == 404
    Endpoint.objects.filter(pk=run.endpoint_id).update(listed=False)
    for address in (f"/disputes/{made.pk}/", f"/runs/{run.pk}/object/"):
        assert client.get(address).status_code == 404


def test_an_objection_in_chinese_stays_in_chinese_and_is_told_to_everybody_else_in_english(
    client: Client, run: Run, owner: User
) -> None:
    client.force_login(owner)
    address = f"/zh-hans/runs/{run.pk}/object/"
    form = client.get(address).content.decode()
    assert re.search(r'<option value="token_distribution">词元分布</option>', form)
    assert "错在何处" in form
    assert "必填项" in client.post(address, {"statement": " "}).content.decode()
    answer = client.post(address, {"statement": "部署有误", "evidence": "see <b>the log</b>"})
    made = Dispute.objects.get()
    assert answer.headers["Location"] == f"/zh-hans/disputes/{made.pk}/"
    assert Alert.objects.latest("created").path == f"/disputes/{made.pk}/"
    assert "请等待其答复" in client.post(address, {"statement": "x"}).content.decode()
    page = client.get(f"/zh-hans/disputes/{made.pk}/").content.decode()
    assert "处理中：有待答复" in page
    assert '<div class="quoted">部署有误</div>' in page
    assert '<span lang="en">see &lt;b&gt;the log&lt;/b&gt;</span>' in page
    assert "答复期限为" in client.get("/zh-hans/disputes/").content.decode()
    answer = client.post(f"/zh-hans/disputes/{made.pk}/withdraw/")
    assert answer.headers["Location"] == f"/zh-hans/disputes/{made.pk}/"
    assert "已由提出者撤回" in client.get(f"/zh-hans/disputes/{made.pk}/").content.decode()
    assert "没有公开的异议" in client.get(f"/zh-hans/disputes/{uuid7()}/").content.decode()
