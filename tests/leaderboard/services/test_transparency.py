from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from leaderboard import selectors, services
from leaderboard.models import Checkpoint, LogEntry, LogHead, SigningKey, Snapshot
from tests.leaderboard import factories
from tests.leaderboard.integrity import trees
from verifier.certificate import read_checkpoint, read_keys, verify_inclusion
from verifier.models import Endpoint, Run

pytestmark = pytest.mark.django_db


def leaves() -> list[bytes]:
    return [entry.leaf.encode() for entry in LogEntry.objects.all()]


def kinds() -> list[str]:
    return [entry.kind for entry in LogEntry.objects.all()]


def test_entries_are_numbered_from_0_and_the_tree_is_that_of_the_rfc() -> None:
    for number in range(13):
        assert services.append("suite", f"s{number % 3}", {"number": number}).index == number
    assert [entry.index for entry in LogEntry.objects.all()] == list(range(13))
    for size in range(14):
        assert selectors.root_of(size) == trees.mth(leaves()[:size])
    assert selectors.inclusion_proof(5, 13) == trees.path(5, leaves())
    assert selectors.consistency_proof(6, 13) == trees.proof(6, leaves())


def test_appending_many_is_appending_each() -> None:
    facts = [services.Fact("suite", f"s{number}", {"number": number}) for number in range(7)]
    entries = services.append_all(facts)
    assert [entry.index for entry in entries] == list(range(7))
    assert selectors.root_of(7) == trees.mth(leaves())
    assert services.append_all([]) == []


def test_the_same_fact_again_is_not_appended() -> None:
    first = services.append("verdict", "one", {"verdict": "faithful"})
    assert services.append("verdict", "one", {"verdict": "faithful"}).index == first.index
    assert services.append("verdict", "two", {"verdict": "faithful"}).index == 1
    assert services.append("certificate", "one", {"verdict": "faithful"}).index == 2
    assert services.append("verdict", "one", {"verdict": "deviating"}).index == 3
    assert services.append("verdict", "one", {"verdict": "faithful"}).index == 4, "it is news again"
    twice = services.append_all([services.Fact("suite", "s", {}), services.Fact("suite", "s", {})])
    assert [entry.index for entry in twice] == [5, 5]


def test_an_entry_says_what_when_and_of_whom() -> None:
    entry = services.append("dispute", "one", {"outcome": "upheld", "text": "ж"})
    entry.refresh_from_db()
    said = json.loads(entry.leaf)
    assert said == {
        "assay_log": 1,
        "kind": "dispute",
        "subject": "one",
        "recorded": entry.recorded.isoformat(),
        "body": {"outcome": "upheld", "text": "ж"},
    }


def test_what_is_rolled_back_was_never_appended() -> None:
    services.append("suite", "one", {})

    def fails() -> None:
        with transaction.atomic():
            services.append("suite", "two", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert services.append("suite", "three", {}).index == 1
    assert LogHead.objects.get().size == 2


def test_the_log_keeps_the_name_it_began_with(monkeypatch: pytest.MonkeyPatch) -> None:
    services.append("suite", "one", {})
    began = settings.LOG_ORIGIN
    monkeypatch.setattr(settings, "LOG_ORIGIN", "other.example/log")
    services.append("suite", "two", {})
    assert LogHead.objects.get().origin == began


@pytest.mark.django_db(transaction=True)
def test_many_at_once_leave_no_gap_and_no_double() -> None:
    failures: list[BaseException] = []

    def again(subject: str) -> None:
        """SQLite in memory, as the tests have it, refuses where a file would let one wait."""
        while True:
            try:
                services.append("suite", subject, {})
            except OperationalError as error:
                if "table is locked" not in str(error):
                    raise
            else:
                return

    def work(name: int) -> None:
        try:
            for number in range(5):
                again(f"{name}-{number}")
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [entry.index for entry in LogEntry.objects.all()] == list(range(20))
    assert selectors.root_of(20) == trees.mth(leaves())


def test_a_checkpoint_is_signed_once_a_length() -> None:
    services.append("suite", "one", {})
    first = services.checkpoint()
    assert services.checkpoint() == first
    keys = read_keys(json.dumps(services.published_keys()).encode())
    head = read_checkpoint(first.note, keys)
    assert (head.size, head.root) == (2, trees.mth(leaves())), "the first key is an entry too"
    services.append("suite", "two", {})
    assert services.checkpoint().size == 3
    assert Checkpoint.objects.count() == 2


def test_the_proof_of_an_entry_holds_and_signs_a_checkpoint_where_none_covers_it() -> None:
    services.checkpoint()
    entry = services.append("certificate", "one", {"statement": "sha256:0"})
    shown = services.proof_of(entry)
    keys = read_keys(json.dumps(services.published_keys()).encode())
    head = read_checkpoint(shown["checkpoint"], keys)
    assert head.size == entry.index + 1
    import base64

    proof = [base64.b64decode(part) for part in shown["proof"]]
    leaf = trees.mth([shown["entry"].encode()])
    assert verify_inclusion(leaf, shown["index"], head.size, proof, head.root)


def test_publication_appends_what_changed_in_the_same_transaction() -> None:
    endpoint = factories.endpoint("One")
    services.publish(endpoint.model_id)
    assert kinds() == ["board"], "nothing is said of anybody yet"
    run = factories.run(endpoint, e_value=1000.0)
    snapshot = services.publish(endpoint.model_id)
    assert kinds() == ["board", "suite", "verdict", "board"]
    said = json.loads(LogEntry.objects.get(kind="verdict").leaf)["body"]
    assert said["verdict"] == "deviating"
    assert said["fidelity"] == {"value": 97.21, "low": 96.74, "high": 97.63}
    assert said["run"]["id"] == str(run.pk)
    board = json.loads(LogEntry.objects.filter(kind="board").last().leaf)["body"]  # type: ignore[union-attr]
    assert board["digest"] == snapshot.digest
    assert board["published"] == snapshot.published.isoformat()
    services.publish(endpoint.model_id)
    assert LogEntry.objects.count() == 4


def test_only_the_verdict_that_changed_is_appended() -> None:
    one, two = factories.endpoint("One"), factories.endpoint("Two")
    factories.run(one, factories.faithful())
    factories.run(two, factories.faithful())
    services.publish(one.model_id)
    factories.run(two, e_value=1000.0, ended=timezone.now() - timedelta(minutes=1))
    services.publish(one.model_id)
    told = [entry.subject for entry in LogEntry.objects.filter(kind="verdict")]
    assert sorted(told[:2]) == sorted([str(one.pk), str(two.pk)])
    assert told[2:] == [str(two.pk)]


def test_an_endpoint_taken_off_the_board_is_told_too() -> None:
    one = factories.endpoint("One")
    factories.run(one, factories.faithful())
    services.publish(one.model_id)
    Endpoint.objects.filter(pk=one.pk).update(listed=False)
    services.publish(one.model_id)
    last = LogEntry.objects.filter(kind="verdict").last()
    assert last is not None
    assert json.loads(last.leaf)["body"] == {"listed": False, "model": str(one.model)}


def test_what_is_not_committed_is_neither_published_nor_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    from leaderboard.services import publishing

    endpoint = factories.endpoint("One")
    factories.run(endpoint)

    def fails(*_: Any) -> None:
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr(publishing, "append_all", fails)
    with pytest.raises(RuntimeError):
        services.publish(endpoint.model_id)
    assert not Snapshot.objects.exists()
    assert Run.objects.exists()


def test_appending_asks_little_of_the_database(django_assert_num_queries: Any) -> None:
    for number in range(20):
        services.append("suite", f"s{number}", {})
    facts = [services.Fact("verdict", f"e{number}", {}) for number in range(30)]
    with django_assert_num_queries(7):  # two of them a savepoint
        services.append_all(facts)
    with django_assert_num_queries(1):
        selectors.inclusion_proof(7, 50)


def test_no_key_is_kept_in_the_clear() -> None:
    signer = services.signer()
    stored = SigningKey.objects.get()
    assert stored.keyid == signer.keyid
    assert signer.secret not in stored.ciphertext
