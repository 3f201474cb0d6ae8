"""Pages in two languages: the address alone chooses, and nothing of the one is left in the other."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import Settings

from leaderboard import languages
from leaderboard.models import OwnershipProof, Submission
from leaderboard.pages.web import NAMESPACE, XHTML
from leaderboard.services import organisations, submissions
from leaderboard.services.submissions import Declared
from tests.leaderboard import factories, people
from verifier.models import Endpoint, Run

pytestmark = pytest.mark.django_db

OWN_PAGES = (
    *("/account/", "/account/delete/", "/account/organisations/new/", "/account/email/", "/account/2fa/"),
    *("/account/password/change/", "/account/2fa/totp/activate/", "/account/sessions/", "/account/3rdparty/"),
    "/account/organisations/example-inference/",
    "/account/organisations/example-inference/tokens/new/",
    "/submit/",
    "/submit/{submission}/",
    "/submit/{submission}/edit/",
    "/submit/{submission}/runs/{run}/",
)
"""Pages of whoever is signed in; the test puts ids in the place of what stands in braces."""
ENTRANCES = ("/account/login/", "/account/signup/", "/account/password/reset/", "/account/confirm-email/")
PAGES = (
    "/",
    "/?cols=price,latency,speed,tools,tokens,drift,age",
    "/?q=nobody-has-this-name",
    "/models/",
    "/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
    "/providers/",
    "/providers/test-lab/",
    "/compare/",
    "/compare/?e={Lab f16}&e={Lab Q8_0}&e={Lab hidden prompt}",
    "/endpoints/{Lab f16}/",
    "/endpoints/{Lab Q8_0}/",
    "/endpoints/{Lab hidden prompt}/",
    "/endpoints/{Lab other model}/",
    "/endpoints/{Lab new}/",
    "/runs/{run of Lab Q8_0}/",
    "/runs/{run of Lab hidden prompt}/?status=faulty",
    "/status/",
    "/about/",
    "/methodology/",
    "/guide/",
    "/privacy/",
    "/terms/",
    "/contact/",
    "/data-licence/",
    "/verify/",
    "/verify/?certificate=nobody-has-this-name",
    "/disputes/",
    "/alerts/endpoints/{Lab f16}/",
    "/alerts/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
    "/alerts/providers/test-lab/",
)
"""Public pages that have a Chinese address; the test puts ids of endpoints in the place of their labels."""
SAME = re.compile(
    r"SHA-256|tv ≥ max|[Σα]|DSSE|in-toto|CC BY 4\.0|dump\.zip|\S+@\S+|"
    r"Assay( \d+\.\d+\.\d+)?|English|简体中文|OpenRouter|UTC|[a-z]|10⁶|top-1|core \d\.\d|sha256:\w+…?|"
    r"Lab .*|(Test laboratory|SmolLM2|HuggingFaceTB|astronomy|temperature)[\w./ ·-]*|random weights|"
    r"[Ee]xample [Ii]nference( · Assay)?|a script|toy|GitHub|https://\S+|\S+@example\.org( ·)?|"
    r"INT\d.*|FP\d.*|(bf|fp|int)\d+|[\d.]+\s(ms|s|min|h|tok/s)( .*)?|[\W\d_]*|[A-F][+]?"
)
"""What may be the same in both languages: names, addresses, numbers, units, signs of formulas."""
DATA = re.compile(r"It counts 13 prompt tokens more than the official template makes\.")
"""What a stored result says in its own words, outside of elements that are marked as English."""


class Text(HTMLParser):
    """What a reader of a page reads: its text, and the attributes that are read out or shown."""

    READ = ("title", "aria-label", "placeholder", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        quoted = tag in ("script", "style", "pre", "code", "bdi") or (
            tag != "html" and told.get("lang") == "en"
        )
        if not quoted:
            self.found += [told[name] or "" for name in self.READ if told.get(name)]
        if tag == "meta" and told.get("name") == "description":
            self.found.append(told["content"] or "")
        if tag not in ("meta", "link", "input", "br", "img", "hr"):
            self.open.append((tag, quoted))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(quoted for _, quoted in self.open):
            self.found.append(" ".join(data.split()))


def read(page: str) -> list[str]:
    parser = Text()
    parser.feed(page)
    return parser.found


def placed(page: str, board: dict[str, Endpoint]) -> str:
    """The address with ids in the place of `{label of an endpoint}` and `{run of label}`."""

    def known(match: re.Match[str]) -> str:
        of = board[match[2]]
        return str(of.runs.latest("created").pk if match[1] else of.pk)

    return re.sub(r"\{(run of )?(.+?)\}", known, page)


def left_in_english(english: str, chinese: str) -> list[str]:
    """What a reader of the Chinese page reads as on the English one, but for what is the same in both."""
    before = set(read(english))
    return [
        text
        for text in read(chinese)
        if text in before and not SAME.fullmatch(text) and not DATA.fullmatch(text)
    ]


def get(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def board(settings: Settings) -> dict[str, Endpoint]:
    settings.SITE_URL = "https://assay.example.org"
    return factories.board()


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_has_no_english_left(client: Client, board: Any, page: str) -> None:
    page = placed(page, board)
    english, chinese = get(client, page), get(client, "/zh-hans" + page)
    assert '<html lang="en">' in english
    assert '<html lang="zh-Hans">' in chinese
    assert len(set(read(english))) > 20
    assert left_in_english(english, chinese) == []


@pytest.mark.parametrize("page", PAGES)
def test_an_english_page_has_no_chinese_but_the_link(client: Client, board: Any, page: str) -> None:
    page = placed(page, board)
    get(client, "/zh-hans" + page)
    found = re.findall(r"[\u3000-\u9fff]+", get(client, page))
    assert found == [languages.TAGS[languages.CHINESE][1]]


def test_no_wish_of_a_browser_changes_a_page(client: Client, board: Any) -> None:
    wish = {"Accept-Language": "zh-CN,zh;q=0.9"}
    client.cookies["django_language"] = "zh-hans"
    response = client.get("/", headers=wish)
    assert '<html lang="en">' in response.content.decode()
    for address in ("/", "/zh-hans/"):
        vary = client.get(address, headers=wish).get("Vary", "")
        assert "language" not in vary.lower()
        assert "cookie" not in vary.lower()
    assert "Content-Language" not in response
    assert client.get("/zh-hans/")["Content-Language"] == "zh-Hans"


def test_both_languages_name_each_other(client: Client, board: Any) -> None:
    own = "https://assay.example.org"
    for address, other in (("/", "/zh-hans/"), ("/zh-hans/", "/")):
        page = get(client, address + "?sort=name")
        assert f'<link rel="canonical" href="{own}{address}">' in page
        for tag, path in (("en", "/"), ("zh-Hans", "/zh-hans/"), ("x-default", "/")):
            assert f'<link rel="alternate" hreflang="{tag}" href="{own}{path}">' in page
        assert re.search(rf'<a href="{other}\?sort=name" lang="[\w-]+" hreflang="[\w-]+">', page)


def test_links_keep_the_language_and_pages_without_one_are_english(client: Client, board: Any) -> None:
    page = get(client, "/zh-hans/")
    assert 'class="wordmark" href="/zh-hans/"' in page
    assert 'href="/zh-hans/account/"' in page
    assert 'href="/zh-hans/submit/"' in page
    assert 'href="/feeds/all.atom"' in page
    docs = get(client, "/api/docs/")
    assert '<html lang="en">' in docs
    assert "hreflang" not in docs


def test_machines_have_no_second_address(client: Client, board: Any) -> None:
    for name in (
        "pages:healthz",
        "pages:sitemap",
        "pages:robots",
        "integrity:keys",
        "alerts:feed",
    ):
        assert list(languages.addresses(name)) == ["en"], name
        assert client.get("/zh-hans" + reverse(name)).status_code == 404
    assert client.get("/zh-hans/api/v1/models").status_code == 404
    assert client.get("/zh-hans")["Location"] == "/zh-hans/"


def test_the_language_of_one_page_is_not_that_of_the_next(client: Client, board: Any) -> None:
    with translation.override("en"):
        get(client, "/zh-hans/")
        assert translation.get_language() == "en"
        assert reverse("pages:board") == "/"
    get(client, "/zh-hans/no/such/", 404)
    assert '<html lang="en">' in get(client, "/")


def test_the_site_map_names_the_other_language(client: Client, board: Any) -> None:
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    entries = {
        entry.findtext(f"{{{NAMESPACE}}}loc"): {
            link.get("hreflang"): link.get("href") for link in entry.iter(f"{{{XHTML}}}link")
        }
        for entry in root
    }
    own = "https://assay.example.org"
    both = {"en": f"{own}/", "zh-Hans": f"{own}/zh-hans/", "x-default": f"{own}/"}
    assert entries[f"{own}/"] == entries[f"{own}/zh-hans/"] == both


@pytest.fixture
def submission() -> Submission:
    """Of an organisation with a second member, a token and an invitation; its origin is proven."""
    cache.clear()
    organisation = people.organisation()
    people.token(organisation)
    people.member(organisation)
    organisations.invite(organisation, people.user(), email="cleo@example.org", role="owner")
    said = Declared(model=factories.model(), base_url="https://8.8.8.8/v1", upstream_model="toy")
    made = submissions.submit(organisation, people.user(), said)
    now = timezone.now()
    OwnershipProof.objects.update(
        state="proven", method="dns", proven=now, checked=now, failures=1, reason="It is gone."
    )
    return made


@pytest.mark.parametrize("page", OWN_PAGES)
def test_a_page_of_ones_own_has_no_english_left(submission: Submission, page: str) -> None:
    run = factories.run(submission.endpoint)
    Run.objects.update(private=True, trigger="provider")
    page = page.format(submission=submission.pk, run=run.pk)
    ada = people.browser(people.user())
    if page.startswith("/account/2fa/") or page.endswith("delete/"):
        ada = people.signed_in(people.user())
    english, chinese = get(ada, page), get(ada, "/zh-hans" + page)
    assert '<html lang="zh-Hans">' in chinese
    assert left_in_english(english, chinese) == []
    assert re.search(rf'<a href="{re.escape(page)}" lang="en" hreflang="en">', chinese)
    assert set(re.findall(r'action="(/[^"]*)"', chinese)) == {
        f"/zh-hans{address}" for address in re.findall(r'action="(/[^"]*)"', english)
    }


@pytest.mark.parametrize("page", ENTRANCES)
def test_an_entrance_has_no_english_left(client: Client, page: str) -> None:
    assert left_in_english(get(client, page), get(client, "/zh-hans" + page)) == []


def test_signing_in_and_forms_keep_the_language(client: Client, submission: Submission) -> None:
    base = "/zh-hans/account/organisations/example-inference"
    for address in (f"{base}/", f"/zh-hans/submit/{submission.pk}/"):
        assert client.get(address)["Location"] == f"/zh-hans/account/login/?next={address}"
    entered = client.post(
        "/zh-hans/account/login/", {"login": "ada@example.org", "password": people.PASSWORD}
    )
    assert entered["Location"] == "/zh-hans/account/"
    said = client.post(f"{base}/invite/", {"email": "dan@example.org", "role": "member"})
    assert said["Location"] == f"{base}/"
    assert "已向 dan@example.org 发送邀请。" in get(client, f"{base}/")
    mailed = str(mail.outbox[-1].body)
    assert "/zh-hans/" not in mailed
    assert not re.search(r"[\u3000-\u9fff]", mailed)
    acted = client.post(f"/zh-hans/submit/{submission.pk}/delist/")
    assert acted["Location"] == f"/zh-hans/submit/{submission.pk}/"
    assert "的提交目前为“未公开”，不能变为“已下架”" in get(client, acted["Location"])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model": "no/such"}, "本站不测量该模型"),
        ({"declared_quantization": "<b>"}, "量化须为一个单词"),
        ({"upstream_model": ""}, "必填项"),
        ({"base_url": "https://127.0.0.1/v1", "variant": "x"}, "127.0.0.1 不是公网地址"),
        ({"api_key": "two words"}, "API 密钥须为不含空格"),
    ],
)
def test_a_form_says_what_is_wrong_in_chinese(
    submission: Submission, values: dict[str, str], said: str
) -> None:
    form = {"model": factories.model().slug, "base_url": "https://8.8.4.4/v1", "upstream_model": "toy"}
    answer = people.browser(people.user()).post("/zh-hans/submit/", {**form, **values})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page
    assert "hreflang" not in page, "the answer to a form has no other address"


def test_what_is_stored_and_what_programs_are_told_stays_english(submission: Submission) -> None:
    OwnershipProof.objects.update(state="pending", expires=timezone.now(), proven=None)
    people.browser(people.user()).post(f"/zh-hans/submit/{submission.pk}/prove/")
    expired = OwnershipProof.objects.get(state="expired")
    assert expired.reason.startswith("It was not found within seven days.")
    _, token = people.token(submission.organisation)
    asked = {"model": "no/such", "base_url": "https://8.8.4.4/v1", "upstream_model": "toy"}
    answer = Client().post(
        "/api/v1/submissions",
        asked,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN"},
    )
    assert answer.status_code == 400
    assert "This model is not measured here." in answer.json()["detail"]


def test_what_others_lead_back_to_has_one_address(client: Client) -> None:
    with translation.override("zh-hans"):
        assert reverse("account_login") == "/zh-hans/account/login/"
        assert reverse("socialaccount_connections") == "/zh-hans/account/3rdparty/"
    assert client.get("/zh-hans/account/social/connections/").status_code == 404
