"""Ports a model is never served at, where an HTTP request could do harm instead."""

from __future__ import annotations

WEB_PORTS = frozenset({80, 443})
"""The only ports below 1024 that are taken."""

SERVICE_PORTS: dict[int, str] = {
    1433: "SQL Server", 1521: "Oracle", 2049: "NFS", 2375: "Docker", 2376: "Docker", 2379: "etcd",
    2380: "etcd", 3306: "MySQL", 3389: "remote desktop", 4190: "Sieve", 5060: "SIP", 5061: "SIP",
    5432: "PostgreSQL", 5672: "AMQP", 5900: "VNC", 5984: "CouchDB", 6000: "X11", 6379: "Redis",
    6380: "Redis", 6566: "SANE", 6665: "IRC", 6666: "IRC", 6667: "IRC", 6668: "IRC", 6669: "IRC",
    6697: "IRC", 9042: "Cassandra", 9092: "Kafka", 9200: "Elasticsearch", 9300: "Elasticsearch",
    10080: "Amanda", 10250: "kubelet", 10255: "kubelet", 11211: "memcached", 26379: "Redis",
    27017: "MongoDB",
}  # fmt: skip
"""After the bad ports of the Fetch standard, with the databases and orchestrators of today."""


def why_port_refused(port: int) -> str | None:
    """One sentence why this port is refused, or None."""
    if port < 1024 and port not in WEB_PORTS:
        return f"Port {port} belongs to another service; below 1024 only 80 and 443 are taken."
    if port in SERVICE_PORTS:
        return f"Port {port} belongs to {SERVICE_PORTS[port]}, not to a web server."
    return None
