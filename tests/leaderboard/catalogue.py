"""What the sources ask to be translated and what a catalogue has, read without any tool of the system."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

from leaderboard.pages import methodology, prose, rules
from verifier import suites
from verifier.checks.registry import discover
from verifier.scoring import error_budget, policy

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "leaderboard" / "locale" / "zh_Hans" / "LC_MESSAGES"
CALLS = {
    "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "noop": 1, "_": 1,
    "ngettext": 2, "ngettext_lazy": 2, "pgettext": -1, "pgettext_lazy": -1, "npgettext": -2,
}  # fmt: skip
"""Functions of Django's translation: how many strings each takes, negative where a context comes first."""
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")
_PLACES = re.compile(r"%\((\w+)\)s|\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Message:
    """What identifies an entry: its context (or ""), its English, and its English plural (or "")."""

    context: str
    text: str
    plural: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a catalogue."""

    message: Message
    translated: str
    fuzzy: bool


def places(text: str) -> set[str]:
    """The named places of a text, and whether it has literal percent signs."""
    return {"".join(found) for found in _PLACES.findall(text)} | ({"%%"} if "%%" in text else set())


def asked() -> dict[Message, str]:
    """Every message that the sources ask for, with the file that does so first."""
    found: dict[Message, str] = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for message in _of_template(path):
            found.setdefault(message, str(path.relative_to(ROOT)))
    for path in sorted((ROOT / "leaderboard").rglob("*.py")):
        for message in _of_python(path):
            found.setdefault(message, str(path.relative_to(ROOT)))
    for path, message in _of_methodology():
        found.setdefault(message, str(path.relative_to(ROOT)))
    return found


def _message(name: str, strings: list[str]) -> Message:
    wanted = CALLS[name]
    context = strings.pop(0) if wanted < 0 else ""
    return Message(context, strings[0], strings[1] if abs(wanted) == 2 else "")


def _of_template(path: Path) -> Iterator[Message]:
    for match in _CALL.finditer(templatize(path.read_text(), origin=str(path))):
        strings = [ast.literal_eval(one) for one in re.findall(_STRING, match[2])]
        yield _message(match[1], strings)


def _of_python(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        strings = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if len(strings) >= (wanted := abs(CALLS[node.func.id]) + (CALLS[node.func.id] < 0)):
            yield _message(node.func.id, strings[:wanted])


def _of_methodology() -> Iterator[tuple[Path, Message]]:
    """What the methodology page takes from where nothing can be marked, with the file that it is from."""
    for check, module in discover():
        yield Path(str(module.__file__)), Message("", check.title)
        for text in _texts(module.__doc__):
            yield Path(str(module.__file__)), Message("", text)
    for _, about in rules.documented(policy):
        for text in _texts(about):
            yield Path(str(policy.__file__)), Message("", text)
    for text in _of_budget():
        yield error_budget.PATH, Message("", text)
    for name in suites.names():
        for prompt in suites.load(name).prompts:
            yield Path(str(suites.__file__)).parent, Message(methodology.KIND, prompt.category)
            yield Path(str(suites.__file__)).parent, Message(methodology.LANGUAGE, prompt.language)


def _texts(docstring: str | None) -> Iterator[str]:
    for _, texts in prose.passages(docstring):
        yield from texts


def _of_budget() -> Iterator[str]:
    """Names of deployments, what they are, causes; titles and authors of methods stay in English."""
    budget = error_budget.load()
    if budget is None:
        return
    for row in budget.detection:
        yield from (row.label, row.what, row.cause, *row.named)
    for stack in budget.honest:
        yield from (stack.label, stack.what)
    for table in budget.causes.values():
        for truth, named in table.items():
            yield from (truth, *named)
    for peer in budget.peers:
        yield from (peer.label, peer.evidence)


def entries(path: Path) -> list[Entry]:
    """Every entry of a catalogue of a language that has no plural forms, but for its head."""
    found = []
    for block in path.read_text().split("\n\n"):
        parts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            if not line.startswith('"'):
                key, line = word, rest
            parts[key] = parts.get(key, "") + ast.literal_eval(line)
        if parts.get("msgid"):
            message = Message(parts.get("msgctxt", ""), parts["msgid"], parts.get("msgid_plural", ""))
            translated = parts.get("msgstr[0]" if message.plural else "msgstr", "")
            found.append(Entry(message, translated, re.search(r"^#,.*\bfuzzy\b", block, re.M) is not None))
    return found


def compiled(path: Path) -> dict[tuple[str, str], str]:
    """What a compiled catalogue answers for each (context, English), but for its head."""
    with path.open("rb") as stream:
        catalogue = gettext.GNUTranslations(stream)
    found: dict[tuple[str, str], str] = {}
    for key, translated in catalogue._catalog.items():  # type: ignore[attr-defined]
        text = key if isinstance(key, str) else key[0]
        context, _, text = text.rpartition("\x04")
        if text:
            found[context, text] = translated
    return found
