#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds docs/packaging/Dockerfile on a Debian made by debootstrap, and predicts the example in the image.
#   check_container.sh PORTABLE_FOLDER CACHE_FOLDER
# PORTABLE_FOLDER is what make_portable.sh made; CACHE_FOLDER caches what debootstrap downloads.
# Needs root, buildah, debootstrap and an apt mirror; no registry of images.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
portable=$(realpath "$1")
mkdir -p "$2"
cache=$(realpath "$2")
if [ "$(id -u)" -ne 0 ]; then
  echo "container: skipped (needs root)"
  exit 0
fi
start=$SECONDS
work=$(mktemp -d)
# What is mounted within is private to the containers.
tidy_up() {
  [ -z "${container:-}" ] || buildah "${options[@]}" rm "$container" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap tidy_up EXIT
# Nothing of it stays on this machine, and it works within a container, too.
options=(--root "$work/images" --runroot "$work/run" --storage-driver vfs)
export BUILDAH_ISOLATION=chroot

release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
  'Created-By: Packages' 'Origin: Debian' "Codename: $release" | head -n 1)
[ -n "$mirror" ] || { echo "apt has no source for Debian $release; run apt-get update"; exit 1; }
debootstrap --variant=minbase --cache-dir="$cache" "$release" "$work/root" "$mirror" \
  >"$work/debootstrap.log" 2>&1 || { tail -n 20 "$work/debootstrap.log"; exit 1; }
base=$(buildah "${options[@]}" from scratch)
buildah "${options[@]}" add -q "$base" "$work/root" / >/dev/null
buildah "${options[@]}" commit -q "$base" localhost/base >/dev/null
buildah "${options[@]}" rm "$base" >/dev/null
rm -rf "$work/root"

mkdir "$work/context"
cp "$portable"/sicmir "$portable"/sicmir.licences.txt "$work/context"
buildah "${options[@]}" build -q --network host --build-arg BASE=localhost/base \
  --file "$project/docs/packaging/Dockerfile" --tag localhost/sicmir "$work/context" >"$work/build.log" 2>&1 ||
  { tail -n 30 "$work/build.log"; exit 1; }
container=$(buildah "${options[@]}" from localhost/sicmir)
mkdir "$work/data"
cp -r "$project/data/example" "$work/data/example"
chmod -R a+rwX "$work/data"
buildah "${options[@]}" run --user 65534:65534 --volume "$work/data:/data" --workingdir /data "$container" -- \
  sicmir predict example -o mirnas.csv -q
"$portable/sicmir" predict "$project/data/example" -o "$work/here.csv" -q
cmp "$work/here.csv" "$work/data/mirnas.csv"
buildah "${options[@]}" run "$container" -- sh -c 'ps -e >/dev/null && test -s /usr/share/doc/sicmir/sicmir.licences.txt'
echo "container: passed in $((SECONDS - start)) s"
