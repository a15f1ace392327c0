#!/bin/sh
# Builds OpenClaw with sanitizers and runs every test. The last line is "N passed, M failed"; a stage that breaks counts as
# a failure. Nothing is left behind that git does not ignore (build-*/ and .cache/).
set -u

usage() {
	cat <<'TEXT'
usage: ./test.sh [--fast | --all]

  --fast   the check before a commit: format, build, unit tests, include direction (no sanitizers, no servers)
  --all    longer: also a release build with clang, a minute of fuzzing for each target, and MLX and Ollama as further real
           servers (minutes to install; Ollama is built from source and needs Go 1.24)
  --help   this text

Installs what is missing (apt; sudo if needed): compilers, libraries, Chromium; pytest, llama.cpp, LiteLLM, MCP servers and
the real product's clients in .cache/.
TEXT
}

mode=default
for arg in "$@"; do
	case $arg in
	--fast | --all) mode=${arg#--} ;;
	--help | -h) usage; exit 0 ;;
	*) printf "error: unknown option '%s'\n" "$arg" >&2; usage >&2; exit 1 ;;
	esac
done

cd "$(dirname "$0")" || exit 1
root=$PWD
cache=$root/.cache
logs=$cache/logs
jobs=$(nproc 2> /dev/null || echo 2)
mkdir -p "$logs"
[ -t 0 ] || exec < /dev/null

passed=0 failed=0 broken='' skipped=0
started=$(date +%s)

# ---- talking and counting ---------------------------------------------------

say() { printf '%s\n' "$*"; }
note() { printf '      %s\n' "$*"; }
finish() {
	[ "$skipped" -eq 0 ] || say "skipped: $skipped (named above)"
	[ -z "$broken" ] || say "broken: $broken"
	say "$(($(date +%s) - started)) s"
	say "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}
break_stage() { # NAME LOG
	failed=$((failed + 1))
	broken="$broken${broken:+, }$1"
	note "FAILED: $1"
	[ ! -f "$2" ] || excerpt "$2"
}

# Of the log of a build only what went wrong, else its end.
excerpt() {
	grep -A 12 -E '^FAILED: |ERROR: |: error: |SUMMARY: ' "$1" | head -n 60 | grep . || tail -n 40 "$1"
}

# A step that either works or does not; it adds nothing to the passed tests.
step() { # NAME COMMAND...
	name=$1
	shift
	say "== $name"
	log=$logs/$(printf %s "$name" | tr -c 'A-Za-z0-9' '-').log
	"$@" > "$log" 2>&1 && return 0
	break_stage "$name" "$log"
	return 1
}

# A runner of tests: tests/tally.py finds the counts in what it left.
count() { # NAME KIND RESULT COMMAND...
	name=$1 kind=$2 result=$3
	shift 3
	say "== $name"
	log=$logs/$(printf %s "$name" | tr -c 'A-Za-z0-9' '-').log
	rm -f "$result"
	rc=0
	"$@" > "$log" 2>&1 || rc=$?
	tally=$(python3 tests/tally.py "$kind" "$result" 2> "$logs/tally") || tally='0 0 0'
	cat "$logs/tally"
	# shellcheck disable=SC2086 # three numbers
	set -- $tally
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	note "$1 passed, $2 failed"
	if [ "$2" -gt 0 ]; then
		tail -n 150 "$log"
	elif [ "$rc" -ne 0 ] || [ $(($1 + $3)) -eq 0 ]; then
		break_stage "$name (exit $rc)" "$log"
	fi
}

# ---- what the tests need ------------------------------------------------------

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}

links_fuzzer() {
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n > 9; }' |
		clang -x c -fsanitize=fuzzer,address - -o "$cache/fuzzer-probe" 2> /dev/null
}

# The version that the package clang stands for, installed or not; empty when it is not known.
clang_version() {
	if command -v clang > /dev/null 2>&1; then
		clang -dumpversion | cut -d. -f1
	else
		apt-cache depends clang 2> /dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -n 1
	fi
}

clang_packages() {
	for tool in clang clang-format; do
		command -v "$tool" > /dev/null 2>&1 || echo "$tool"
	done
	runtime=libclang-rt-$(clang_version)-dev
	links_fuzzer || { apt-cache show "$runtime" > /dev/null 2>&1 && echo "$runtime"; }
}

missing() { # the packages of everything that is not there
	[ "$mode" = fast ] || clang_packages
	[ "$mode" = fast ] || command -v chromium > /dev/null 2>&1 || echo chromium
	for pair in gcc:gcc meson:meson ninja:ninja-build pkg-config:pkg-config git:git python3:python3; do
		command -v "${pair%%:*}" > /dev/null 2>&1 || echo "${pair#*:}"
	done
	[ "$(uname)" != Linux ] || command -v bwrap > /dev/null 2>&1 || echo bubblewrap # the sandbox's tests
	printf '#include <stdio.h>\n' | gcc -E - > /dev/null 2>&1 || echo libc6-dev
	[ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || echo ca-certificates
	printf '#include <wslay/wslay.h>\n' | gcc -E - > /dev/null 2>&1 || echo libwslay-dev
	python3 -c 'import ensurepip, venv' 2> /dev/null || echo python3-venv
	for pair in libuv:libuv1-dev libcurl:libcurl4-gnutls-dev jansson:libjansson-dev libidn2:libidn2-dev \
		libutf8proc:libutf8proc-dev libedit:libedit-dev cmocka:libcmocka-dev nettle:nettle-dev \
		sqlite3:libsqlite3-dev gumbo:libgumbo-dev md4c:libmd4c-dev; do
		pkg-config --exists "${pair%%:*}" 2> /dev/null || echo "${pair#*:}"
	done
}

install_packages() { # fails when something is still missing
	rm -f "$logs/apt.log"
	need=$(missing | tr '\n' ' ')
	[ -n "$need" ] || return 0
	say "== missing packages: ${need% }"
	if ! command -v apt-get > /dev/null 2>&1; then
		say "This system has no apt-get. Please install what corresponds to these Debian packages and run this again."
		return 1
	fi
	if ! as_root true 2> /dev/null; then
		say "This account may not install packages. Please run this as root, then ./test.sh again as yourself:"
		say "  apt-get install ${need% }"
		return 1
	fi
	as_root apt-get update > "$logs/apt.log" 2>&1 || note "apt-get update failed, trying with what is known"
	# shellcheck disable=SC2086 # a list of words
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $need >> "$logs/apt.log" 2>&1 || {
		tail -n 20 "$logs/apt.log"
		return 1
	}
}

dependencies() {
	# A second round: without package lists the runtime of clang can only be named once clang is there.
	install_packages && install_packages && return
	break_stage "dependencies" "$logs/apt.log"
	finish
}

# pytest of the pinned version; without network the one of the system has to do.
python_environment() {
	want=$(cat tests/requirements.txt | cksum)
	if [ "$(cat "$cache/venv/.stamp" 2> /dev/null)" != "$want" ]; then
		say "== pytest into .cache/venv"
		rm -rf "$cache/venv"
		python3 -m venv "$cache/venv" && "$cache/venv/bin/python" -m pip install -q --disable-pip-version-check \
			--only-binary :all: --require-hashes -r tests/requirements.txt &&
			printf %s "$want" > "$cache/venv/.stamp"
	fi > "$logs/venv.log" 2>&1
	for python in "$cache/venv/bin/python" python3; do
		"$python" -c 'import pytest' 2> /dev/null && return 0
	done
	break_stage "pytest" "$logs/venv.log"
	return 1
}

model_servers() {
	[ -f starter/install.sh ] || return 0
	sh starter/install.sh "$cache/starter" > "$logs/starter.log" 2>&1 && return 0
	note "llama.cpp or its model could not be installed, their tests are skipped:"
	tail -n 2 "$logs/starter.log"
}

# LiteLLM always; what takes long to install or to build only with --all. Without them their tests are skipped by name.
more_servers() {
	servers=litellm
	[ "$mode" != all ] || servers="litellm mlx ollama"
	for server in $servers; do
		say "== $server into .cache/servers"
		sh tests/servers/install.sh "$server" "$cache/servers" > "$logs/$server.log" 2>&1 && continue
		note "$server could not be installed, its tests are skipped:"
		tail -n 2 "$logs/$server.log"
	done
}

# The real product's own clients, from npm; its web page needs a browser.
real_clients() {
	say "== the real product's clients into .cache/clients"
	sh tests/clients/install.sh "$cache/clients" > "$logs/clients.log" 2>&1 && return 0
	note "they could not be installed, their tests are skipped:"
	tail -n 2 "$logs/clients.log"
}

# MCP servers of npm and PyPI; the Node of the clients runs them.
mcp_servers() {
	[ -e "$cache/clients/node" ] || { note "no MCP servers without the clients' Node, their tests are skipped"; return 0; }
	say "== MCP servers into .cache/mcp"
	sh tests/mcp/install.sh "$cache/mcp" "$cache/clients" > "$logs/mcp.log" 2>&1 && return 0
	note "they could not be installed, their tests are skipped:"
	tail -n 2 "$logs/mcp.log"
}

# ---- builds ---------------------------------------------------------------------

# Sets up once; a folder whose set-up was interrupted is made anew.
configured() { # DIR COMPILER OPTIONS...
	dir=$1 compiler=$2
	shift 2
	[ -f "$dir/build.ninja" ] && return 0
	rm -rf "$dir"
	CC=$compiler meson setup "$dir" "$@"
}
build() { # DIR COMPILER OPTIONS...
	configured "$@" && ninja -j "$jobs" -C "$1"
}

format_is_right() {
	git ls-files -z 'src/*.[ch]' 'tests/*.[ch]' | xargs -0 clang-format --dry-run -Werror
}

# Everything that meson knows, a count for each kind.
meson_suite() { # NAME DIR SELECTION...
	name=$1 dir=$2
	shift 2
	count "$name" meson "$dir/meson-logs/testlog.json" meson test -C "$dir" --no-rebuild --print-errorlogs "$@"
}
unit_tests() { # DIR
	meson_suite "unit tests" "$1" --no-suite vectors --no-suite wire
}
vectors_and_wire_cases() { # DIR
	for suite in vectors wire; do
		meson test -C "$1" --no-rebuild --list 2> /dev/null | grep -q "openclaw:$suite " || continue
		meson_suite "$suite" "$1" --suite "$suite"
	done
}

# Leak checking needs ptrace, which some containers forbid.
leak_check() {
	"$root/build-asan/openclaw" --version 2>&1 > /dev/null | grep -q 'LeakSanitizer has encountered a fatal error' || return 0
	note "this system does not allow leak checking (ptrace): switched off"
	export OPENCLAW_TEST_LEAKS=0
	export ASAN_OPTIONS=detect_leaks=0
}

end_to_end() {
	export OPENCLAW_BIN="$root/build-asan/openclaw" OPENCLAW_STARTER="$cache/starter" OPENCLAW_SERVERS="$cache/servers"
	export OPENCLAW_CLIENTS="$cache/clients" OPENCLAW_MCP="$cache/mcp"
	export PYTHONDONTWRITEBYTECODE=1
	# The tests wait more than they compute, so more files than processors run side by side. What a busy machine makes fail
	# is tried again, and named.
	side_by_side=''
	! "$python" -c 'import xdist, pytest_rerunfailures' 2> /dev/null ||
		side_by_side="-n $((jobs + 1)) --dist loadfile --reruns 2 -raR"
	# shellcheck disable=SC2086 # a list of words
	count "simulator and end to end" pytest "$cache/pytest.xml" "$python" -m pytest -q -c tests/pytest.ini tests \
		$side_by_side --junitxml="$cache/pytest.xml" --basetemp="$cache/pytest"
	sed -n 's/^RERUN /tried again: /p' "$log" | while read -r line; do note "$line"; done
}

release_build() { # COMPILER
	step "release build with $1" build "build-release-$1" "$1" --buildtype=release -Dwerror=true -Dtests=false
}

fuzz() {
	seconds=3
	[ "$mode" != all ] || seconds=60
	step "build of the fuzz targets" build build-fuzz clang -Dfuzz=true -Dwerror=true -Db_sanitize=address,undefined \
		-Db_lundef=false || return
	say "== fuzzing, $seconds s a target"
	for target in build-fuzz/tests/fuzz/*_fuzz; do
		[ -x "$target" ] || continue
		name=$(basename "$target")
		corpus=$cache/corpus/$name # kept: what was found once is tried again
		mkdir -p "$corpus"
		if "$target" -max_total_time=$seconds -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$cache/$name-" "$corpus" \
			> "$logs/$name.log" 2>&1; then
			passed=$((passed + 1))
		else
			break_stage "fuzzing of $name" "$logs/$name.log"
		fi
	done
}

# ---- the run --------------------------------------------------------------------

dependencies
# Another version of clang-format breaks lines elsewhere.
if clang-format --version 2> /dev/null | grep -q 'version 14'; then
	step "format" format_is_right
else
	note "skipped: format (needs clang-format 14)"
fi

if [ "$mode" = fast ]; then
	# Without optimization: half the time, and what only the optimizer warns of is found by the whole run.
	step "build" build build-fast gcc --buildtype=debug -Dwerror=true && unit_tests build-fast
	finish
fi

step "build with sanitizers" build build-asan gcc -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false || finish
export ASAN_OPTIONS=detect_leaks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
leak_check
unit_tests build-asan
vectors_and_wire_cases build-asan
if python_environment; then
	model_servers
	more_servers
	real_clients
	mcp_servers
	end_to_end
fi
release_build gcc
if links_fuzzer; then
	[ "$mode" != all ] || release_build clang
	fuzz # which clang compiles with the same warnings
else
	release_build clang
	note "skipped: fuzzing (clang cannot link libFuzzer here)"
	skipped=$((skipped + 1))
fi
finish
