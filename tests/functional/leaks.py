"""Everything that a site keeps or shows, as bytes, to look for something in it."""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import psycopg
import redis
from psycopg import sql

from tests.functional.browsing import Visitor
from tests.functional.surroundings import Surroundings

Place = tuple[str, bytes]
MOST_PAGES = 400


def tables(around: Surroundings) -> Iterator[Place]:
    """Every row of every table, as text."""
    if around.database is not None:
        with psycopg.connect(around.database) as postgres:
            names = postgres.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            for (name,) in names:
                query = sql.SQL("select t::text from {} t").format(sql.Identifier(name))
                yield f"table {name}", repr(postgres.execute(query).fetchall()).encode()
        return
    with closing(sqlite3.connect(around.folder / "assay.sqlite3", timeout=20)) as lite:
        for (name,) in lite.execute("select name from sqlite_master where type = 'table'").fetchall():
            yield f"table {name}", repr(lite.execute(f'select * from "{name}"').fetchall()).encode()


def broker(around: Surroundings) -> Iterator[Place]:
    """Every key of the broker's database and all that is in it."""
    url = around.environment["REDIS_URL"]
    path = url.removeprefix("redis+socket://")
    client: Any = redis.Redis.from_url(url) if path == url else redis.Redis(unix_socket_path=path)
    read = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    with closing(client):
        for key in client.scan_iter():
            if (kind := client.type(key)) in read:  # it may be gone by now
                yield f"Redis {key.decode(errors='replace')}", key + repr(read[kind](key)).encode()


def files(folder: Path) -> Iterator[Place]:
    """Every file under the site's state: logs, evidence, dumps, the database's own pages."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with suppress(OSError):  # a file of a moment
                yield from unpacked(f"file {path.relative_to(folder)}", path.read_bytes())


def unpacked(name: str, content: bytes) -> Iterator[Place]:
    """The bytes as they are, and what is packed in them."""
    yield name, content
    if content.startswith(b"\x1f\x8b"):
        yield from unpacked(f"{name}, unpacked", gzip.decompress(content))
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.namelist():
                yield from unpacked(f"{name}: {one}", archive.read(one))


def pages(visitor: Visitor, site: str, first: Iterable[str]) -> Iterator[Place]:
    """What the visitor is shown at `first` and wherever links lead from there, within the site."""
    waiting, seen = list(first), set(first)
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        try:
            content = visitor.file(path)
        except urllib.error.HTTPError as error:
            content = error.read() + str(error.headers).encode()
        yield from unpacked(f"page {path}", content)
        for link in _links(content):
            target = urlsplit(urljoin(site + path, link))
            address = target.path + (f"?{target.query}" if target.query else "")
            if target.netloc == urlsplit(site).netloc and address not in seen and not _acts(address):
                seen.add(address)
                waiting.append(address)


def _links(content: bytes) -> Iterator[str]:
    text = content.decode(errors="replace")
    yield from (unescape(link) for link in re.findall(r'(?:href|src)="([^"#]+)', text))
    yield from re.findall(r"<loc>([^<]+)</loc>", text)
    if text.startswith(("{", "[")):
        with suppress(ValueError):
            yield from _addresses(json.loads(text))


def _addresses(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _addresses(part)
    elif isinstance(document, str) and document.startswith(("/", "http://127.0.0.1")):
        yield document


def _acts(address: str) -> bool:
    """Whether to follow it would change something, or shows the same once more in another order."""
    return bool(re.search(r"logout|jsi18n|[?&](o|sort|columns|e|q)=|/static/", address))


def metrics(site: str, token: str) -> Iterator[Place]:
    """What Prometheus is told."""
    asked = urllib.request.Request(f"{site}/metrics", headers={"Authorization": f"Bearer {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=30) as answer:
        yield "metrics", answer.read()
