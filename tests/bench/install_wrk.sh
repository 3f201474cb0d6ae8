#!/bin/sh
# wrk, which makes the load of `make bench-web`, and a PostgreSQL to make it on.
set -eu
needed=""
command -v wrk >/dev/null || needed="wrk"
ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || needed="$needed postgresql"
[ -n "$needed" ] || exit 0
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo --non-interactive"
$as_root apt-get update --quiet=2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends $needed >/dev/null
