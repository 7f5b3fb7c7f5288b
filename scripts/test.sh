#!/bin/sh
# Runs every test, prints the runner's closing lines and the ten slowest tests, and fails if a process was left behind.
# Usage: test.sh [extra arguments for the runner]. VINIMAY_DEPTH=test|soak sets how many rounds the tests run.
set -eu
cd "$(dirname "$0")/.."
: "${VINIMAY_DEPTH:=test}"
export VINIMAY_DEPTH
features="--features test-clock"
report=target/slowest.txt
mkdir -p target
: >"$report"
status=0

# The program without the tests' clock is built first and kept, so that a test can prove what it does not contain.
cargo build --bin vinimay
mkdir -p target/released
cp target/debug/vinimay target/released/vinimay

if command -v cargo-nextest >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    cargo nextest run --workspace $features --profile "$VINIMAY_DEPTH" "$@" || status=$?
    junit="target/nextest/$VINIMAY_DEPTH/junit.xml"
    if [ -e "$junit" ]; then
        sed -n 's/.*<testcase name="\([^"]*\)" classname="\([^"]*\)".* time="\([0-9.]*\)".*/\3 \2 \1/p' "$junit" |
            sort -rn | head -n 10 >"$report"
    fi
else
    # Without nextest, each test binary is run by itself: told that unstable options are allowed, it reports times.
    # shellcheck disable=SC2086
    cargo test --workspace $features --no-run --message-format=json |
        sed -n 's/.*"manifest_path":"\([^"]*\)\/Cargo.toml".*"executable":"\([^"]*\)".*"profile".*/\1 \2/p; s/.*"manifest_path":"\([^"]*\)\/Cargo.toml".*"profile".*"test":true.*"executable":"\([^"]*\)".*/\1 \2/p' |
        sort -u >target/test-binaries.txt
    : >target/test-output.txt
    while read -r folder binary; do
        (cd "$folder" && RUSTC_BOOTSTRAP=1 "$binary" -Z unstable-options --report-time --test-threads 2 "$@") \
            >target/test-one.txt 2>&1 || status=1
        cat target/test-one.txt
        cat target/test-one.txt >>target/test-output.txt
    done <target/test-binaries.txt
    sed -n 's/^test \(.*\) \.\.\. [a-zA-Z]* <\([0-9.]*\)s>$/\2 \1/p' target/test-output.txt |
        sort -rn | head -n 10 >"$report"
fi

echo "ten slowest tests (seconds):"
cat "$report"

left=$(pgrep -fa "$(pwd)/target/.*/vinimay " || true)
if [ -n "$left" ]; then
    echo "processes left behind:" >&2
    echo "$left" >&2
    exit 1
fi
exit "$status"
