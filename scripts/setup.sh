# SPDX-License-Identifier: BSD-3-Clause
# Sourced by demo.sh and test.sh: the packages they need on Debian 12, and how to build.
# Only apt-get uses the network, and only if a package is missing.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cores=$(nproc)

build_packages=(
  g++ cmake ninja-build libeigen3-dev libhdf5-dev libcli11-dev libfmt-dev libspdlog-dev
  nlohmann-json3-dev zlib1g-dev libarchive-dev libdeflate-dev libzip-dev liblzf-dev libblosc-dev libxxhash-dev
  libboost-dev libsqlite3-dev libmicrohttpd-dev)
test_packages=(
  libgtest-dev libgmock-dev
  python3 python3-pytest python3-anndata python3-scipy python3-h5py python3-pandas python3-networkx
  python3-zarr python3-yaml python3-jinja2 python3-cheetah zstd)
ci_packages=(
  clang clang-format clang-tidy libclang-14-dev llvm-14-dev libclang-rt-14-dev
  python3-torch python3-onnx valgrind
  umap-learn python3-sklearn python3-matplotlib)  # for the picture in the tutorial

die() {
  echo "error: $*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages PACKAGE...: lists those that are missing and installs them.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system, so nothing is installed. Required packages: $*"
    return
  fi
  local missing=() package as_root=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local ask="Ask an administrator to run: apt-get install ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "packages are missing, you are not root, and sudo is not installed. $ask"
    as_root=(sudo)
  fi
  echo "Installing with apt-get: ${missing[*]}"
  "${as_root[@]}" true || die "you are not allowed to install packages with sudo. $ask"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
    die "apt-get update failed. Check the network connection."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}"
}

# need_browser: Chromium, and node of at least version 18, which is installed only where there is none.
need_browser() {
  need_packages chromium
  node_version() { node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/'; }
  [ "$(node_version || echo 0)" -ge 18 ] 2>/dev/null || need_packages nodejs npm
  [ "$(node_version)" -ge 18 ] || die "node 18 or newer is needed, found '$(node --version)'"
}

# configure FOLDER OPTION...: the release preset, with Ninja if it is installed.
configure() {
  local folder=$1 generator=()
  shift
  if command -v ninja >/dev/null; then generator=(-G Ninja); fi
  (cd "$project" && cmake --preset release -B "$folder" "${generator[@]}" "$@" >/dev/null)
}

# build FOLDER TARGET: with all cores; prints how long it took if there was something to do. With
# BUILD_QUIETLY, a terminal shows one line of progress, and a file only warnings and errors.
build() {
  local start=$SECONDS
  if [ -n "${BUILD_QUIETLY:-}" ] && ! [ -t 1 ]; then
    cmake --build "$1" --target "$2" --parallel "$cores" -- --quiet |
      { grep -v "no work to do" || true; }
  else
    cmake --build "$1" --target "$2" --parallel "$cores"
  fi
  [ $((SECONDS - start)) -lt 3 ] || echo "Built in $((SECONDS - start)) s."
}
