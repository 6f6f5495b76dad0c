#!/bin/sh
# Publishes the server the way the Dockerfile does (the files it copies, the command it runs) into a folder of its own and runs it there as an
# ordinary user, as the systemd unit and the image do: the program is not writable to it, the data folder is the only place it writes to.
# Needs root (to become somebody else). Takes one to two minutes. Part of ./dev test.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
user=${1:-nobody}
folder=$(mktemp -d /tmp/codechill-published-XXXXXX)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
stage() { sed -n '/ AS server$/,/^FROM .* AS final$/p' deploy/Dockerfile; }
publish=$(stage | sed -n 's/^RUN \(dotnet publish .*\)/\1/p')
[ -n "$publish" ] || { echo "FAILED: deploy/Dockerfile has no publish command"; exit 1; }
mkdir "$folder/source"
# shellcheck disable=SC2046 # a list of names without spaces
tar c --exclude bin --exclude obj $(stage | sed -n '/--from/d; s/^COPY \(.*\) [^ ]*$/\1/p') | tar x -C "$folder/source"
(cd "$folder/source" && eval "$(echo "$publish" | sed "s| -o /app | -o $folder/app |") -v q -nologo -nodeReuse:false") || { echo "FAILED: $publish"; exit 1; }
mkdir -p "$folder/app/wwwroot" "$folder/data"
if [ -d web/dist ]; then cp -r web/dist/. "$folder/app/wwwroot/"; else echo '<!doctype html><title>CodeChill</title>' >"$folder/app/wwwroot/index.html"; fi
chmod 755 "$folder"
chown "$user" "$folder/data"
chmod -R a+rX,go-w "$folder/app"
runtime=$(dirname "$(dotnet --list-runtimes | sed -n 's/^Microsoft.AspNetCore.App 10[^[]*\[\(.*\)\/shared\/.*/\1\/./p' | tail -1)")
env -i PATH="$PATH" HOME="$folder/data" ASPNETCORE_ENVIRONMENT=Production SECRET_KEY=0123456789abcdef0123456789abcdef CODECHILL_DATA="$folder/data" \
  LISTEN_ADDRESS=127.0.0.1 PORT="$port" ENV_FILE=none DOTNET_EnableDiagnostics=0 \
  setpriv --reuid "$user" --clear-groups --pdeathsig TERM --no-new-privs --bounding-set=-all --inh-caps=-all "$runtime/dotnet" "$folder/app/CodeChill.Server.dll" >"$folder/log" 2>&1 &
pid=$!
for _ in $(seq 120); do
  curl -fs "http://127.0.0.1:$port/health" -o "$folder/health" && break
  kill -0 "$pid" 2>/dev/null || { cat "$folder/log"; echo "the published server ended"; exit 1; }
  sleep 0.5
done
cat "$folder/health"; echo
fail() { echo "FAILED: $*"; tail -5 "$folder/log"; exit 1; }
grep -q '"environment":"production"' "$folder/health" || fail "not in production"
grep -q '"durability":"full"' "$folder/health" || fail "not durable"
curl -fs "http://127.0.0.1:$port/" | grep -qi codechill || fail "the page is not served"
curl -fs "http://127.0.0.1:$port/openapi/v1.json" | grep -q '"/api/rooms"' || fail "the API is not described"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST -H 'content-type: application/json' -d '{"name":"Ann"}' "http://127.0.0.1:$port/api/auth/guest")" = 403 ] || fail "guests came in"
curl -fs -X POST -H 'content-type: application/json' -d '{"email":"ann@example.org","password":"correct horse","name":"Ann"}' "http://127.0.0.1:$port/api/auth/register" | grep -q access_token || fail "nobody can register"
head -1 "$folder/log" | grep -q '^{"@t"' || fail "logs are not JSON"
[ "$(stat -c %U "$folder/data/codechill.db")" = "$user" ] || fail "the database belongs to somebody else"
kill -TERM "$pid"
wait "$pid" || fail "the stop was not clean ($?)"
pid=
echo "the published server runs as $user, serves the page and stops cleanly"
echo "1 passed, 0 failed"
