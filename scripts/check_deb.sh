#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks that the Debian package installs and runs, with its bundled model, on a fresh Debian.
#   check_deb.sh BUILD_FOLDER CACHE_FOLDER
# BUILD_FOLDER is a finished build; CACHE_FOLDER caches what debootstrap downloads.
# Needs root, debootstrap, dpkg-dev, file and an apt mirror.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath "$1")
mkdir -p "$2"
cache=$(realpath "$2")
if [ "$(id -u)" -ne 0 ]; then
  echo "deb: skipped (needs root)"
  exit 0
fi
work=$(mktemp -d)
tidy_up() {
  if mountpoint -q "$work/root/proc"; then umount "$work/root/proc"; fi
  rm -rf --one-file-system "$work"
}
trap tidy_up EXIT

(cd "$work" && cpack --config "$build/CPackConfig.cmake" -G DEB -B "$work" >"$work/cpack.log" 2>&1) ||
  { cat "$work/cpack.log"; exit 1; }
package=$(ls "$work"/sicmir_*.deb)
dpkg-deb --field "$package" Package Version Architecture Depends Installed-Size
dpkg-deb --field "$package" Depends | grep -q libhdf5 || { echo "the package does not depend on HDF5"; exit 1; }

# The release of this machine, and the Debian mirror in its sources.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
  'Created-By: Packages' 'Origin: Debian' "Codename: $release" | head -n 1)
[ -n "$mirror" ] || { echo "apt has no source for Debian $release; run apt-get update"; exit 1; }
root=$work/root
start=$SECONDS
debootstrap --variant=minbase --cache-dir="$cache" "$release" "$root" "$mirror" \
  >"$work/debootstrap.log" 2>&1 || { tail -n 20 "$work/debootstrap.log"; exit 1; }
echo "debootstrap: $((SECONDS - start)) s"

cp "$package" "$root/tmp/sicmir.deb"
cp -r "$project/data/example" "$root/tmp/example"
mount -t proc proc "$root/proc"  # the program finds its model relative to its own location
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
inside apt-get install -y -qq --no-install-recommends /tmp/sicmir.deb >"$work/install.log" 2>&1 ||
  { tail -n 20 "$work/install.log"; exit 1; }
inside sicmir --version
inside sicmir predict /tmp/example -o /tmp/mirnas.csv -q
lines=$(wc -l <"$root/tmp/mirnas.csv")
[ "$lines" -eq 301 ] || { echo "expected 301 lines, found $lines"; exit 1; }
# The same bytes as here.
"$build/src/sicmir" predict "$project/data/example" -o "$work/here.csv" -q
cmp "$work/here.csv" "$root/tmp/mirnas.csv"
contents=$(dpkg-deb --contents "$package")
for file in /usr/share/man/man1/sicmir-predict.1 /usr/share/bash-completion/completions/sicmir \
  /usr/share/zsh/site-functions/_sicmir /usr/share/doc/sicmir/LICENSE \
  /usr/share/doc/sicmir/uPlot.LICENSE; do
  [[ $contents == *" .$file"* ]] || { echo "the package has no $file"; exit 1; }
done
inside apt-get purge -y -qq sicmir >/dev/null 2>&1
if [ -e "$root/usr/bin/sicmir" ]; then echo "the program was not removed with the package"; exit 1; fi
echo "deb: passed in $((SECONDS - start)) s"
