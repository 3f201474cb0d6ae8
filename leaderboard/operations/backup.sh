#!/bin/sh
# Copies what a site can't be made again from: its database and its evidence. Takes the site's own environment
# (DATABASE_URL, ASSAY_STATE, ASSAY_EVIDENCE), needs pg_dump for PostgreSQL and python3 for SQLite, and may run
# while the site does.
#
#   sh backup.sh FOLDER      a folder that is not there yet
#
# SECRET_KEY and CREDENTIAL_KEYS are in no backup: keep them elsewhere. Without them no key in it can be read.
set -eu
umask 077
to=${1:?"where to? sh backup.sh FOLDER"}
state=${ASSAY_STATE:-var}
database=${DATABASE_URL:-}
mkdir "$to"
mkdir "$to/evidence"

# Checkpoints of the log before the database, so that the copy knows none that is newer than itself; bundles
# after it, so that each one that it names is there. Both are only ever added to.
if [ -z "${ASSAY_EVIDENCE:-}" ] && [ -d "$state/evidence/log" ]; then
    cp -R "$state/evidence/log" "$to/evidence/"
fi
case $database in
postgres*)
    pg_dump --format=custom --no-owner --no-privileges --file="$to/database.dump" --dbname="$database"
    ;;
*)
    file=${database#sqlite:}
    # As sqlite3's own .backup: a copy of one moment, whoever writes meanwhile.
    python3 - "${file:-$state/assay.sqlite3}" "$to/database.sqlite3" <<'PY'
import sqlite3
import sys

source = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
source.backup(sqlite3.connect(sys.argv[2]))
PY
    ;;
esac
if [ -n "${ASSAY_EVIDENCE:-}" ]; then
    echo "The evidence is in $ASSAY_EVIDENCE and was not copied: copy the bucket with its own tools." >&2
elif [ -d "$state/evidence" ]; then
    for part in "$state/evidence"/*; do
        [ "$part" = "$state/evidence/log" ] || [ ! -e "$part" ] || cp -R "$part" "$to/evidence/"
    done
fi
echo "$to is a backup. Keep it on another machine."
