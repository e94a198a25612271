#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of every fuzz target: FOLDER/TARGET/NAME. Small files of the forms that each parser reads.

usage: make_seeds.py FOLDER
"""
import bz2
import collections
import gzip
import io
import json
import lzma
import math
import pathlib
import pickle
import shutil
import sqlite3
import struct
import sys
import tarfile
import tempfile
import types
import zipfile
import zlib

GENES = ["TP53", "MYC", "CDK4", "BIRC5", "HLA-DRA"]
ENSEMBL = ["ENSG00000141510", "ENSG00000136997", "ENSG00000135446", "ENSG00000089685", "ENSG00000204287"]
CELLS = ["AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1", "AAACCTGAGAAACCTA-1", "AAACCTGAGAAACGAG-1"]
COUNTS = [[3, 0, 12, 1, 0], [0, 7, 0, 0, 25], [1, 1, 1, 0, 4], [0, 0, 130, 2, 9]]  # per cell
CUT = "\n=====\n"


def table(separator=",", genes_first=False, corner="", number=str, end="\n"):
    names, lines, values = (CELLS, GENES, list(zip(*COUNTS))) if genes_first else (GENES, CELLS, COUNTS)
    text = [separator.join([corner, *names])]
    text += [separator.join([name, *map(number, line)]) for name, line in zip(lines, values)]
    return end.join(text) + end


def tables():
    with_decimals = lambda value: f"{value * 1.37:.4f}"
    with_comma = lambda value: with_decimals(value).replace(".", ",")
    yield "cells.csv", table()
    yield "genes.tsv", table("\t", True)
    yield "r.txt", table(" ", True)[1:]
    yield "quoted.csv", table(",", True, number=lambda value: f'"{value}"')
    yield "windows.csv", "\ufeff" + table(";", number=with_comma, end="\r\n")
    yield "decimals.tsv", table("\t", True, "gene", with_decimals)
    yield "missing.tsv", table("\t", True, "gene", lambda value: "NA" if value == 7 else str(value))
    yield "thousands.tsv", table("\t", True, "gene", lambda value: f"{value * 12345:,}")
    yield "comments.txt", "# made by hand\n# two lines\n" + table("\t", True, "Geneid")
    yield "gct12.gct", "#1.2\n5\t4\nName\tDescription\t" + "\t".join(CELLS) + "\n" + "".join(
        f"{e}.3\t{g}\t" + "\t".join(map(str, v)) + "\n" for e, g, v in zip(ENSEMBL, GENES, zip(*COUNTS)))
    yield "gct13.gct", "#1.3\n5\t4\t1\t1\nid\tsymbol\t" + "\t".join(CELLS) + "\ntype\tna\tT\tB\tT\tB\n" + "".join(
        f"{e}\t{g}\t" + "\t".join(map(str, v)) + "\n" for e, g, v in zip(ENSEMBL, GENES, zip(*COUNTS)))
    yield "star.tab", "N_unmapped\t9\t9\t9\nN_multimapping\t1\t1\t1\nN_noFeature\t2\t30\t3\nN_ambiguous\t0\t0\t0\n" + "".join(
        f"{e}\t{n}\t{n // 2}\t{n}\n" for e, n in zip(ENSEMBL, COUNTS[3]))
    yield "geo.txt", '!Series_title\t"x"\n!series_matrix_table_begin\n' + table("\t", True, '"ID_REF"') + "!series_matrix_table_end\n"
    yield "features.txt", "# Program:featureCounts\nGeneid\tChr\tStart\tEnd\tStrand\tLength\t" + "\t".join(CELLS) + "\n" + "".join(
        f"{e}\tchr1\t1\t900\t+\t899\t" + "\t".join(map(str, v)) + "\n" for e, v in zip(ENSEMBL, zip(*COUNTS)))
    yield "long.tsv", "gene\tsample\tcount\n" + "".join(
        f"{g}\t{c}\t{n}\n" for c, line in zip(CELLS, COUNTS) for g, n in zip(GENES, line))
    yield "utf16.txt", table("\t", True, "gene").encode("utf-16")
    yield "metadata.csv", ",".join(["", "nCount_RNA", "percent.mt", "label", *GENES]) + "\n" + "".join(
        ",".join([c, str(sum(v)), "3.5", "T cell", *map(str, v)]) + "\n" for c, v in zip(CELLS, COUNTS))


def matrix(kind="integer"):
    entries = [f"{g + 1} {c + 1} {n}" for c, line in enumerate(COUNTS) for g, n in enumerate(line) if n]
    return f"%%MatrixMarket matrix coordinate {kind} general\n%metadata: x\n5 4 {len(entries)}\n" + "\n".join(entries) + "\n"


FEATURES = "".join(f"{e}\t{g}\tGene Expression\n" for e, g in zip(ENSEMBL, GENES))
BARCODES = "".join(f"{c}\n" for c in CELLS)


def matrix_markets():
    yield "tenx", matrix() + CUT + FEATURES + CUT + BARCODES
    yield "reals", matrix("real") + CUT + "\n".join(GENES) + "\n" + CUT + BARCODES
    yield "tags", matrix() + CUT + FEATURES.replace("Gene Expression", "Antibody Capture", 1) + CUT + BARCODES
    yield "transposed", "%%MatrixMarket matrix coordinate integer general\n4 5 1\n1 5 3\n" + CUT + FEATURES + CUT + BARCODES
    yield "array", "%%MatrixMarket matrix array real general\n5 4\n" + "1\n" * 20 + CUT + FEATURES + CUT + BARCODES


def tar_of(files, mode):
    bytes_ = io.BytesIO()
    with tarfile.open(fileobj=bytes_, mode=mode, format=tarfile.GNU_FORMAT) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return bytes_.getvalue()


def bgzf(data):
    packed = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packed.compress(data) + packed.flush()
    header = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(body) + 25)
    return header + body + struct.pack("<II", zlib.crc32(data), len(data))


def archives():
    folder = {"sample/matrix.mtx": matrix(), "sample/features.tsv": FEATURES, "sample/barcodes.tsv": BARCODES}
    yield "plain.csv.gz", gzip.compress(table().encode(), mtime=0)
    yield "members.csv.gz", b"".join(gzip.compress(part.encode(), mtime=0) for part in (table()[:40], table()[40:]))
    yield "bgzf.tsv.gz", bgzf(table("\t", True).encode()) + bgzf(b"")
    yield "folder.tar", tar_of(folder, "w")
    yield "folder.tar.gz", gzip.compress(tar_of(folder, "w"), mtime=0)
    yield "table.tar", tar_of({"counts.tsv": table("\t", True)}, "w")
    yield "table.csv.xz", lzma.compress(table().encode())
    yield "table.csv.bz2", bz2.compress(table().encode())
    yield from zips()


# Stand-ins for what a checkpoint names, so that seeds need no PyTorch.
def rebuild(*arguments):
    raise NotImplementedError


class FloatStorage:
    pass


for stand_in, module, name in [(rebuild, "torch._utils", "_rebuild_tensor_v2"), (FloatStorage, "torch", "FloatStorage")]:
    stand_in.__module__, stand_in.__qualname__, stand_in.__name__ = module, name, name
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, stand_in)

Storage = collections.namedtuple("Storage", "key size")


class Tensor:
    def __init__(self, key, *shape):
        self.storage, self.shape = Storage(str(key), math.prod(shape)), shape

    def __reduce__(self):
        strides = tuple(math.prod(self.shape[i + 1:]) for i in range(len(self.shape)))
        return rebuild, (self.storage, 0, self.shape, strides, False, collections.OrderedDict())


class Persistent(pickle.Pickler):
    def persistent_id(self, item):
        return ("storage", FloatStorage, item.key, "cpu", item.size) if isinstance(item, Storage) else None


# A network of 3 genes, 4 hidden units with batch norm, and 2 miRNAs.
SHAPES = {"fc1.weight": (4, 3), "fc1.bias": (4,), "bn1.weight": (4,), "bn1.bias": (4,), "bn1.running_mean": (4,),
          "bn1.running_var": (4,), "fc2.weight": (2, 4), "fc2.bias": (2,)}


def state_dict(protocol):
    """As torch.save() writes it: an OrderedDict of tensors, whose storages come apart."""
    state = collections.OrderedDict((name, Tensor(key, *shape)) for key, (name, shape) in enumerate(SHAPES.items()))
    bytes_ = io.BytesIO()
    Persistent(bytes_, protocol=protocol).dump(state)
    return bytes_.getvalue()


def storage_bytes():
    for key, shape in enumerate(SHAPES.values()):
        yield str(key), struct.pack(f"<{math.prod(shape)}f", *(0.5 + n for n in range(math.prod(shape))))


def pickles():
    for protocol in range(2, 6):
        yield f"state{protocol}", state_dict(protocol)
        yield f"values{protocol}", pickle.dumps(
            {"a": [1, 2.5, None, True, 2**70, (1, 2)], b"b": {3, 4}, "c": "text" * 20, "d": {"e": -5}}, protocol)


def checkpoints():
    keys = [key for key, _ in storage_bytes()]
    yield "legacy", b"".join([
        pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2),
        state_dict(2), pickle.dumps(keys, 2),
        *(struct.pack("<q", len(values) // 4) + values for _, values in storage_bytes())])
    bytes_ = io.BytesIO()
    with zipfile.ZipFile(bytes_, "w") as archive:
        for name, content in [("data.pkl", state_dict(2)), ("version", "3\n"),
                              *((f"data/{key}", values) for key, values in storage_bytes())]:
            archive.writestr(zipfile.ZipInfo(f"net/{name}"), content)
    yield "zip", bytes_.getvalue()


def groups():
    yield "two", "".join(f"{c}\t{'T' if i % 2 else 'B'}\n" for i, c in enumerate(CELLS))
    yield "header.csv", "barcode,cell_type,donor\n" + "".join(f"{c},T cell,D{i}\n" for i, c in enumerate(CELLS))
    yield "windows", ("\ufeff" + "".join(f'"{c}";B\r\n' for c in CELLS))
    yield "utf16", "cell\tgroup\nCELL1\tA\n".encode("utf-16")


def sheets():
    yield "paths", "a.csv\nb/filtered_feature_bc_matrix/\n\n# a comment\nc.h5ad\n"
    yield "ids", "one\ta.csv\ntwo\tb.csv\n"
    yield "sheet.tsv", "id\tpath\tlayer\tvalues\tgroups\tpool\t#mine\nx\ta.h5ad\tlayers/counts\t\t\t\tnote\ny\tb.tsv\t\tlinear\tg.tsv\tsum\n"
    yield "sheet.csv", "\ufeffid,path,--log-base,force_scale,donor\r\nx,\"with, comma.csv\",2,yes,d\r\n\"y \"\"2\"\"\",b.csv\r\n,,\r\n"
    yield "utf16", "id\tpath\nleber-ä\ta.csv\n".encode("utf-16")
    yield "gzip", gzip.compress(b"id\tpath\nx\ta.csv\n", mtime=0)


def gdc():
    yield "isoforms", "imiRNA_ID\tisoform_coords\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\tmiRNA_region\n" \
        "hsa-let-7a-1\thg38:chr9:94175957-94175979:+\t12\t3.5\tN\tmature,MIMAT0000062\n"
    yield "stemloops", "smiRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\nhsa-let-7a-1\t12\t3.5\tN\n"
    yield "star", "m# gene-model: GENCODE v36\ngene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\n" \
        "N_unmapped\t\t\t5\t5\t5\n" + "".join(f"{e}.1\t{g}\tprotein_coding\t{n}\t0\t{n}\n" for e, g, n in zip(ENSEMBL, GENES, COUNTS[3]))
    yield "htseq", "h" + "".join(f"{e}.1\t{n}\n" for e, n in zip(ENSEMBL, COUNTS[0])) + "__no_feature\t7\n"
    yield "sheet", "-File ID\tFile Name\tData Category\tData Type\tProject ID\tCase ID\tSample ID\tSample Type\n" \
        "a1\tx.rna_seq.augmented_star_gene_counts.tsv\tTranscriptome Profiling\tGene Expression Quantification\tTCGA-CHOL\tTCGA-3X-AAV9\tTCGA-3X-AAV9-01A\tPrimary Tumor\n"


def rds():
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
    import numpy as np
    import rds_writer as r

    values = np.array(COUNTS, dtype=float).T
    obs = {"type": r.factor(["T", "B", None, "T"]), "score": [1.5, 2.0, 3.0, 4.0], "text": ["a", None, "b", "c"],
           "flag": [True, False, True, True], "number": r.Altrep("compact_intseq", "base", 13, [4.0, 1.0, 1.0])}
    umap = np.arange(8.0).reshape(4, 2)
    counts, data = r.dgc(values, GENES, CELLS), r.dgc(np.log1p(values), GENES, CELLS)
    objects = {
        "seurat": r.seurat({"RNA": r.assay(counts, data)}, CELLS, obs, "RNA", {"umap": r.dim_reduc(umap, CELLS)}),
        "assay5": r.seurat({"RNA": r.assay5({"counts": r.dgc(values)}, GENES, CELLS)}, CELLS, obs),
        "sce": r.sce({"counts": counts, "logcounts": data}, GENES, CELLS, obs, {"Symbol": GENES}, {"UMAP": r.matrix(umap)}),
        "matrix": counts, "dense": r.matrix(values, GENES, CELLS)}
    for name, value in objects.items():
        yield f"{name}.rds", r.dump(value)
    yield "packed.rds", gzip.compress(r.dump(objects["seurat"], 2), mtime=0)


def zarr_2(compressor=None, pack=bytes):
    """Arrays of version 2 in a zip archive."""
    def array(values, kind, shape, dtype, filters=None):
        return {".zarray": json.dumps({"zarr_format": 2, "shape": shape, "chunks": shape, "dtype": dtype, "order": "C",
                                       "fill_value": None, "filters": filters, "compressor": compressor}),
                ".zattrs": json.dumps({"encoding-type": kind}), ".".join("0" for _ in shape) or "0": pack(values)}

    def texts(values):
        return struct.pack("<I", len(values)) + b"".join(struct.pack("<I", len(v)) + v.encode() for v in values)

    def group(**attributes):
        return {".zgroup": '{"zarr_format": 2}', ".zattrs": json.dumps(attributes)}

    values = [n for line in COUNTS for n in line]
    nodes = {"": group(**{"encoding-type": "anndata"}),
             "X": array(struct.pack("<20f", *values), "array", [4, 5], "<f4"), "obsm": group(), "uns": group(),
             "obsm/pca": array(struct.pack("<8d", *range(8)), "array", [4, 2], "<f8"),
             "uns/word": array("x".encode("utf-32-le"), "string", [], "<U1")}
    for name, index in (("obs", CELLS), ("var", GENES)):
        nodes[name] = group(**{"encoding-type": "dataframe", "_index": "_index", "column-order": []})
        nodes[f"{name}/_index"] = array(texts(index), "string-array", [len(index)], "|O", [{"id": "vlen-utf8"}])
    bytes_ = io.BytesIO()
    with zipfile.ZipFile(bytes_, "w") as archive:
        for node, files in nodes.items():
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(f"{node}/{name}" if node else name), content)
    return bytes_.getvalue()


def zarr_3():
    def array(values, shape, kind, codec, **more):
        return {"zarr_format": 3, "node_type": "array", "shape": shape, "data_type": kind, "fill_value": more.pop("fill", 0),
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}}, "codecs": codec,
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}, **more}, values

    def texts(values):
        return struct.pack("<I", len(values)) + b"".join(struct.pack("<I", len(v)) + v.encode() for v in values)

    plain = [{"name": "bytes", "configuration": {"endian": "little"}}]
    shard = [{"name": "sharding_indexed", "configuration": {"chunk_shape": [2, 5], "codecs": plain, "index_codecs": plain}}]
    values = struct.pack("<20f", *(n for line in COUNTS for n in line))
    bytes_ = io.BytesIO()
    with zipfile.ZipFile(bytes_, "w") as archive:
        def put(name, content):
            archive.writestr(zipfile.ZipInfo(name), content if isinstance(content, bytes) else json.dumps(content))
        put("zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {"encoding-type": "anndata"}})
        for name, index in (("obs", CELLS), ("var", GENES)):
            put(f"{name}/zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {
                "encoding-type": "dataframe", "_index": "_index", "column-order": []}})
            metadata, content = array(texts(index), [len(index)], "string", [{"name": "vlen-utf8"}], fill="")
            put(f"{name}/_index/zarr.json", metadata)
            put(f"{name}/_index/c/0", content)
        metadata, content = array(values + struct.pack("<4Q", 0, 40, 40, 40), [4, 5], "float32", shard)
        put("X/zarr.json", metadata)
        put("X/c/0/0", content)
    return bytes_.getvalue()


def zarrs():
    yield "plain2", zarr_2()
    yield "zlib2", zarr_2({"id": "zlib", "level": 1}, zlib.compress)
    yield "shards3", zarr_3()


def chunks():
    text = b"a text that repeats, a text that repeats, a text that repeats"
    yield "blosc", b"\0" + bytes.fromhex("02010301") + struct.pack("<III", len(text), len(text), 16 + len(text)) + text
    yield "gzip", b"\2" + gzip.compress(text, mtime=0)
    yield "lz4", b"\3" + struct.pack("<I", 20) + b"\x5fabcde\5\0\0" + b"" + b"\x00"
    yield "bzip2", b"\4" + bz2.compress(text)
    yield "xz", b"\5" + lzma.compress(text)
    yield "crc32c", b"\6" + text + struct.pack("<I", 0)


def zips():
    yield "table", zip_of({"counts.csv": table()})
    yield "folder", zip_of({"a/matrix.mtx": matrix(), "a/features.tsv": FEATURES, "a/barcodes.tsv": BARCODES})
    yield "xlsx", zip_of({"[Content_Types].xml": "<x/>"})


def zip_of(files):
    bytes_ = io.BytesIO()
    with zipfile.ZipFile(bytes_, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return bytes_.getvalue()


def catalogues():
    """An atlas of two types in one data set, by the tables that docs/atlas-format.md states."""
    document = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "atlas-format.md").read_text()
    tables = "\n".join(line.split("--")[0] for line in document.split("```sql")[1].split("```")[0].splitlines())
    halves = lambda *values: struct.pack(f"<{len(values)}e", *values)
    floats = lambda *values: struct.pack(f"<{len(values)}f", *values)
    marker = lambda type_, rank, mirna, rival: struct.pack("<5i8f", 0, type_, rank, mirna, rival, *(0.5,) * 8)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "catalogue.sqlite"
        with sqlite3.connect(path) as base:
            base.execute("PRAGMA page_size = 1024")
            base.execute(f"PRAGMA application_id = {0x53694D69}")
            base.execute("PRAGMA user_version = 2")
            for sql in filter(None, (" ".join(sql.split()) for sql in tables.split(";"))):
                base.execute(sql)
            many = lambda table, *rows: base.executemany(
                f"INSERT INTO {table} VALUES({','.join('?' * len(rows[0]))})", rows)
            many("facts", ("version", "0"))
            many("terms", ("condition", 0, "cirrhosis", ""), ("condition", 1, "normal", "PATO:0000461"),
                 ("disease", 0, "normal", ""), ("tissue", 0, "liver", "UBERON:0002107"), ("type", 0, "B", ""),
                 ("type", 1, "T", "CL:0000084"))
            many("sets", *((i, f"set{i}", "Title", "", "", "cells", 0, 9, 6, 6, "normal", "dataset", "0", "m", "0", "x",
                            "0", "0", '[["a","b"]]', '["markers"]') for i in (0, 1)))
            many("mirnas", (0, "hsa-miR-1-3p", "MIMAT0000416", "measured", 5.0, 2.0, 0.5, 0.5, None, 40),
                 (1, "hsa-miR-21-5p", "", "estimated", None, None, None, None, None, 0))
            many("groups", *((i, i // 2, i % 2, 0, 0, i % 2, 50, 3, 3, 0) for i in range(4)))
            many("group_means", *((i, halves(0.5, -i)) for i in range(4)))
            many("group_spreads", *((i, halves(1, math.nan)) for i in range(4)))
            many("mirna_values", *((i, halves(0.5, -1, 2, i), halves(1, 1, 1, math.nan)) for i in (0, 1)))
            many("type_markers", (0, 0, marker(0, 1, 0, 1) + marker(0, 2, 1, -1)), (0, 1, marker(1, 1, 1, 0)))
            many("mirna_markers", (0, marker(0, 1, 0, 1)), (1, marker(1, 1, 1, 0) + marker(0, 2, 1, -1)))
            many("contrasts", *((i, i, 0, 0, 1, 3, 3) for i in (0, 1)))
            many("contrast_values", *((i, floats(0.5, -1), floats(0.5, 0.25)) for i in (0, 1)))
            many("edges", (0, 1, 0, 1, "PTEN", -0.5, 2.0))
            many("triples", (0, 1, 0, 1, 1, 0.5, None))
            many("shared_donors", ("d1", 0), ("d1", 1))
        base.close()
        yield "small", path.read_bytes()


def targets():
    yield "mirtarbase", "miRTarBase ID,miRNA,Species (miRNA),Target Gene,Target Gene (Entrez ID),Species (Target Gene)," \
        "Experiments,Support Type,References (PMID)\nMIRT1,hsa-miR-21-5p,Homo sapiens,PTEN,5728,Homo sapiens," \
        '"Western blot, qPCR",Functional MTI,1\n'
    yield "tarbase", "geneId\tgeneName\tmirna\tspecies\tmethod\tpositive_negative\tdirect_indirect\tup_down\n" \
        "ENSG00000171862\tPTEN\thsa-miR-21-5p\tHomo sapiens\tqPCR\tPOSITIVE\tDIRECT\tDOWN\n"
    yield "encori", "#cite\nmiRNAid\tmiRNAname\tgeneID\tgeneName\tclipExpNum\nMIMAT0000076\thsa-miR-21-5p\tENSG00000171862\tPTEN\t3\n"
    yield "families", "miR Family\tGene ID\tGene Symbol\tSpecies ID\nmiR-103-3p/107\tENSG00000100697.10\tDICER1\t9606\n"
    yield "seeds", "Gene Symbol\tmiRNA family\tSpecies ID\tRepresentative miRNA\nDICER1\tGCAGCAU\t9606\thsa-miR-107\n"
    yield "mirdb", "hsa-miR-21-5p\tNM_000314\t98.5\n"
    yield "multimir", '"","database","mature_mirna_acc","mature_mirna_id","target_symbol","experiment","support_type","type"\n' \
        '"1","mirtarbase","MIMAT0000076","hsa-miR-21-5p","PTEN","Western blot","Functional MTI","validated"\n'
    yield "gmt", "MIR103A_3P\thttp://x\tDICER1\tPTEN\nCTACCTC_LET7A\thttp://x\tHMGA2\n"
    yield "plain", "mirna;target;evidence\nhsa-miR-21;PTEN;strong\n"


SEEDS = {"archive": archives, "catalogue": catalogues, "checkpoint": checkpoints, "chunk": chunks, "gdc": gdc,
         "groups": groups, "matrix_market": matrix_markets, "pickle": pickles, "rds": rds, "sheet": sheets, "table": tables, "targets": targets,
         "zarr": zarrs}


def main():
    root = pathlib.Path(sys.argv[1])
    shutil.rmtree(root, ignore_errors=True)
    for target, seeds in SEEDS.items():
        (root / target).mkdir(parents=True)
        for name, content in seeds():
            (root / target / name).write_bytes(content if isinstance(content, bytes) else content.encode())


if __name__ == "__main__":
    main()
