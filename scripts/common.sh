# Shared by the scripts: places, progress lines, and the tools that are built or fetched once.
# Source it; it runs nothing by itself.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SUNDIAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sundial}

say() { printf '%s\n' "$*" >&2; }

# step "what" command…: runs it with its output kept aside, and shows how long it took. While it
# runs, a line every 30 seconds says that it still does. The output is shown where it fails.
step() {
  local what=$1 started=$SECONDS log status=0
  shift
  log=$(mktemp)
  say "[ .. ] $what"
  "$@" >"$log" 2>&1 &
  local child=$! waited=0
  while kill -0 "$child" 2>/dev/null; do
    if [ $((SECONDS - started)) -ge $((waited + 30)) ]; then
      waited=$((SECONDS - started))
      say "       … $what: ${waited}s, $(tail -n 1 "$log" | cut -c 1-90)"
    fi
    sleep 0.2
  done
  wait "$child" || status=$?
  if [ $status -eq 0 ]; then
    say "[ ok ] $what ($((SECONDS - started))s)"
  else
    tail -n 200 "$log" >&2
    say "[FAIL] $what ($((SECONDS - started))s)"
  fi
  step_log=$log
  return $status
}

# Compiles through ccache and links with mold where they are there: the same objects, sooner.
use_fast_tools() {
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  fi
  if command -v mold >/dev/null && [ -z "${LDFLAGS:-}" ]; then export LDFLAGS=-fuse-ld=mold; fi
}

# The mirror of Debian that this machine itself uses; nothing where it has none, and the tools' default is right.
debian_mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] *)?([^ ]+).*/\2/p' | grep -m 1 -E '/debian/?$' || true
}

temporal_version=v1.5.1

# Sets `temporal` to a Temporal command line with a development server: the one on PATH, else one
# that is built once into the cache.
find_temporal() {
  temporal=$(command -v temporal || true)
  [ -n "$temporal" ] && return 0
  temporal=$cache/bin/temporal
  [ -x "$temporal" ] && return 0
  if [ -x "$(go env GOPATH 2>/dev/null)/bin/temporal" ]; then
    temporal=$(go env GOPATH)/bin/temporal
    return 0
  fi
  if ! command -v go >/dev/null; then
    say "a Temporal server is needed: install Temporal's command line (temporal) on PATH, or Go 1.23 or later to build it"
    return 1
  fi
  mkdir -p "$cache/bin"
  step "building Temporal's command line $temporal_version (once, 3 to 4 minutes)" \
    env GOBIN="$cache/bin" go install "github.com/temporalio/cli/cmd/temporal@$temporal_version"
}

# Sets `worker_python` to a Python with the sample worker's packages, made once in the cache.
find_worker_python() {
  local wanted=$root/tests/worker/requirements.txt venv=$cache/worker
  worker_python=$venv/bin/python
  if [ -x "$worker_python" ] && cmp -s "$wanted" "$venv/requirements.txt"; then return 0; fi
  if ! command -v python3 >/dev/null; then
    say "the sample worker needs Python 3.9 or later: apt-get install python3 python3-venv"
    return 1
  fi
  mkdir -p "$cache"
  step "making a Python environment for the worker (once)" make_worker_python "$wanted" "$venv"
}

make_worker_python() { # make_worker_python REQUIREMENTS FOLDER
  python3 -m venv --clear "$2" && "$2/bin/python" -m pip install -q --disable-pip-version-check -r "$1" &&
    cp "$1" "$2/requirements.txt"
}

# Sets `api_python` to a Python with schemathesis, which tries the HTTP API by its own description.
find_api_python() {
  local wanted=$root/tests/system/requirements.txt venv=$cache/api
  api_python=$venv/bin/python
  if [ -x "$api_python" ] && cmp -s "$wanted" "$venv/requirements.txt"; then return 0; fi
  mkdir -p "$cache"
  step "making a Python environment for the API's tests (once)" make_worker_python "$wanted" "$venv"
}

# Sets `chromium` and `playwright`: Debian's browser, and the folder of the npm package that drives it.
find_browser() {
  local wanted=$root/tests/browser/package.json
  playwright=$cache/browser
  "$root/scripts/install-deps" --browser || return 1
  chromium=$(command -v chromium) || return 1
  if [ -d "$playwright/node_modules/playwright-core" ] && cmp -s "$wanted" "$playwright/package.json"; then return 0; fi
  mkdir -p "$playwright" && cp "$wanted" "$playwright/" &&
    step "fetching what drives the browser (once)" npm install --prefix "$playwright" --no-audit --no-fund --no-package-lock
}

# free_port 8000: prints that port, or the next one that nobody listens on.
free_port() {
  python3 - "$1" <<'EOF'
import socket, sys
port = int(sys.argv[1])
while True:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            print(port)
            break
        except OSError:
            port += 1
EOF
}
