#!/bin/sh
# Makes sure that the browser tests have a browser: Debian's chromium, installed with apt when it is missing and
# this user may. Otherwise it fails with the line to type, so that the tests are never skipped in silence.
set -eu

if command -v chromium >/dev/null 2>&1; then
    exit 0
fi
line="apt-get update && apt-get install --yes --no-install-recommends chromium"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need a program called 'chromium' on the PATH. Please install it, then try again." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo --non-interactive true 2>/dev/null; then
    as_root="sudo"
else
    echo "The browser tests need chromium, and installing it needs root. Please type:" >&2
    echo "    sudo sh -c '$line'" >&2
    exit 1
fi
echo "Installing chromium for the browser tests ..."
export DEBIAN_FRONTEND=noninteractive
if ! $as_root sh -c "$line" >/dev/null; then
    echo "Installing chromium failed. Please type this and read what it says:" >&2
    echo "    $line" >&2
    exit 1
fi
