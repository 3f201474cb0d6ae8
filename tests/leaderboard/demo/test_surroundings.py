from __future__ import annotations

import socket
from pathlib import Path

import pytest

from leaderboard import environment as settings_environment
from leaderboard.demo import surroundings
from leaderboard.demo.redis import embedded_redis


def test_the_environment_is_complete_and_the_ports_come_back(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/x", "PATH": "/bin", "REDIS_URL": "redis://elsewhere"}
    made = surroundings.environment(tmp_path, ["reference", "q8_0"], given)
    assert "DATABASE_URL" not in made
    assert made["PATH"] == "/bin"
    inside = surroundings.inside(made)
    assert inside is not None
    assert inside.folder == tmp_path
    assert list(inside.ports) == ["reference", "q8_0"]
    configured = settings_environment.read(made, tmp_path)
    assert configured.egress_allow == {f"127.0.0.1:{port}" for port in inside.ports.values()}
    assert not configured.debug
    assert not configured.https
    assert configured.state == tmp_path
    assert surroundings.inside(given) is None


def test_the_folder_is_emptied_and_held(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("kept")
    (tmp_path / "assay.sqlite3").write_text("old")
    (tmp_path / "log").mkdir()
    with surroundings.claimed(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {"secret_key", "lock"}
        with pytest.raises(surroundings.AlreadyRunning, match="Another demo"), surroundings.claimed(tmp_path):
            pass
    with surroundings.claimed(tmp_path):
        pass


def test_ports() -> None:
    ports = surroundings.free_ports(5)
    assert len(set(ports)) == 5
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert surroundings.free_port_near(wanted) != wanted
    assert surroundings.free_port_near(wanted) == wanted


def test_a_deep_folder_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    assert surroundings.socket_path(tmp_path) == tmp_path / "redis.sock"
    assert len(str(surroundings.socket_path(tmp_path / ("deep" * 40)))) < 100


def test_the_embedded_redis_is_real_and_leaves_nothing(tmp_path: Path) -> None:
    import redis

    path = tmp_path / "redis.sock"
    with embedded_redis(path, tmp_path / "redis.log"):
        server = redis.Redis(unix_socket_path=str(path))
        assert server.set("key", "value")
        assert server.config_get("port") == {"port": "0"}
        assert path.stat().st_mode & 0o077 == 0
        server.close()
    assert not path.exists()
    assert {left.name for left in tmp_path.iterdir()} == {"redis.log"}
