#!/bin/sh
# Puts a backup back into an empty database and an empty evidence folder. Takes the environment of the site that
# is to be, with the SECRET_KEY and CREDENTIAL_KEYS of the one that was, and needs pg_restore for PostgreSQL.
# Run it in the project's folder, with its virtual environment first in PATH, while no process of the site runs.
#
#   sh restore.sh FOLDER     that backup.sh made
#
# Ends with the proof that what is published now is what was published then.
set -eu
umask 077
from=${1:?"where from? sh restore.sh FOLDER"}
state=${ASSAY_STATE:-var}
database=${DATABASE_URL:-}
case $database in
postgres*)
    pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname="$database" \
        "$from/database.dump"
    ;;
*)
    file=${database#sqlite:}
    file=${file:-$state/assay.sqlite3}
    if [ -e "$file" ]; then
        echo "$file is there already, and nothing was restored: move it away first." >&2
        exit 1
    fi
    mkdir -p "$(dirname "$file")"
    cp "$from/database.sqlite3" "$file"
    ;;
esac
if [ -z "${ASSAY_EVIDENCE:-}" ]; then
    mkdir -p "$state/evidence"
    cp -R "$from/evidence/." "$state/evidence/"
fi
python manage.py migrate --noinput
python manage.py verify_log --evidence
