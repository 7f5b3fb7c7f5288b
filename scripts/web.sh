#!/bin/sh
# Fetches what the parts in JavaScript and Python need, in the versions of their lock files, and builds the wallet's pages.
# Usage: web.sh GROUP... Groups: wallet (web/wallet/dist), tests (the wallet's types and its own tests; modules of tests/interop and
# tests/browser, Python in target/python), lighthouse (for make soak).
# What is there and fits its lock file is not fetched again. No package's install script runs.
set -eu
cd "$(dirname "$0")/.."

modules() { # modules FOLDER: node_modules as the lock file has them
    [ -e "$1/package-lock.json" ] || return 0
    stamp="$1/node_modules/.fetched"
    cmp -s "$1/package-lock.json" "$stamp" && return 0
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    mkdir -p "$1/node_modules"
    cp "$1/package-lock.json" "$stamp"
}

python() { # python REQUIREMENTS: a virtual environment with exactly these
    stamp=target/python/.fetched
    cmp -s "$1" "$stamp" && return 0
    mkdir -p target
    python3 -m venv --clear target/python
    target/python/bin/pip install --quiet --disable-pip-version-check --no-input --requirement "$1"
    cp "$1" "$stamp"
}

for group in "$@"; do
    case "$group" in
    wallet)
        [ -e web/package.json ] || continue
        modules web
        (cd web && npm run --silent build)
        ;;
    tests)
        modules web
        (cd web && npm run --silent lint && npm test --silent)
        modules tests/interop
        modules tests/browser
        python tests/interop/requirements.txt
        ;;
    lighthouse)
        modules tests/browser/lighthouse
        ;;
    *)
        echo "web.sh: no group named $group" >&2
        exit 2
        ;;
    esac
done
