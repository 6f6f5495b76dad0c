#!/bin/sh
# Builds deploy/Dockerfile with buildah and runs the image, where there is no Docker and no registry of images: the base images are stood in
# for by Debian (mmdebstrap) with this machine's .NET SDK and Node.js. What it shows: every step of the Dockerfile works, and the image serves
# as its own user. What it can't: the real base images, and boxes (the image runs without namespaces of its own here).
# Needs root; installs buildah and mmdebstrap; takes 5 to 10 minutes and about 5 GB in TMPDIR.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
folder=$(mktemp -d "${TMPDIR:-/tmp}/codechill-image-XXXXXX")
pid=
finish() { [ -z "$pid" ] || pkill -TERM -P "$pid" || true; rm -rf "$folder" || true; }
trap finish EXIT
for tool in buildah mmdebstrap; do command -v $tool >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $tool; done
b() { command=$1; shift; buildah --root "$folder/store" --runroot "$folder/run" --storage-driver vfs "$command" "$@"; }
export BUILDAH_ISOLATION=chroot

mmdebstrap --quiet --variant=minbase --include=ca-certificates,libicu72 bookworm "$folder/base.tar"
c=$(b from scratch)
b add "$c" "$folder/base.tar" / >/dev/null
# This machine's own authorities and network settings, so that the package managers inside work where those outside do.
b copy "$c" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
for name in SSL_CERT_FILE NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE NUGET_CERT_REVOCATION_MODE; do
  value=$(printenv $name || true)
  [ -z "$value" ] || b config --env "$name=$value" "$c"
done
b commit -q "$c" localhost/debian >/dev/null
b copy "$c" "$(dirname "$(readlink -f "$(command -v dotnet)")")" /usr/share/dotnet >/dev/null
b run "$c" ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
for name in sdk aspnet; do b commit -q "$c" mcr.microsoft.com/dotnet/$name:10.0 >/dev/null; done
c=$(b from --pull-never localhost/debian)
b copy "$c" "$(readlink -f "$(command -v node)")" /usr/bin/node >/dev/null
b copy "$c" "$(npm root -g)/npm" /usr/lib/node_modules/npm >/dev/null
b run "$c" ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/bin/npm
b commit -q "$c" docker.io/library/node:22-bookworm-slim >/dev/null

b bud --format docker --pull-never -f deploy/Dockerfile -t codechill .
c=$(b from --pull-never localhost/codechill)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
b run --env SECRET_KEY=0123456789abcdef0123456789abcdef --env PORT="$port" --env LISTEN_ADDRESS=127.0.0.1 "$c" -- tini -- dotnet CodeChill.Server.dll >"$folder/log" 2>&1 &
pid=$!
for _ in $(seq 120); do curl -fs "http://127.0.0.1:$port/health" -o "$folder/health" && break; sleep 0.5; done
cat "$folder/health"; echo
grep -q '"durability":"full"' "$folder/health"
curl -fs "http://127.0.0.1:$port/" | grep -qi codechill
server=$(pgrep -f "^dotnet CodeChill.Server.dll$" -u 10001 -n)
kill -TERM "$server"
wait "$pid"
pid=
echo "the image is built, serves the page as uid 10001 and stops cleanly"
