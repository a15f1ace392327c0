#!/bin/sh
# From a fresh clone to a model's answer: builds OpenClaw, finds a model server or sets up a small one, asks it a question.
# Safe to run again: what is done is not done twice, and an existing configuration is kept.
set -eu

usage() {
	cat <<'TEXT'
usage: ./quickstart.sh [options]

  --prompt TEXT     the question to ask (default: a short one)
  --model REF       the model to use, as the server names it ("qwen/qwen3.5-9b") or PROVIDER/MODEL
  --no-starter      do not set up the starter model when no model server is running
  --state-dir DIR   keep configuration and state in DIR instead of ~/.openclaw
  --help            this text

Looks for LM Studio (port 1234), Ollama (11434), llama.cpp (8080) and vLLM (8000) on this machine. When none answers, a
small model (SmolLM2-135M on llama.cpp, a download of about 130 MB) is set up below the state directory.
TEXT
}

STEPS=6
STARTER_MODEL=smollm2-135m-instruct
STARTER_PORT=18790
PKG_MODULES="jansson libuv libcurl libidn2 libutf8proc libedit nettle sqlite3 gumbo md4c"

prompt="Write one short sentence about the sea."
model='' state='' want_starter=1
child='' installing='' log=''

# ---- talking --------------------------------------------------------------

say() { printf '%s\n' "$*"; }
step() { printf '\n[%s/%s] %s\n' "$1" "$STEPS" "$2"; }
die() {
	printf '\nerror: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf '%s\n' "$2" >&2
	exit 1
}
bad_usage() {
	printf 'error: %s\nRun ./quickstart.sh --help for the options.\n' "$1" >&2
	exit 1
}
quoted() { # for a command that a person may copy
	case $1 in
	*[!A-Za-z0-9_./~=+,:-]*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
	*) printf %s "$1" ;;
	esac
}
on_terminal() { [ -t 0 ] && [ -t 2 ]; }

# A step in the background does not hear Ctrl-C, and neither do the programs that it started.
processes() { # the id of each and of its parent
	ps -A -o pid= -o ppid= 2> /dev/null || sed -n 's/^\([0-9]*\) (.*) [A-Z] \([0-9]*\) .*/\1 \2/p' /proc/[0-9]*/stat 2> /dev/null
}
end_tree() { # PID
	for pid in $(processes | awk -v parent="$1" '$2 == parent { print $1 }'); do
		end_tree "$pid"
	done
	kill "$1" 2> /dev/null || true
}
cleanup() {
	if [ -n "$child" ] && [ -n "$installing" ]; then
		say # dpkg must not be stopped in the middle; the next run waits for it
		say "the installation of packages may go on in the background; it is safe to run this again"
	elif [ -n "$child" ]; then
		end_tree "$child"
	fi
	[ -z "$log" ] || rm -f "$log"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command that may take long: its last line and the seconds on a terminal, a line every ten seconds elsewhere. What
# it printed is shown when it fails.
long() { # LABEL COMMAND...
	label=$1
	shift
	: > "$log"
	"$@" > "$log" 2>&1 < /dev/null &
	child=$!
	ticks=0
	while kill -0 "$child" 2>/dev/null; do
		if [ -t 1 ]; then
			last=$(tail -n 1 "$log" | tr -d '\r' | cut -c1-60)
			printf '\r\033[K      %s … %ss  %s' "$label" $((ticks / 5)) "$last"
		elif [ "$ticks" -gt 0 ] && [ $((ticks % 50)) -eq 0 ]; then
			say "      $label … $((ticks / 5))s"
		fi
		sleep 0.2
		ticks=$((ticks + 1))
	done
	[ ! -t 1 ] || printf '\r\033[K'
	status=0
	wait "$child" || status=$?
	child=''
	if [ "$status" -ne 0 ]; then
		say "      $label: failed"
		tail -n 20 "$log" >&2
		return "$status"
	fi
	say "      $label: done"
}

# ---- options --------------------------------------------------------------

need_value() { [ $# -ge 2 ] || bad_usage "option $1 needs a value"; }
while [ $# -gt 0 ]; do
	case $1 in
	--prompt) need_value "$@"; prompt=$2; shift 2 ;;
	--prompt=*) prompt=${1#*=}; shift ;;
	--model) need_value "$@"; model=$2; shift 2 ;;
	--model=*) model=${1#*=}; shift ;;
	--state-dir) need_value "$@"; state=$2; shift 2 ;;
	--state-dir=*) state=${1#*=}; shift ;;
	--no-starter) want_starter=; shift ;;
	--help | -h) usage; exit 0 ;;
	*) bad_usage "unknown option '$1'" ;;
	esac
done
[ -n "$prompt" ] || bad_usage "--prompt is empty"

{ true 3<&0; } 2> /dev/null || exec < /dev/null # started with its input closed, as some job runners do
here=$(cd "$(dirname "$0")" && pwd)
bin=$here/build-release/openclaw
shown=$(quoted "$bin")
prefix=''
if [ -n "$state" ]; then
	mkdir -p "$state"
	state=$(cd "$state" && pwd)
	OPENCLAW_STATE_DIR=$state
	export OPENCLAW_STATE_DIR
	prefix="OPENCLAW_STATE_DIR=$(quoted "$state") "
fi
state=${OPENCLAW_STATE_DIR:-${OPENCLAW_HOME:-$HOME}/.openclaw}
log=$(mktemp "${TMPDIR:-/tmp}/openclaw-quickstart.XXXXXX")
helper() { python3 "$here/starter/helper.py" "$@"; }

# ---- 1: what the build needs ----------------------------------------------

apt_package() { # of a tool or a pkg-config module
	case $1 in
	cc) echo gcc ;;
	ninja) echo ninja-build ;;
	libc) echo libc6-dev ;;
	meson | git | python3 | pkg-config | ca-certificates) echo "$1" ;;
	venv) echo python3-venv ;;
	libuv) echo libuv1-dev ;;
	libcurl) echo libcurl4-gnutls-dev ;;
	jansson) echo libjansson-dev ;;
	sqlite3) echo libsqlite3-dev ;;
	gumbo) echo libgumbo-dev ;;
	md4c) echo libmd4c-dev ;;
	*) echo "$1-dev" ;;
	esac
}

missing() {
	for tool in cc meson ninja pkg-config python3 git; do
		command -v "$tool" > /dev/null 2>&1 || echo "$tool"
	done
	# gcc comes without the C library's headers when only hard dependencies are installed
	printf '#include <stdio.h>\n' | cc -E - > /dev/null 2>&1 || echo libc
	printf '#include <wslay/wslay.h>\n' | cc -E - > /dev/null 2>&1 || echo libwslay # ships no pkg-config file
	[ -z "$want_starter" ] || [ ! -e /etc/debian_version ] || [ -e /etc/ssl/certs/ca-certificates.crt ] ||
		echo ca-certificates
	[ -z "$want_starter" ] || python3 -c 'import ensurepip, venv' 2> /dev/null || echo venv
	for module in $PKG_MODULES; do
		pkg-config --exists "$module" 2> /dev/null || echo "$module"
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif on_terminal; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}
can_be_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	command -v sudo > /dev/null 2>&1 || return 1
	# On a terminal this asks for the password here, where it can be seen.
	if on_terminal; then sudo -v; else sudo -n true 2> /dev/null; fi
}
apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

install_dependencies() {
	need=$(missing | tr '\n' ' ')
	if [ -z "$need" ]; then
		say "      all there"
		return
	fi
	say "      missing: ${need% }"
	if ! command -v apt-get > /dev/null 2>&1; then
		die "this system has no apt-get; please install what is missing and run this again" \
"  Fedora:  dnf install gcc meson ninja-build pkgconf python3 git jansson-devel libuv-devel libcurl-devel libidn2-devel \\
             utf8proc-devel libedit-devel nettle-devel sqlite-devel wslay-devel gumbo-parser-devel md4c-devel
  Arch:    pacman -S gcc meson ninja pkgconf python git jansson libuv curl libidn2 libutf8proc libedit nettle sqlite wslay gumbo-parser md4c
  macOS:   brew install meson ninja pkg-config python jansson libuv curl libidn2 utf8proc libedit nettle sqlite wslay gumbo-parser md4c"
	fi
	packages=
	for n in $need; do packages="$packages $(apt_package "$n")"; done
	can_be_root || die "packages are missing and this account may not install them" \
		"Please run this as root, then ./quickstart.sh again as yourself:
  apt-get install$packages"
	say "      packages:$packages"
	long "updating the package lists" as_root apt-get update || true
	installing=1
	# shellcheck disable=SC2086 # a list of words
	long "installing the packages" apt_install $packages || die "the packages could not be installed" \
		"Please run as root:  apt-get install$packages"
	installing=
	need=$(missing | tr '\n' ' ')
	[ -z "$need" ] || die "still missing after the installation: $need"
}

# ---- 2: the build ---------------------------------------------------------

build() {
	cd "$here"
	if [ ! -f build-release/build.ninja ]; then
		rm -rf build-release
		long "configuring" meson setup build-release --buildtype=release -Dtests=false -Dc_link_args=-s ||
			die "the build could not be configured" "Full log: $here/build-release/meson-logs/meson-log.txt"
	fi
	long "compiling" ninja -C build-release openclaw || die "the build failed"
	say "      $("$bin" --version)"
}

# ---- 3 to 5: a model ------------------------------------------------------

server_name() {
	case $1 in
	lmstudio) echo "LM Studio" ;;
	ollama) echo "Ollama" ;;
	llamacpp) echo "llama.cpp" ;;
	vllm) echo "vLLM" ;;
	esac
}

default_model() { # of the existing configuration; empty when there is none
	[ -f "$("$bin" config file 2> /dev/null | tail -n 1 | sed "s|^~|$HOME|")" ] || return 0
	"$bin" models status --json 2> /dev/null | helper field resolvedDefault
}

# The name that a server knows: "lmstudio/qwen/qwen3.5-9b" is "qwen/qwen3.5-9b" on the provider lmstudio.
bare_model() { printf '%s\n' "${model#"$1"/}"; }

onboard() { # KIND BASE_URL FIRST_MODEL
	kind=$1 base=$2 chosen=${3:-}
	[ -z "$model" ] || chosen=$(bare_model "$kind")
	set -- --non-interactive --accept-risk
	if [ "$kind" = lmstudio ]; then
		set -- "$@" --auth-choice lmstudio --custom-base-url "$base"
		[ -z "$model" ] || set -- "$@" --custom-model-id "$chosen"
	else
		set -- "$@" --auth-choice custom-api-key --custom-provider-id "$kind" --custom-base-url "$base"
		[ -z "$chosen" ] || set -- "$@" --custom-model-id "$chosen"
	fi
	"$bin" onboard "$@" > "$log" 2>&1
}

try_servers() {
	printf '%s\n' "$servers" > "$log.servers"
	while IFS='	' read -r kind base first; do
		[ -n "$kind" ] || continue
		if onboard "$kind" "$base" "$first" < /dev/null; then
			say "      set up with $(server_name "$kind") at $base"
			rm -f "$log.servers"
			return 0
		fi
		say "      $(server_name "$kind") answers but cannot be used:"
		tail -n 5 "$log" | sed 's/^/        /'
	done < "$log.servers"
	rm -f "$log.servers"
	return 1
}

starter_port() { # the configured one while it is free or ours, else the next free one
	port=$("$bin" config get models.providers.starter --json 2> /dev/null | helper field baseUrl |
		sed -n 's|.*:\([0-9][0-9]*\)/v1$|\1|p')
	if [ -n "$port" ] && { ! helper listens "$port" ||
		helper serves "http://127.0.0.1:$port/v1" "$STARTER_MODEL"; }; then
		echo "$port"
	else
		helper free-port "$STARTER_PORT"
	fi
}

set_up_starter() {
	label="setting up the starter model (a download of about 130 MB)"
	[ ! -f "$state/starter/server.py" ] || label="checking the starter model"
	long "$label" sh "$here/starter/install.sh" "$state/starter" ||
		die "the starter model could not be set up" "Start a model server and run this again, or see docs/quickstart.md."
	port=$(starter_port)
	"$bin" config set models.providers.starter "$(helper starter "$state/starter" "$port")" --strict-json --merge \
		> "$log" 2>&1 || { tail -n 5 "$log" >&2; die "the configuration could not be written"; }
	"$bin" models set "starter/$STARTER_MODEL" > "$log" 2>&1 || { tail -n 5 "$log" >&2; die "models set failed"; }
	# The rest of a first configuration: workspace, agent, gateway.
	"$bin" onboard --non-interactive --accept-risk --auth-choice skip --skip-health > "$log" 2>&1 < /dev/null ||
		{ tail -n 5 "$log" >&2; die "onboard failed"; }
	say "      set up as starter/$STARTER_MODEL, port $port, started when it is needed"
}

no_server() {
	die "no usable model server on this machine, and --no-starter was given" \
		"Start LM Studio (lms server start), Ollama, llama.cpp (port 8080) or vLLM (port 8000) and run this again."
}

choose_model() {
	current=$(default_model)
	servers=$(helper servers)
	case $current in
	'') try_servers || { [ -n "$want_starter" ] || no_server; set_up_starter; } ;;
	starter/*)
		say "      keeping the configured default model $current"
		[ -z "$want_starter" ] || set_up_starter
		[ -z "$servers" ] || say "      a model server runs here too; to use it: $prefix$shown onboard"
		;;
	*) say "      keeping the configured default model $current" ;;
	esac
}

# ---- 6: the question ------------------------------------------------------

ask() {
	say "      > $prompt"
	set -- infer model run --prompt "$prompt" --json
	[ -z "$model" ] || set -- "$@" --model "$model"
	began=$(helper now)
	if ! "$bin" "$@" > "$log"; then
		tail -n 5 "$log" >&2
		die "the model did not answer" "Configuration: $prefix$shown models status"
	fi
	say
	helper answer "$began" < "$log" || die "the model did not answer"
}

offer_link() {
	folder=$HOME/.local/bin
	case ":$PATH:" in *":$folder:"*) ;; *) return 0 ;; esac
	if [ -e "$folder/openclaw" ] || [ -L "$folder/openclaw" ] || command -v openclaw > /dev/null 2>&1; then
		return 0 # never in the way of another one
	fi
	if on_terminal; then
		printf '\nMake it available as "openclaw" (a link in %s)? [Y/n] ' "$folder"
		read -r reply || reply=n
		case $reply in
		'' | [Yy]*) mkdir -p "$folder" && ln -s "$bin" "$folder/openclaw" && say "linked $folder/openclaw" ;;
		esac
	else
		say
		say "To have it as \"openclaw\":  ln -s $shown $(quoted "$folder/openclaw")"
	fi
}

hint_sandbox() { # nothing needs it, so nothing installs it
	[ "$(uname)" = Linux ] || return 0
	command -v bwrap > /dev/null 2>&1 && return 0
	say
	say "Optional: with bubblewrap the agent's commands run in a sandbox, without a question for each (docs/sandbox.md):"
	say "  apt-get install bubblewrap"
}

whats_next() {
	used=$(default_model)
	say
	case ${model:-$used} in
	starter/*)
		say "This was the starter model: it shows that everything works. It is far too small to be useful, and it cannot"
		say "drive tools. For real work, start LM Studio or another server with a larger model, then type"
		say "  $prefix$shown onboard"
		;;
	*)
		say "Next, an agent that reads and writes files in its workspace:"
		say "  $prefix$shown agent --local -m \"List the files of the workspace.\""
		;;
	esac
	say
	say "Also:"
	say "  $prefix$shown gateway                       the server; while it runs, in another terminal:"
	say "  $prefix$shown chat                          talk to it there"
	say "  $prefix$shown dashboard                     or in the browser"
	say "  $prefix$shown infer model run --prompt \"…\"   ask the model directly"
	say "  $prefix$shown models list                   the models there are"
	say "  $prefix$shown --help"
	hint_sandbox
	offer_link
}

step 1 "What the build needs"
install_dependencies
step 2 "Building OpenClaw"
build
step 3 "Looking for a model server"
servers=$(helper servers)
if [ -n "$servers" ]; then
	printf '%s\n' "$servers" | while IFS='	' read -r kind base first; do
		say "      $(server_name "$kind") at $base"
	done
else
	say "      none running (LM Studio :1234, Ollama :11434, llama.cpp :8080, vLLM :8000)"
fi
step 4 "Setting up a model"
choose_model
step 5 "Asking it"
ask
step 6 "Done"
whats_next
