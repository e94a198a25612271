#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes one file that runs on any Linux of one kind of processor: a static sicmir with its model and
# tables inside.
#   make_portable.sh [BUILD_FOLDER [OUTPUT_FOLDER]]     default: build/release build/portable
#   make_portable.sh --arch arm64 [BUILD_FOLDER [OUTPUT_FOLDER]]
#                                           default: build/release-arm64 build/portable-arm64
# The objects are those of the build in BUILD_FOLDER, which is made if need be. OUTPUT_FOLDER receives
# sicmir and sicmir.licences.txt; in it stay the static libraries that Debian has no package of, which
# are built from Debian's sources, whose place is that of this machine's packages. They are built once.
# --arch arm64 compiles for aarch64 with Debian's cross compiler. Debian's packages for arm64 are
# unpacked into OUTPUT_FOLDER/root, not installed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$project"
portable_packages=(dpkg-dev libaec-dev libbz2-dev liblzma-dev libzstd-dev liblz4-dev libsnappy-dev nettle-dev)
# Their headers are those of the packages, so their sources must be, too.
sources=(libzip-dev liblzf-dev libfmt-dev libspdlog-dev libmicrohttpd-dev)

arch=
if [ "${1:-}" = --arch ]; then
  [ "${2:-}" = arm64 ] || die "--arch: '${2:-}' is not known, only arm64"
  arch=arm64
  shift 2
fi
build=${1:-build/release${arch:+-$arch}}
mkdir -p "${2:-build/portable${arch:+-$arch}}"
output=$(realpath "${2:-build/portable${arch:+-$arch}}")
libraries=$output/libraries
root=  # where the libraries of the packages are: here, or in a folder
cc=(cc) cxx=(c++) tools=
to_configure=() to_cmake=()
if [ -n "$arch" ]; then
  triplet=aarch64-linux-gnu
  root=$output/root
  cc=("$triplet-gcc" "--sysroot=$root")
  cxx=("$triplet-g++" "--sysroot=$root")
  tools=$triplet-
  to_configure=("--host=$triplet")
  to_cmake=("-DCMAKE_TOOLCHAIN_FILE=$output/toolchain.cmake")
  need_packages cmake ninja-build dpkg-dev "g++-$triplet"
else
  need_packages "${build_packages[@]}" "${portable_packages[@]}"
fi

# query OPTION...: dpkg-query of the packages that the program is linked with.
query() {
  dpkg-query --admindir="$root/var/lib/dpkg" "$@"
}

# private_apt FOLDER TYPE [OPTION...]: sets `apt`, a command that takes what this machine's own does, for
# entries of TYPE. Nothing outside of the folder changes.
private_apt() {
  local folder=$1 type=$2
  shift 2
  mkdir -p "$folder"/{lists,archives}/partial
  apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' | sort -u | sed "s/^/$type /" >"$folder/sources.list"
  [ -s "$folder/sources.list" ] || die "apt has no source for Debian; run apt-get update"
  apt=(apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder" -o Dir::Cache::archives="$folder/archives"
    -o APT::Sandbox::User="$(id -un)" "$@")
  "${apt[@]}" update
}

# fetch_sources FOLDER: the upstream tar files of `sources` in the versions of their packages, checked by
# apt.
fetch_sources() {
  local folder=$1 wanted=() package
  for package in "${sources[@]}"; do
    wanted+=("$(query --show --showformat='${source:Package}=${source:Version}' "$package")")
  done
  private_apt "$folder" deb-src || return 1
  (cd "$folder" && "${apt[@]}" source --download-only --tar-only "${wanted[@]}")
}

# make_root FOLDER: $root, with the packages of arm64 and what dpkg-query reads of them.
make_root() {
  local folder=$1 database=$root/var/lib/dpkg deb package link wanted=()
  for package in "${build_packages[@]}" "${portable_packages[@]}"; do
    [[ $package != *-dev || $package = dpkg-dev ]] || wanted+=("$package")
  done
  : >"$folder/status"
  private_apt "$folder" "deb [arch=$arch]" -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
    -o Dir::State::status="$folder/status" -o Debug::NoLocking=true || return 1
  "${apt[@]}" install --yes --download-only --no-install-recommends "${wanted[@]}" libc6-dev || return 1
  rm -rf "$root"
  mkdir -p "$root"/usr/{bin,lib,sbin} "$database/info" || return 1
  for link in bin lib sbin; do ln -s "usr/$link" "$root/$link" || return 1; done
  echo 1 >"$database/info/format"
  for deb in "$folder"/archives/*.deb; do
    # With the times of the packages, so that a root that is made anew compiles nothing anew.
    dpkg-deb --fsys-tarfile "$deb" |
      tar -x --keep-directory-symlink --no-same-owner -C "$root" --exclude='./dev/*' || return 1
    package=$(dpkg-deb --field "$deb" Package)
    [ "$(dpkg-deb --field "$deb" Multi-Arch)" != same ] || package=$package:$arch
    dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's/^\.//; s/\/$//; s/^$/\/./' >"$database/info/$package.list"
    { dpkg-deb --field "$deb"; printf 'Status: install ok unpacked\n\n'; } >>"$database/status"
  done
  # Links from the root of the file system would lead to files of this machine.
  find "$root/usr" -lname '/*' -printf '%l\t%p\n' | while IFS=$'\t' read -r deb link; do
    ln -sfnr "$root$deb" "$link" || return 1
  done
}

write_toolchain() {
  cat <<CMAKE
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${triplet%%-*})
set(CMAKE_C_COMPILER ${cc[0]})
set(CMAKE_CXX_COMPILER ${cxx[0]})
set(CMAKE_LIBRARY_ARCHITECTURE $triplet)
set(CMAKE_SYSROOT \${CMAKE_CURRENT_LIST_DIR}/root)
# The C library is the one of the root, too, not that of the cross compiler, which is older.
set(CMAKE_EXE_LINKER_FLAGS_INIT -B\${CMAKE_SYSROOT}/usr/lib/$triplet)
set(CMAKE_FIND_ROOT_PATH \${CMAKE_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
CMAKE
}

# archive NAME SOURCE...: lib NAME.a of the objects of C or C++ sources, compiled with `flags`.
archive() {
  local name=$1 file objects=()
  shift
  for file in "$@"; do
    local compiler=("${cc[@]}")
    if [ "${file##*.}" != c ]; then compiler=("${cxx[@]}" -std=c++17); fi
    "${compiler[@]}" "${flags[@]}" -c "$file" -o "$file.o" || return 1
    objects+=("$file.o")
  done
  "${tools}ar" rcs "$libraries/lib$name.a" "${objects[@]}"
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
    "${to_cmake[@]}" "${options[@]}" || return 1
  cmake --build zip --target zip --parallel "$cores" || return 1
  cp zip/lib/libzip.a "$libraries" || return 1
  # Debian's own static library asks for GnuTLS; `sicmir atlas serve` speaks no TLS.
  (cd libmicrohttpd-*/ && CC="${cc[*]}" CFLAGS="${flags[*]}" ./configure "${to_configure[@]}" --disable-shared --disable-https \
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
  local packages=() package texts=() text files=() versions=()
  mapfile -t files < <(sed -nE 's/^(\/[^ (]+\.a)\(.*/\1/p' "$1" | sort -u | xargs realpath |
    grep -vE "^($libraries|$(realpath "$build"))/" | sort -u)
  mapfile -t packages < <(
    { for text in "${files[@]}"; do
        # The compiler's own libraries are those of this machine, also where it compiles for another one.
        query --search "${text#"$root"}" 2>/dev/null || dpkg-query --search "$text"
      done | sed 's/[:,].*//'
      printf '%s\n' "${sources[@]}" libeigen3-dev libcli11-dev nlohmann-json3-dev libboost-dev
    } | sort -u)
  for package in "${packages[@]}"; do
    local ask=(query) place=$root
    if ! query --listfiles "$package" >/dev/null 2>&1; then ask=(dpkg-query) place=; fi
    versions+=("$("${ask[@]}" --show --showformat='  ${source:Package} ${source:Version}' "$package" | head -n 1)")
    text=$place/usr/share/doc/$package/copyright
    [ -f "$text" ] || text=$place$("${ask[@]}" --listfiles "$package" | grep -m 1 '/copyright$' || true)
    [ -f "$text" ] || text=$(ls /usr/share/doc/gcc-*-base/copyright | tail -n 1)
    texts+=("$text")
  done
  echo "This program is sicmir, with parts of other programs that are linked with it."
  echo "Their sources are those of Debian $(. /etc/os-release && echo "$VERSION_ID"), in these versions:"
  printf '%s\n' "${versions[@]}" | sort -u
  printf '\n======== sicmir\n\n'
  cat LICENSE src/web/uPlot.LICENSE
  for ((i = 0; i < ${#packages[@]}; ++i)); do
    printf '\n======== %s\n\n' "${packages[i]}"
    cat "${texts[i]}"
  done
}

# once LOG FOLDER WHAT COMMAND...: the command with a folder for its work, its words in LOG.
once() {
  local start=$SECONDS log=$1 what=$2
  shift 2
  rm -rf "$work"
  mkdir "$work"
  { ("$@" "$work"); } >"$log" 2>&1 || { tail -n 30 "$log"; die "$what could not be made"; }
  echo "$what: $((SECONDS - start)) s"
}
make_libraries() { fetch_sources "$1" && build_libraries "$1"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$arch" ]; then
  if ! query --show "${sources[@]}" >/dev/null 2>&1 || [ ! -f "$root/made" ]; then
    once "$output/root.log" "$root, the packages of $arch" make_root
    touch "$root/made"
  fi
  write_toolchain >"$work.cmake"
  cmp -s "$work.cmake" "$output/toolchain.cmake" || cp "$work.cmake" "$output/toolchain.cmake"
  rm "$work.cmake"
fi
stamp=$(
  for package in "${sources[@]}"; do
    query --show --showformat='${source:Package}=${source:Version} ' "$package"
  done
  "${cxx[@]}" -dumpfullversion
)
if [ "$(cat "$libraries/stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$libraries"
  once "$output/libraries.log" "the static libraries" make_libraries
  echo "$stamp" >"$libraries/stamp"
fi

[ -f "$build/CMakeCache.txt" ] || configure "$build" "${to_cmake[@]}"
cmake "$build" -DSICMIR_PORTABLE=ON -DSICMIR_PORTABLE_LIBRARIES="$libraries" >/dev/null
build "$build" sicmir_portable
cp "$build/src/sicmir_portable.map" "$work/map"
"${tools}strip" -o "$output/sicmir.part" "$build/src/sicmir_portable"
mv "$output/sicmir.part" "$output/sicmir"
licences "$work/map" >"$output/sicmir.licences.txt"
echo "$output/sicmir: $(stat -c %s "$output/sicmir") bytes, $(file -b "$output/sicmir" 2>/dev/null | cut -d, -f1-4)"
