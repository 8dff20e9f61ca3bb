set -euo pipefail
shopt -s expand_aliases
log=$(mktemp)
server=

# end stops the server that runs as Ctrl-C would: everything in its process group.
end() {
  [ -z "$server" ] || { kill -INT -- "-$server" 2>/dev/null && wait "$server" || true; }
  server=
}
trap 'code=$?; end; [ $code = 0 ] || cat "$log"; rm -f "$log" "$log.curl"; exit $code' EXIT

# serve starts a server and waits until it is ready.
serve() {
  end
  set -m # a group of its own
  "$@" >"$log" 2>&1 &
  server=$!
  set +m
  until command curl -sf "http://localhost:$PORT/readyz" >/dev/null; do
    kill -0 "$server" || { echo "it has ended: $*"; return 1; }
    sleep 0.2
  done
}

banyan() {
  case "$1" in
    dev) serve command banyan "$@" ;;
    *) command banyan "$@" ;;
  esac
}

go() {
  case "$*" in
    "run ./cmd/banyan dev"*) serve command go "$@" ;;
    "run ./cmd/banyan test"* | "run ./bench"*) command go vet "./${2#./}" ;; # continuous integration itself, and a measurement: they take long
    "test "*) command go test -run '^$' "${@:2}" ;;                          # as above
    "tool -modfile=tools.mod"*) command go tool -modfile=tools.mod -n "$3" >/dev/null ;; # they take long to compile
    "install go.k6.io"*) ;;
    *) command go "$@" ;;
  esac
}

binary() {
  case "$2" in
    serve) serve command "$@" ;;
    *) command "$@" ;;
  esac
}
bin/app() { binary bin/app "$@"; }
bin/shop() { binary bin/shop "$@"; }

# curl asks again while a changed application is not there yet.
curl() {
  local tries=0
  until command curl -sSf "$@" 2>"$log.curl"; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat "$log.curl"; return 1; }
    sleep 0.2
  done
}

