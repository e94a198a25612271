#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes one file that runs on any Linux of this kind of processor: a static sicmir with its model and
# tables inside.
#   make_portable.sh [BUILD_FOLDER [OUTPUT_FOLDER]]     default: build/release build/portable
# The objects are those of the build in BUILD_FOLDER, which is made if need be. OUTPUT_FOLDER receives
# sicmir and sicmir.licences.txt; in it stay the static libraries that Debian has no package of, which
# are built from Debian's sources, whose place is that of this machine's packages. They are built once.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$project"
build=${1:-build/release}
mkdir -p "${2:-build/portable}"
output=$(realpath "${2:-build/portable}")
libraries=$output/libraries

portable_packages=(dpkg-dev libaec-dev libbz2-dev liblzma-dev libzstd-dev liblz4-dev libsnappy-dev nettle-dev)
# Their headers are those of the packages, so their sources must be, too.
sources=(libzip-dev liblzf-dev libfmt-dev libspdlog-dev libmicrohttpd-dev)
need_packages "${build_packages[@]}" "${portable_packages[@]}"

# fetch_sources FOLDER: the upstream tar files of `sources` in their installed versions, checked by
# apt. Nothing outside of the folder changes.
fetch_sources() {
  local folder=$1 wanted=() package
  for package in "${sources[@]}"; do
    wanted+=("$(dpkg-query --show --showformat='${source:Package}=${source:Version}' "$package")")
  done
  mkdir -p "$folder"/{lists,archives}/partial
  apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' | sort -u | sed 's/^/deb-src /' >"$folder/sources.list"
  [ -s "$folder/sources.list" ] || die "apt has no source for Debian; run apt-get update"
  local options=(-q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder" -o Dir::Cache::archives="$folder/archives"
    -o APT::Sandbox::User="$(id -un)")
  apt-get "${options[@]}" update
  (cd "$folder" && apt-get "${options[@]}" source --download-only --tar-only "${wanted[@]}")
}

# archive NAME SOURCE...: lib NAME.a of the objects of C or C++ sources, compiled with `flags`.
archive() {
  local name=$1 file objects=()
  shift
  for file in "$@"; do
    local compiler=(cc)
    if [ "${file##*.}" != c ]; then compiler=(c++ -std=c++17); fi
    "${compiler[@]}" "${flags[@]}" -c "$file" -o "$file.o" || return 1
    objects+=("$file.o")
  done
  ar rcs "$libraries/lib$name.a" "${objects[@]}"
}

# build_libraries FOLDER: the static libraries of `sources` out of the tar files in FOLDER.
build_libraries() {
  local flags=(-O2 -fPIC -DNDEBUG "-ffile-prefix-map=$1=.") file options=()
  mkdir -p "$libraries"
  cd "$1" || return 1
  for file in *.orig.tar.*; do tar xf "$file" || return 1; done
  archive lzf liblzf-*/lzf_[cd].c || return 1
  # What Debian's libzip has, but for encryption.
  for file in COMMONCRYPTO GNUTLS MBEDTLS OPENSSL WINDOWS_CRYPTO LZMA; do
    options+=("-DENABLE_$file=OFF")
  done
  for file in BUILD_TOOLS BUILD_REGRESS BUILD_EXAMPLES BUILD_DOC BUILD_SHARED_LIBS; do
    options+=("-D$file=OFF")
  done
  cmake -S libzip-*/ -B zip -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS="${flags[*]}" \
    "${options[@]}" || return 1
  cmake --build zip --target zip --parallel "$cores" || return 1
  cp zip/lib/libzip.a "$libraries" || return 1
  # Debian's own static library asks for GnuTLS; `sicmir atlas serve` speaks no TLS.
  (cd libmicrohttpd-*/ && CFLAGS="${flags[*]}" ./configure --disable-shared --disable-https \
    --disable-curl --disable-doc --disable-examples &&
    make -C src/microhttpd --jobs "$cores" libmicrohttpd.la) || return 1
  cp libmicrohttpd-*/src/microhttpd/.libs/libmicrohttpd.a "$libraries" || return 1
  flags+=(-I"$(echo fmtlib-*/include)" -I"$(echo spdlog-*/include)"
    -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL)
  archive fmt fmtlib-*/src/format.cc || return 1
  archive spdlog spdlog-*/src/{spdlog,async,color_sinks,stdout_sinks}.cpp
}

# licences PROGRAM_MAP: of everything that the linker took from static libraries.
licences() {
  local packages=() package files=()
  mapfile -t files < <(sed -nE 's/^(\/[^ (]+\.a)\(.*/\1/p' "$1" | sort -u | xargs realpath |
    grep -v "^$project/" | sort -u)
  mapfile -t packages < <(
    { dpkg-query --search "${files[@]}" | sed 's/[:,].*//'
      printf '%s\n' "${sources[@]}" libeigen3-dev libcli11-dev nlohmann-json3-dev libboost-dev
    } | sort -u)
  echo "This program is sicmir, with parts of other programs that are linked with it."
  echo "Their sources are those of Debian $(. /etc/os-release && echo "$VERSION_ID"), in these versions:"
  for package in "${packages[@]}"; do
    dpkg-query --show --showformat='  ${source:Package} ${source:Version}\n' "$package"
  done | sort -u
  printf '\n======== sicmir\n\n'
  cat LICENSE src/web/uPlot.LICENSE
  for package in "${packages[@]}"; do
    printf '\n======== %s\n\n' "$package"
    local text=/usr/share/doc/$package/copyright
    [ -f "$text" ] || text=$(dpkg-query --listfiles "$package" | grep -m 1 '/copyright$' || true)
    [ -f "$text" ] || text=$(ls /usr/share/doc/gcc-*-base/copyright | tail -n 1)
    cat "$text"
  done
}

stamp=$(
  for package in "${sources[@]}"; do
    dpkg-query --show --showformat='${source:Package}=${source:Version} ' "$package"
  done
  c++ -dumpfullversion
)
if [ "$(cat "$libraries/stamp" 2>/dev/null)" != "$stamp" ]; then
  start=$SECONDS
  rm -rf "$libraries"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  { fetch_sources "$work" && (build_libraries "$work"); } >"$output/libraries.log" 2>&1 ||
    { tail -n 30 "$output/libraries.log"; die "the static libraries could not be built"; }
  echo "$stamp" >"$libraries/stamp"
  echo "Static libraries: $((SECONDS - start)) s."
fi

[ -f "$build/CMakeCache.txt" ] || configure "$build"
cmake "$build" -DSICMIR_PORTABLE=ON -DSICMIR_PORTABLE_LIBRARIES="$libraries" >/dev/null
build "$build" sicmir_portable
map=$(mktemp)
trap 'rm -rf "$map" "${work:-}"' EXIT
cp "$build/src/sicmir_portable.map" "$map"
strip -o "$output/sicmir.part" "$build/src/sicmir_portable"
mv "$output/sicmir.part" "$output/sicmir"
licences "$map" >"$output/sicmir.licences.txt"
echo "$output/sicmir: $(stat -c %s "$output/sicmir") bytes, $(file -b "$output/sicmir" 2>/dev/null | cut -d, -f1-4)"
