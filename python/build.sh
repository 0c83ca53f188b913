#!/bin/bash
# build.sh DIR: makes the Python package apacheconf in DIR/apacheconf, from python/apacheconf and, by gopy, from the Go package python/bind.
# PYTHON is the interpreter that it is for.
#
# gopy makes the C and Go sources of an extension module ("gopy gen"). "gopy build" would go on and compile them twice, with -Ofast and linked
# to libpython; an extension module wants neither, so the steps after the first are here. They are done in a module of their own below
# DIR, so that the server's go.mod knows nothing of gopy. That module's go.mod is python/gopy/go.mod.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=${PYTHON:-/usr/bin/python3}
work=$out/.work

quietly() { "$@" >"$work/log" 2>&1 || { echo "build.sh: failed: $*" >&2; cat "$work/log" >&2; exit 1; }; }
config() { "$python" -c "import sysconfig; print(sysconfig.$1)"; }

"$python" -c 'import pybindgen' 2>/dev/null || { echo "build.sh: $python has no pybindgen (Debian: python3-pybindgen)" >&2; exit 1; }
include=$(config "get_path('include')")
[ -e "$include/Python.h" ] || { echo "build.sh: no $include/Python.h (Debian: python3-dev)" >&2; exit 1; }

trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/bin" "$work/gen" "$work/cgo"
sed "s|=> ../../|=> $root|" "$root/python/gopy/go.mod" >"$work/go.mod"
# The server's modules may be newer than python/gopy/go.mod says: -mod=mod takes them, by the sums in either file.
sort -u "$root/go.sum" "$root/python/gopy/go.sum" >"$work/go.sum"
cd "$work"
export GOFLAGS="${GOFLAGS:-} -mod=mod" PATH="$work/bin:$PATH"

go build -o bin/ github.com/go-python/gopy golang.org/x/tools/cmd/goimports
quietly gopy gen -output=gen -name=bind -no-make -vm="$python" httpd-wsgi/python/bind
[ -s gen/bind.go ] || { cat log >&2; exit 1; }
cd gen
quietly goimports -w bind.go
# Without the flags for linking to libpython: the interpreter that loads the module has all symbols.
sed -i '/^#cgo /d' bind.go
export CGO_CFLAGS="-O2 -I$include"
quietly go tool cgo -objdir "$work/cgo" -exportheader bind_go.h -- -I"$include" bind.go
quietly "$python" build.py
quietly go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o "$work/_bind.so" .

rm -rf "$out/apacheconf"
mkdir -p "$out/apacheconf"
cp "$root"/python/apacheconf/*.py "$root/python/apacheconf/py.typed" "$out/apacheconf/"
mv "$work/_bind.so" "$out/apacheconf/_bind$(config "get_config_var('EXT_SUFFIX')")"
