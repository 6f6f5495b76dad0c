#!/bin/sh
# Builds the read-only root file system that boxes see: a Debian trixie tree with the toolchains of all languages, and beside it
# (ROOT-parts) what Debian does not have: the Kotlin and TypeScript compilers, a filled Go build cache and compiled C++ headers.
#
#   eng/sandbox-root.sh [--root DIR] [--without NAME[,NAME…]] [--force] [--print]
#
#   --root DIR      where to build; default /var/lib/codechill/root, or ~/.local/share/codechill/root when not root
#   --without LIST  leave out: swift kotlin typescript go rust java php ruby
#   --force         build again although nothing changed
#   --print         say where the tree goes and whether it is up to date; build nothing
#
# Nothing happens when the tree and its parts are up to date (a stamp of what went into each); when only the parts are not, only they
# are built. Both are built beside the old ones and moved into place when they are whole, so a runner never sees half of anything.
# Takes 4 to 5 minutes (parts alone: half a minute to two), downloads about 1.1 GB, needs about 3 GB.
set -eu

version=1 # raise when this script changes what the tree holds
parts_version=2 # … and what the parts hold
kotlin_version=2.4.20
esbuild_version=0.28.2
suite=trixie
mirror=${CODECHILL_DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

root=
without=
force=
print=
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=$2; shift ;;
    --root=*) root=${1#*=} ;;
    --without) without=$without,$2; shift ;;
    --without=*) without=$without,${1#*=} ;;
    --force) force=1 ;;
    --print) print=1 ;;
    *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
user=$(id -u)
if [ -z "$root" ]; then
  if [ "$user" = 0 ]; then root=/var/lib/codechill/root; else root=${XDG_DATA_HOME:-$HOME/.local/share}/codechill/root; fi
fi
parts=$root-parts

wanted() { case ",$without," in *",$1,"*) return 1 ;; esac; }
start=$(date +%s)
step() { printf '[%s %3ds] %s\n' "$(date +%H:%M:%S)" $(($(date +%s) - start)) "$*"; }
fail() { printf 'sandbox-root: %s\n' "$*" >&2; exit 1; }

packages="python3 nodejs gcc g++ libc6-dev libicu76"
wanted java && packages="$packages openjdk-21-jdk-headless" || true
wanted kotlin && ! wanted java && packages="$packages openjdk-21-jre-headless" || true
wanted php && packages="$packages php-cli" || true
wanted ruby && packages="$packages ruby" || true
wanted go && packages="$packages golang-go" || true
wanted rust && packages="$packages rustc" || true
wanted swift && packages="$packages swiftlang" || true

stamp="version=$version suite=$suite arch=$(uname -m) packages=$packages"
parts_stamp="version=$parts_version tree=$(printf '%s' "$stamp" | cksum | tr ' ' -)"
wanted kotlin && parts_stamp="$parts_stamp kotlin=$kotlin_version" || true
wanted typescript && parts_stamp="$parts_stamp esbuild=$esbuild_version" || true
wanted go && parts_stamp="$parts_stamp go" || true

# A tree built before parts had a stamp names their versions as well.
tree_fresh= parts_fresh=
case "$(cat "$root/.codechill-root" 2>/dev/null)" in "$stamp" | "$stamp "*) tree_fresh=1 ;; esac
[ "$(cat "$parts/.stamp" 2>/dev/null)" != "$parts_stamp" ] || parts_fresh=1
if [ -n "$force" ]; then tree_fresh= parts_fresh=; fi
if [ -n "$tree_fresh" ] && [ -n "$parts_fresh" ]; then
  step "$root is up to date."
  exit 0
elif [ -n "$print" ]; then
  step "$root is not built, or not up to date."
fi
[ -z "$print" ] || exit 0

# One build at a time: a second caller waits and then finds the tree up to date.
mkdir -p "$(dirname "$root")"
if [ -z "${CODECHILL_ROOT_LOCKED:-}" ] && command -v flock >/dev/null; then
  CODECHILL_ROOT_LOCKED=1 exec flock "$root.lock" "$0" --root "$root" ${without:+--without "${without#,}"} ${force:+--force}
fi

missing=
command -v bwrap >/dev/null || missing="$missing bubblewrap"
if [ -z "$tree_fresh" ]; then
  command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
  [ -r $keyring ] || missing="$missing debian-archive-keyring"
fi
if wanted kotlin || wanted typescript; then command -v npm >/dev/null || missing="$missing npm"; fi
mode=root
if [ "$user" != 0 ]; then
  mode=unshare
  command -v newuidmap >/dev/null || missing="$missing uidmap"
fi
if [ -n "$missing" ]; then
  [ "$user" = 0 ] || fail "missing:$missing. Run: sudo apt-get install -y --no-install-recommends$missing"
  step "Installing$missing"
  # shellcheck disable=SC2086 # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || fail "apt-get could not install$missing. Run: apt-get update"
fi

new=$root.new
rm -rf --one-file-system "$new" "$parts.new"
mkdir -p "$parts.new"
trap 'rm -rf --one-file-system "$root.new" "$parts.new"' EXIT
trap 'exit 130' INT TERM

debian() {
step "1/4 Debian $suite with $(echo "$packages" | wc -w) toolchain packages (about 4 minutes)"
# Without its own man1 directory the JDK's configuration fails once manual pages are left out.
# shellcheck disable=SC2086
mmdebstrap --variant=apt --mode=$mode --keyring=$keyring \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-include=/usr/share/man/man1' \
  --setup-hook='mkdir -p "$1/usr/share/man/man1"' \
  --include="$(echo $packages | tr ' ' ',')" \
  $suite "$new" \
  "deb $mirror $suite main" "deb $mirror $suite-updates main" "deb ${CODECHILL_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security} $suite-security main" \
  || fail "mmdebstrap failed; see above. A mirror can be given in CODECHILL_DEBIAN_MIRROR."

step "2/4 Leaving out what no program needs"
rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/* "$new"/usr/lib/go-*/test "$new"/usr/share/go-*/test "$new"/usr/share/go-*/api "$new"/boot "$new"/home
for swift in "$new"/usr/libexec/swift "$new"/usr/lib/swiftlang "$new"/usr/lib/swift*; do
  [ -d "$swift" ] || continue
  find "$swift" \( -name 'lldb*' -o -name 'liblldb*' -o -name 'sourcekit-lsp*' -o -name 'libsourcekit*' -o -name 'clangd*' -o -name docc -o -name 'swift-package*' \
    -o -name swift_static -o -name 'llvm-*' -o -name 'swift-build' -o -name 'swift-test' -o -name 'swift-run' \) -prune -exec rm -rf {} +
done
}

if [ -n "$tree_fresh" ]; then
  step "1/4 The Debian tree is up to date"
  new=$root
else
  debian
fi

# Programs below run as the boxes will: same tree, same paths, no network.
box() {
  bwrap --unshare-all --die-with-parent --clearenv --setenv PATH /usr/bin:/bin --setenv HOME /tmp --ro-bind "$new/usr" /usr \
    --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/sbin /sbin --dir /etc \
    --ro-bind-try "$new/etc/alternatives" /etc/alternatives --ro-bind-try "$new/etc/ld.so.cache" /etc/ld.so.cache \
    --ro-bind-try "$new/etc/java-21-openjdk" /etc/java-21-openjdk --proc /proc --dev /dev --tmpfs /tmp "$@"
}

step "3/4 Compilers that Debian does not have"
if wanted typescript; then
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$parts.new/npm-ts" "esbuild@$esbuild_version" >/dev/null || fail "npm could not fetch esbuild $esbuild_version."
  mkdir "$parts.new/typescript"
  cp "$parts.new"/npm-ts/node_modules/@esbuild/linux-*/bin/esbuild "$parts.new/typescript/esbuild"
  rm -rf "$parts.new/npm-ts"
fi
if wanted kotlin; then
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$parts.new/npm-kt" "kotlin-compiler@$kotlin_version" >/dev/null || fail "npm could not fetch kotlin-compiler $kotlin_version."
  mkdir "$parts.new/kotlin"
  compiler=$(find "$parts.new/npm-kt/node_modules" -name kotlin-compiler.jar | head -1)
  [ -n "$compiler" ] || fail "kotlin-compiler.jar is not in the package."
  mv "$(dirname "$compiler")" "$parts.new/kotlin/lib"
  rm -rf "$parts.new/npm-kt"
  printf 'kotlinc %s\n' "$kotlin_version" >"$parts.new/kotlin/version"
fi

step "4/4 Filling caches (C++ headers, Go's standard library, the Kotlin compiler's classes)"
# The options must be exactly those of a compile (Languages/Cpp.cs), the name that of the header.
headers='iostream vector string algorithm map cstdio cmath bits/stdc++.h'
box --bind "$parts.new" /opt/parts --chdir /tmp -- /bin/sh -c '
  for header do
    out=/opt/parts/cpp-headers/$header.gch
    mkdir -p "$out"
    printf "#include <%s>\n" "$header" >/tmp/all.h
    g++ -std=c++20 -O2 -pipe -x c++-header -o "$out/o2" /tmp/all.h || exit 1
  done' sh $headers || fail "The C++ headers could not be compiled."
if wanted go; then
  mkdir "$parts.new/go-cache"
  # -trimpath is not used: cached objects are found by the flags of the real build, which has none either.
  box --bind "$parts.new/go-cache" /opt/go-cache --setenv GOCACHE /opt/go-cache --setenv GOTOOLCHAIN local --setenv GO111MODULE off --setenv CGO_ENABLED 0 \
    --chdir /tmp -- go build std || fail "Go's standard library could not be built."
fi
if wanted kotlin; then
  printf 'fun main() { val xs = listOf(3, 1, 2).sorted(); for (x in xs) println("$x ${readlnOrNull() ?: ""}"); val m = HashMap<String, Int>(); m["a"] = 1; println(m) }\n' >"$parts.new/kotlin/Warm.kt"
  box --bind "$parts.new/kotlin" /opt/kotlin --chdir /tmp -- java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit=/opt/kotlin/compiler.jsa -Xlog:cds=off -Xlog:cds+dynamic=off \
    -cp /opt/kotlin/lib/kotlin-compiler.jar org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -nowarn -cp /opt/kotlin/lib/kotlin-stdlib.jar -d /tmp/out /opt/kotlin/Warm.kt \
    || fail "The Kotlin compiler does not run."
  rm "$parts.new/kotlin/Warm.kt"
fi
chmod -R a+rX "$parts.new"

printf '%s\n' "$parts_stamp" >"$parts.new/.stamp"

# What is in use keeps working for boxes that are open; new ones get the new one.
rm -rf "$root.old" "$parts.old"
[ ! -e "$parts" ] || mv "$parts" "$parts.old"
mv "$parts.new" "$parts"
if [ -z "$tree_fresh" ]; then
  printf '%s\n' "$stamp" >"$new/.codechill-root"
  [ ! -e "$root" ] || mv "$root" "$root.old"
  mv "$new" "$root"
fi
rm -rf "$root.old" "$parts.old"
trap - EXIT
step "Done: $root ($(du -sh "$root" 2>/dev/null | cut -f1), parts $(du -sh "$parts" 2>/dev/null | cut -f1))"
