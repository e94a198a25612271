# SPDX-License-Identifier: BSD-3-Clause
"""The site of `sicmir atlas index`: its files, read here a second time by docs/atlas-site.md."""
import gzip
import http.client
import io
import json
import struct
import subprocess

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SICMIR, SYMBOLS, run

TYPES = ["=1+1 cell", "<b>T</b> cell", "mono"]
DTYPES = {"u8": "u1", "u16": "<u2", "f16": "<f2", "f32": "<f4"}


def cells_of(seed, n_samples, types, prefix, n_cells=40):
    random = np.random.default_rng(seed)
    base = random.gamma(0.6, 3.0, len(SYMBOLS)) + 0.05
    counts, obs = [], []
    for sample in range(n_samples):
        for i, name in enumerate(types):
            program = np.exp(np.random.default_rng(i).normal(0, 0.8, len(SYMBOLS)))
            mean = base * program * np.exp(random.normal(0, 0.1, len(SYMBOLS)))
            counts.append(random.poisson(mean, (n_cells, len(SYMBOLS))))
            obs += [(f"{prefix}-sample-{sample}", f"{prefix}-donor-{sample}", name,
                     ["normal", "ill"][sample % 2])] * n_cells
    obs = pd.DataFrame(obs, columns=["sample", "donor", "cell_type", "disease"])
    obs.index = [f"{prefix}-barcode-{i}" for i in range(len(obs))]
    cells = anndata.AnnData(np.vstack(counts).astype(np.float32), obs=obs, dtype=np.float32,
                            var=pd.DataFrame(index=SYMBOLS))
    cells.obsm["X_umap"] = random.normal(0, [4, 1], (len(obs), 2)).astype(np.float32)
    cells.obsm["X_umap"][3] = np.nan
    return cells


def add(atlas, folder, model, name, cells, *arguments):
    path = folder / f"{name}.h5ad"
    cells.write_h5ad(path)
    run("atlas", "add", atlas, path, "--id", name, "-m", model, "--group-by", "cell_type", "--sample", "sample",
        "--donor", "donor", "--disease", "disease", "--min-counts", "1000", *arguments)


@pytest.fixture(scope="module")
def atlas(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    atlas = folder / "atlas"
    add(atlas, folder, model, "open", cells_of(1, 4, TYPES, "open"), "--public", "cells", "--tissue", "gut",
        "--title", "</script><script>alert(1)</script>", "--url", "javascript:alert(1)")
    add(atlas, folder, model, "sums", cells_of(2, 2, TYPES[1:], "sums"), "--tissue", "=gut")
    add(atlas, folder, model, "secret", cells_of(3, 2, ["mono", "hush-hush cell"], "secret"), "--public", "no",
        "--tissue", "hush-hush tissue", "--title", "hush-hush title")
    run("atlas", "index", atlas)
    return atlas


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_bytes())
        self.tables = {name: json.loads(self.content(key)) for name, key in self.manifest["files"].items()}

    def content(self, key):
        return gzip.decompress((self.folder / "d" / key[:2] / f"{key}.bin").read_bytes())

    def bundle(self, key):
        data = self.content(key)
        assert data[:4] == b"SMA1"
        length, = struct.unpack("<I", data[4:8])
        header = json.loads(data[8:8 + length])
        start = (8 + length + 7) // 8 * 8
        return header, {a["name"]: np.frombuffer(data, DTYPES[a["type"]], a["length"], start + a["offset"])
                        for a in header["arrays"]}

    def names(self):
        """Every file that is named from the manifest on, each once."""
        tables = self.tables
        found = [*self.manifest["files"].values(), *(key for _, key in self.manifest["search"]),
                 *(key for _, key in self.manifest["genes"])]
        for name in ("mirnas", "types", "datasets"):
            found += tables[name]["file"]
        for key in tables["datasets"]["file"]:
            cells = self.bundle(key)[0]["cells"]
            if cells:
                found += [cells["file"], *cells["blocks"]]
        return found


@pytest.fixture(scope="module")
def site(atlas):
    return Site(atlas / "site")


def query(atlas, *arguments):
    return pd.read_csv(io.StringIO(run("atlas", "query", atlas, *arguments).stdout), sep="\t", keep_default_na=False,
                       na_values=["NaN"])


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_file_is_named_and_every_name_is_a_file(site):
    there = {path.stem for path in (site.folder / "d").rglob("*") if path.is_file()}
    assert there == set(site.names())
    assert {path.name for path in (site.folder / "downloads").iterdir()} == {
        item["path"].split("/")[1] for item in site.manifest["downloads"]}
    page = (site.folder / "index.html").read_text()
    assert "default-src 'self'" in page and "<script>" not in page
    # The document's header is what the page says, and what only a header can say.
    header, = (line for line in (PROJECT / "docs" / "atlas-site.md").read_text().splitlines()
               if line.startswith("Content-Security-Policy: "))
    assert header.removeprefix("Content-Security-Policy: ").replace(" frame-ancestors 'none';", "") in page
    for path in (site.folder / "assets").iterdir():
        assert path.name in page or path.suffix == ".js"


def test_a_ranking_is_that_of_the_query(atlas, site):
    mirnas, groups, types = site.tables["mirnas"], site.tables["groups"], site.tables["types"]
    for name, key in list(zip(mirnas["name"], mirnas["file"]))[:5]:
        _, arrays = site.bundle(key)
        frame = pd.DataFrame({"dataset": groups["dataset"], "type": [types["name"][t] for t in groups["type"]],
                              "z": arrays["mean"].astype(float)}).dropna()
        means = frame.groupby(["type", "dataset"])["z"].mean().groupby("type").mean()
        expected = {}
        for dataset in ("open", "sums"):  # the query also sees the set that is not public
            for _, line in query(atlas, "--mirna", name, "--set", dataset).iterrows():
                expected.setdefault(line["type"].lstrip("'"), []).append(line["mean_z"])
        assert set(means.index) == set(expected)
        for type_, values in expected.items():
            assert means[type_] == pytest.approx(np.mean(values), abs=1e-5)


def test_markers_are_those_of_the_query(atlas, site):
    types, mirnas = site.tables["types"], site.tables["mirnas"]
    _, arrays = site.bundle(types["file"][types["name"].index("mono")])
    mine = arrays["dataset"] == site.tables["datasets"]["id"].index("open")
    expected = query(atlas, "--markers", "mono", "--set", "open")
    assert list(arrays["rank"][mine]) == list(expected["rank"]) == list(range(1, len(mirnas["name"]) + 1))
    assert [mirnas["name"][m] for m in arrays["mirna"][mine]] == list(expected["mirna"])
    assert np.allclose(arrays["z"][mine], expected["z"], atol=1e-5)
    assert [types["name"][t] for t in arrays["rival"][mine] if t != 65535] == [name.lstrip("'") for name in expected["rival"] if name]


def test_what_is_not_public_leaves_no_trace(site):
    content = {name: data for name, data in files_of(site.folder).items()}
    plain = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in content.values()]
    for word in (b"hush-hush", b"secret", b"-barcode-", b"-sample-", b"-donor-", b".h5ad", str(site.folder.parent).encode()):
        assert not [name for name, data in zip(content, plain) if word in data], word
    assert site.tables["datasets"]["id"] == ["open", "sums"]
    assert site.bundle(site.tables["datasets"]["file"][1])[0]["cells"] is None


def test_cells_are_those_of_the_store(atlas, site):
    header, _ = site.bundle(site.tables["datasets"]["file"][0])
    cells = header["cells"]
    _, arrays = site.bundle(cells["file"])
    with h5py.File(atlas / "data" / "sets" / "open" / "cells.h5") as store:
        stored, low, high, places, types = (store[name][()] for name in ("mirnas", "low", "high", "map", "types"))
    assert (np.array(cells["types"])[arrays["type"]] == [site.tables["types"]["name"].index(TYPES_SORTED[t]) for t in types]).all()
    for m in range(stored.shape[0]):
        block_header, block = site.bundle(cells["blocks"][m // cells["per_block"]])
        k = m - block_header["first"]
        assert (block["bytes"].reshape(-1, cells["n"])[k] == stored[m]).all()
        assert block_header["low"][k] == pytest.approx(low[m]) and block_header["high"][k] == pytest.approx(high[m])
    # The longer side fills the map; proportions stay.
    on = np.isfinite(places).all(axis=1)
    side = np.ptp(places[on], axis=0).max()
    x, y = arrays["x"][on].astype(float), arrays["y"][on].astype(float)
    assert (arrays["x"][~on] == 65535).all() and (~on).sum() == 1
    assert max(np.ptp(x), np.ptp(y)) == 65534
    assert np.allclose(x - x[0], (places[on][:, 0] - places[on][0, 0]) / side * 65534, atol=1.01)
    assert np.allclose(y - y[0], (places[on][:, 1] - places[on][0, 1]) / side * 65534, atol=1.01)


TYPES_SORTED = sorted(TYPES)


def test_searching_finds_names_parts_of_names_and_accessions(site):
    lines = [line for _, key in site.manifest["search"] for line in json.loads(site.content(key))]
    assert lines == sorted(lines) and [first for first, _ in site.manifest["search"]] == sorted(first for first, _ in site.manifest["search"])
    name, accession = site.tables["mirnas"]["name"][0], site.tables["mirnas"]["accession"][0]
    for word in (name.lower(), name.lower().removeprefix("hsa-"), accession.lower()):
        assert [line for line in lines if line[0] == word and line[3] == accession], word
    assert {tuple(line[1:4]) for line in lines if line[0] == "cell"} == {
        ("type", name, name) for name in TYPES if name.endswith(" cell")}
    assert ["open", "dataset", "open", "open", "</script><script>alert(1)</script>"] in lines


def test_tables_to_take_home_hold_no_formulas(site):
    for item in site.manifest["downloads"]:
        data = (site.folder / item["path"]).read_bytes()
        assert len(data) == item["bytes"]
        for line in gzip.decompress(data).decode().splitlines():
            for field in line.split("\t"):
                assert field[:1] not in ("=", "+", "@") and (field[:1] != "-" or float(field) < 0)
    means = next(item for item in site.manifest["downloads"] if item["name"] == "means.tsv.gz")
    table = pd.read_csv(site.folder / means["path"], sep="\t")
    assert len(table) == len(site.tables["groups"]["type"]) and "'=1+1 cell" in set(table["cell_type"])


def test_the_same_sets_make_the_same_bytes(atlas, site):
    before = files_of(site.folder)
    (site.folder / "d" / "00" / "stranger.bin").write_bytes(b"of an older build")
    run("atlas", "index", atlas, "--threads", "1")
    assert files_of(site.folder) == before
    # Also if nothing is remembered of the cells.
    for path in (atlas / "data" / "site-cells").iterdir():
        path.unlink()
    run("atlas", "index", atlas, "--threads", "3")
    assert files_of(site.folder) == before
    run("atlas", "check", atlas)


@pytest.mark.parametrize("text, what", [
    ("[]", "is no JSON object"), ("{", "is no JSON object"), ('{"titel": "x"}', "holds 'titel'"),
    ('{"title": 1}', "'title' is no text"), ('{"about": "' + "x" * 70000 + '"}', "holds more than 64 KiB")])
def test_words_that_are_wrong_are_refused(atlas, text, what):
    path = atlas / "data" / "site.json"
    path.write_text(text)
    try:
        done = run("atlas", "index", atlas, expect=3)
        assert "site.json" in done.stderr and what in done.stderr
    finally:
        path.unlink()


def test_words_of_the_owner_are_shown(atlas):
    path = atlas / "data" / "site.json"
    path.write_text('{"title": "Our atlas", "note": "<b>draft</b>"}')
    try:
        run("atlas", "index", atlas)
        manifest = json.loads((atlas / "site" / "manifest.json").read_bytes())
        assert manifest["title"] == "Our atlas" and manifest["note"] == "<b>draft</b>" and manifest["about"] == ""
    finally:
        path.unlink()
        run("atlas", "index", atlas)


@pytest.fixture
def server(atlas):
    process = subprocess.Popen([SICMIR, "atlas", "serve", atlas, "--port", "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    yield address
    process.terminate()
    process.wait(timeout=20)


def ask(address, path, method="GET", **headers):
    host, port = address.removeprefix("http://").strip("/").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), data


def test_the_server_gives_what_is_in_the_site_and_nothing_else(server, atlas, site):
    for path, data in files_of(site.folder).items():
        if path.startswith("d/") and not path.startswith("d/0"):
            continue
        status, headers, received = ask(server, "/" + path)
        assert status == 200 and received == data, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert ("immutable" in headers["Cache-Control"]) == path.startswith(("d/", "assets/"))
        status, _, received = ask(server, "/" + path, If_None_Match=headers["ETag"])
        assert status == 304 and received == b""
    assert ask(server, "/")[2] == (site.folder / "index.html").read_bytes()
    (site.folder / "assets" / "link.js").symlink_to(atlas / "data" / "catalogue.sqlite")
    (site.folder / "assets" / ".hidden.js").write_text("x")
    try:
        for path in ("/../data/catalogue.sqlite", "/assets/../../data/catalogue.sqlite", "/%2e%2e/data/catalogue.sqlite",
                     "/assets/..%2f..%2fdata/catalogue.json", "/assets/link.js", "/assets/.hidden.js", "/assets/", "//etc/passwd",
                     "/assets//link.js", "/nothing", "/manifest.json/"):
            assert ask(server, path)[0] == 404, path
    finally:
        (site.folder / "assets" / "link.js").unlink()
        (site.folder / "assets" / ".hidden.js").unlink()
