#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Regenerates tests/data/train/pytorch.json (with python3-torch), kernel.json and ranks.json (with numpy)
# and compares them with the committed files: same structure, numbers within 1e-5. Exit code 0: they
# agree.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
compare() {
/usr/bin/python3 - "$here/tests/data/train/$1" "$fresh" <<'PYTHON'
import json
import sys


def compare(a, b, place):
    if isinstance(a, float) and isinstance(b, float):
        if abs(a - b) > 1e-5 * max(1.0, abs(a)):
            sys.exit(f"{place}: {a} is committed, {b} was computed")
    elif type(a) is not type(b):
        sys.exit(f"{place}: {a!r} is committed, {b!r} was computed")
    elif isinstance(a, dict):
        if a.keys() != b.keys():
            sys.exit(f"{place}: the keys differ")
        for key in a:
            compare(a[key], b[key], f"{place}/{key}")
    elif isinstance(a, list):
        if len(a) != len(b):
            sys.exit(f"{place}: the lengths differ")
        for i, (x, y) in enumerate(zip(a, b)):
            compare(x, y, f"{place}[{i}]")
    elif a != b:
        sys.exit(f"{place}: {a!r} is committed, {b!r} was computed")


committed, fresh = (json.load(open(path)) for path in sys.argv[1:])
compare(committed, fresh, "")
print(f"{sys.argv[1]}: the committed figures are what is computed here.")
PYTHON
}
/usr/bin/python3 "$here/scripts/make_training_golden.py" "$fresh"
compare pytorch.json
/usr/bin/python3 "$here/scripts/make_kernel_golden.py" "$fresh"
compare kernel.json
/usr/bin/python3 "$here/scripts/make_rank_golden.py" "$fresh"
compare ranks.json
