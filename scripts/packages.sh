#!/bin/sh
# Installs the Debian packages that a target needs, or names them and stops. Usage: packages.sh GROUP...
# Groups: build (compiler, OpenSSL, PostgreSQL client library), web (node and npm, for the wallet's pages), test (PostgreSQL server,
# strace, Chromium with a font for Hindi, Python and kin).
set -eu

need=""
want() { # want PACKAGE COMMAND-THAT-PROVES-IT
    if ! sh -c "$2" >/dev/null 2>&1; then need="$need $1"; fi
}

for group in "$@"; do
    case "$group" in
    build)
        want build-essential "command -v cc && command -v make"
        want pkg-config "command -v pkg-config"
        want libssl-dev "pkg-config --exists 'openssl >= 3.0'"
        want libpq-dev "test -e /usr/include/postgresql/libpq-fe.h || pkg-config --exists libpq"
        want openssl "command -v openssl"
        ;;
    web)
        want nodejs "command -v node"
        want npm "command -v npm"
        want ca-certificates "test -e /etc/ssl/certs/ca-certificates.crt"
        ;;
    test)
        want postgresql "ls /usr/lib/postgresql/*/bin/initdb"
        want strace "command -v strace"
        want util-linux "command -v unshare && command -v setpriv"
        want docker-compose "command -v docker-compose"
        want procps "command -v ps"
        want sqlite3 "command -v sqlite3"
        want iproute2 "command -v ip"
        want chromium "command -v chromium"
        want fonts-lohit-deva "fc-list :lang=hi | grep -q ."
        want python3 "command -v python3"
        want python3-venv "python3 -c 'import ensurepip'"
        ;;
    *)
        echo "packages.sh: no group named $group" >&2
        exit 2
        ;;
    esac
done

if ! command -v cargo >/dev/null 2>&1; then
    echo "vinimay: Rust is missing. Install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer (rustup or your distribution), then run make again." >&2
    exit 1
fi
[ -n "$need" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "vinimay: these Debian packages (or what your system calls them) are missing:$need" >&2
    echo "Install them and run make again." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    root="sudo"
else
    echo "vinimay: these packages are missing:$need" >&2
    echo "Run as root: apt-get install$need" >&2
    exit 1
fi

echo "vinimay: installing$need" >&2
export DEBIAN_FRONTEND=noninteractive
# A server that the tests do not use must not be started by its package.
$root apt-get update -qq >/dev/null || true
# shellcheck disable=SC2086
$root apt-get install -y -qq --no-install-recommends $need >/dev/null
