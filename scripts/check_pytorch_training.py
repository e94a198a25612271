#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trains the same network with `sicmir train` and with PyTorch and compares held-out accuracy.

    check_pytorch_training.py SICMIR

Uses generated samples: 600 for training, 600 held out. Both use the published order of layers, dropout
0.3, AdamW with half a cosine, weight decay on the weights of linear layers only, batches of 64, and 5
seeds. The median Pearson correlation per miRNA over the held-out samples, averaged over the seeds, must
agree within 0.005. Needs Debian's python3-torch, python3-h5py, python3-pandas."""
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas as pd
import torch
from torch import nn

SICMIR = sys.argv[1]
DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
SEEDS, EPOCHS, BATCH, WIDTH, RATE, DECAY = 5, 30, 64, 256, 1e-3, 0.01


def generate(folder):
    """Expression driven by 20 hidden programmes, and miRNAs that depend on them, nonlinearly and with noise."""
    random = np.random.default_rng(17)
    genes = pd.read_csv(DATA / "landmarks.tsv", sep="\t")["symbol"]
    mirnas = pd.read_csv(DATA / "mirnas.tsv", sep="\t")["name"][:100]
    samples = [f"s{i}" for i in range(1200)]
    programmes = random.normal(size=(20, len(samples)))
    load = random.normal(size=(len(genes), 20)) / 4
    mrna = np.exp2(7 + load @ programmes + random.normal(size=(len(genes), len(samples))))
    bent = np.tanh(random.normal(size=(40, 20)) @ programmes / 3)
    level = random.normal(size=(len(mirnas), 40)) @ bent / 3
    rpm = np.exp2(9 + level + random.normal(size=level.shape))
    for name, chosen in (("train", samples[:600]), ("test", samples[600:])):
        pick = [samples.index(s) for s in chosen]
        pd.DataFrame(mrna[:, pick], genes, chosen).to_csv(f"{folder}/{name}.mrna.tsv", sep="\t")
        pd.DataFrame(rpm[:, pick], mirnas, chosen).to_csv(f"{folder}/{name}.mirna.tsv", sep="\t")


def median_pearson(predicted, measured):
    centre = lambda values: values - values.mean(axis=0)
    a, b = centre(predicted), centre(measured)
    return float(np.median((a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))))


def block(inputs, norm_first):
    layers = [nn.Linear(inputs, WIDTH, bias=not norm_first), nn.BatchNorm1d(WIDTH), nn.ReLU()]
    return [layers[0], *(layers[1:] if norm_first else layers[:0:-1]), nn.Dropout(0.3)]


def by_pytorch(seed, x, y, test_x):
    torch.manual_seed(seed)
    network = nn.Sequential(*block(x.shape[1], True), *block(WIDTH, False),
                            nn.Linear(WIDTH, y.shape[1]))
    weights = [m.weight for m in network if isinstance(m, nn.Linear)]
    others = [p for p in network.parameters() if all(p is not w for w in weights)]
    optimiser = torch.optim.AdamW([{"params": weights, "weight_decay": DECAY},
                                   {"params": others, "weight_decay": 0.0}], lr=RATE)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda t: 0.5 * (1 + np.cos(np.pi * t / steps)))
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        for first in range(0, len(x), BATCH):
            now = order[first:first + BATCH]
            optimiser.zero_grad()
            nn.functional.mse_loss(network(x[now]), y[now]).backward()
            optimiser.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        return network(test_x).numpy()


def sicmir(*words):
    subprocess.run([SICMIR, *map(str, words), "-q"], check=True)


torch.set_num_threads(1)
with tempfile.TemporaryDirectory() as folder:
    generate(folder)
    found = {"sicmir": [], "PyTorch": []}
    for seed in range(1, SEEDS + 1):
        model = f"{folder}/{seed}.h5"
        sicmir("train", "--mrna", f"{folder}/train.mrna.tsv", "--mrna-values", "linear", "--mirna",
               f"{folder}/train.mirna.tsv", "-o", model, "--hidden", f"{WIDTH},{WIDTH}",
               "--epochs", EPOCHS, "--batch", BATCH, "--learning-rate", RATE, "--weight-decay",
               DECAY, "--validation", 0, "--seed", seed)
        saved = {}
        for name in ("train", "test"):
            sicmir("predict", f"{folder}/{name}.mrna.tsv", "--values", "linear", "--scale",
                   "reference", "-m", model, "-o", f"{folder}/{name}.csv", "--save-input",
                   f"{folder}/{name}.input.csv")
            saved[name] = pd.read_csv(f"{folder}/{name}.input.csv", index_col=0)
        with h5py.File(model) as file:
            names = list(file["mirnas/name"].asstr())
            mean, sd = file["mirnas/mean"][()], file["mirnas/sd"][()]
        target = {}
        for name in ("train", "test"):
            table = pd.read_csv(f"{folder}/{name}.mirna.tsv", sep="\t", index_col=0)
            target[name] = (np.log2(table.loc[names].to_numpy().T + 1) - mean) / sd
        as_tensor = lambda values: torch.from_numpy(np.asarray(values, dtype=np.float32))
        theirs = by_pytorch(seed, as_tensor(saved["train"]), as_tensor(target["train"]),
                            as_tensor(saved["test"]))
        ours = pd.read_csv(f"{folder}/test.csv", index_col=0)[names].to_numpy()
        found["sicmir"].append(median_pearson(ours, target["test"]))
        found["PyTorch"].append(median_pearson(theirs, target["test"]))
mean = {who: float(np.mean(values)) for who, values in found.items()}
for who, values in found.items():
    print(f"{who}: held-out median Pearson {mean[who]:.4f}, seeds "
          + " ".join(f"{value:.4f}" for value in values))
difference = abs(mean["sicmir"] - mean["PyTorch"])
print(f"difference {difference:.4f} {'ok' if difference < 0.005 else 'TOO LARGE'}")
sys.exit(0 if difference < 0.005 else 1)
