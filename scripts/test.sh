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
# Where tests put what they need for a while; by its name every process that they start is known. Short, for sockets lie in it, and
# open to the user as whom PostgreSQL runs.
scratch=$(mktemp -d /tmp/vinimay-XXXXXX)
chmod 755 "$scratch"
# What runs in one process waits for no disk where there is memory to spare; worlds of processes, which are measured, always do.
memory=$scratch
shared=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
if [ "${shared:-0}" -gt 4000000 ] && [ "${free:-0}" -gt 8000000 ]; then
    memory=$(mktemp -d /dev/shm/vinimay-XXXXXX)
    chmod 755 "$memory"
fi
# However this ends: what lies in memory would stay there.
trap 'rm -rf "$scratch" "$memory"' EXIT
trap 'exit 130' INT TERM

# From nothing, as in CI, nobody has edited yet: what the compiler would keep for the next build is not written.
[ -d target/debug ] || export CARGO_INCREMENTAL=0

# What the parts in JavaScript and Python need is fetched and built meanwhile: the compiler wants none of it.
scripts/web.sh wallet tests >target/web.txt 2>&1 &
web=$!

# Each test binary runs once, its tests three at a time (two cores, and one that waits), so that those of one binary share one
# PostgreSQL. Told that unstable options are allowed, the standard runner reports how long each test took.
# shellcheck disable=SC2086
cargo test --workspace $features --no-run --message-format=json-render-diagnostics >target/test-build.json
sed -n 's/.*"manifest_path":"\([^"]*\)\/Cargo.toml".*"overflow_checks":[a-z]*,"test":true}.*"executable":"\([^"]*\)".*/\1 \2/p' target/test-build.json |
    sort -u >target/test-binaries.txt
[ -s target/test-binaries.txt ] || { echo "no test binary was built" >&2; exit 1; }
wait "$web" || { cat target/web.txt >&2; exit 1; }
cat target/web.txt

# run FOLDER BINARY [ARGUMENT...]: one test binary, its output kept. No test trusts a public certificate authority, and OpenSSL would
# parse the machine's list of them for each client that is made.
run() {
    folder=$1 binary=$2
    shift 2
    # Worlds of processes have places of their own to wait for (tests/support.rs), so that threads need not be counted.
    case $binary in */end_to_end-*) threads=24 files=$scratch ;; *) threads=3 files=$memory ;; esac
    (cd "$folder" && TMPDIR="$files" SSL_CERT_FILE=/dev/null RUSTC_BOOTSTRAP=1 "$binary" -Z unstable-options --report-time --test-threads "$threads" "$@" </dev/null) \
        >"target/test-output/$(basename "$binary").txt" 2>&1 || echo failed >>target/test-output/failed
}
rm -rf target/test-output target/tmp/figures
mkdir -p target/test-output
# in_turn [ARGUMENT...]: each binary that is listed on standard input, and what it had to say.
in_turn() {
    while read -r folder binary; do
        echo "running $(basename "$binary")"
        run "$folder" "$binary" "$@"
        grep -v '^test .* ok <' "target/test-output/$(basename "$binary").txt" || true
    done
}
# What runs in one process goes beside the worlds of processes, the longest first: worlds wait for others some of the time.
worlds='/end_to_end-'
{ grep '/gateway-' target/test-binaries.txt; grep -v "$worlds\|/gateway-" target/test-binaries.txt; } | in_turn "$@" &
crates=$!

# The program without the tests' clock is built and kept, so that a test can prove what it does not contain: all libraries are the same
# with and without it. Then the tests' own program stands in its place again.
cargo build --bin vinimay
mkdir -p target/released
cp target/debug/vinimay target/released/vinimay
# shellcheck disable=SC2086
cargo build --bin vinimay $features
grep "$worlds" target/test-binaries.txt | in_turn "$@"
wait "$crates"
[ ! -e target/test-output/failed ] || status=1
cat target/test-output/*.txt >target/test-output.txt
sed -n 's/^test \(.*\) \.\.\. [a-zA-Z]* <\([0-9.]*\)s>$/\2 \1/p' target/test-output.txt | sort -rn | head -n 10 >"$report"
passed=$(sed -n 's/^test result: .* \([0-9]*\) passed;.*/\1/p' target/test-output.txt | awk '{ n += $1 } END { print n + 0 }')
failed=$(sed -n 's/^test result: .* \([0-9]*\) failed;.*/\1/p' target/test-output.txt | awk '{ n += $1 } END { print n + 0 }')

echo "ten slowest tests (seconds):"
cat "$report"
for figures in target/tmp/figures/*.txt; do
    [ -e "$figures" ] || continue
    echo "$(basename "$figures" .txt): $(cat "$figures")"
done

# Whatever a test started - our servers, PostgreSQL, browsers, node - ends with it, a moment later at most: those who watch over
# them may still be stopping them. What is still there then was left behind.
left() {
    pgrep -fa "$(pwd)/target/.*/vinimay |$scratch|$memory" || true
    for environment in /proc/[0-9]*/environ; do
        process=${environment%/environ}
        grep -qzx "TMPDIR=\($scratch\|$memory\)" "$environment" 2>/dev/null || continue
        # It may end between these two lines.
        echo "${process#/proc/} $({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null)"
    done
}
patience=120
while [ -n "$(left)" ] && [ "$patience" -gt 0 ]; do
    sleep 1
    patience=$((patience - 1))
done
behind=$(left)
if [ -n "$behind" ]; then
    echo "processes left behind:" >&2
    echo "$behind" >&2
    exit 1
fi
echo "$passed passed, $failed failed"
exit "$status"
