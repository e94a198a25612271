#!/usr/bin/python3
"""Writes the checkpoints of this folder and what PyTorch predicts with them.

    make_checkpoints.py [FOLDER]

Small networks (977 -> 6 -> 5 -> 20) of fixed random weights, saved in each way that `sicmir import`
reads, and expected.tsv: their outputs for the cells of input(). Needs Debian's python3-torch.
Storage keys differ from run to run, so files are compared by what they hold (scripts/check_import.py).
"""
import pathlib
import sys

import numpy as np
import torch

GENES, HIDDEN, MIRNAS = 977, (6, 5), 20
PUBLISHED = ("bn-relu", "relu-bn")  # of the authors' released script


class NeuralNet(torch.nn.Module):
    """A sequence in an attribute, as in the published module."""

    def __init__(self, orders, hidden=HIDDEN, mirnas=MIRNAS, **norm):
        super().__init__()
        layers, width = [], GENES
        for size, order in zip(hidden, orders):
            layers.append(torch.nn.Linear(width, size))
            if order == "none":
                between = [torch.nn.ReLU()]
            else:
                between = [torch.nn.BatchNorm1d(size, **norm), torch.nn.ReLU()]
            layers += between if order != "relu-bn" else between[::-1]
            layers.append(torch.nn.Dropout(0.3))
            width = size
        layers.append(torch.nn.Linear(width, mirnas))
        self.model = torch.nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


class Loose(torch.nn.Module):
    """Layers in attributes of their own: what runs when stands in forward() only."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = torch.nn.Linear(GENES, 6), torch.nn.BatchNorm1d(6, eps=1e-3)
        self.last = torch.nn.Linear(6, MIRNAS)

    def forward(self, x):
        return self.last(self.norm(torch.relu(self.first(x))))


def filled(network, seed):
    """Weights and statistics as after a training."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0, generator=generator)
            elif tensor.dim() == 2:
                tensor.normal_(0.0, tensor.shape[1] ** -0.5, generator=generator)
            else:
                tensor.uniform_(-1.0, 1.0, generator=generator)
    return network.eval()


def input():
    return np.random.default_rng(11).normal(size=(4, GENES)).astype(np.float32)


def shared_and_strided(network):
    """All tensors as views of one storage, matrices transposed in it."""
    state = network.state_dict()
    flat = torch.zeros(sum(t.numel() for t in state.values()) + 7)
    views, at = {}, 7
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        part = flat[at:at + tensor.numel()]
        view = part.view(tensor.shape[::-1]).t() if tensor.dim() == 2 else part
        view.copy_(tensor)
        views[name] = view
        at += tensor.numel()
    return views


def checkpoints():
    """Name -> what is saved, how, and the network whose outputs are expected (or None)."""
    mixed = filled(NeuralNet(PUBLISHED), 1)
    twice = filled(NeuralNet(("relu-bn", "relu-bn"), eps=1e-3), 2)
    legacy = {"_use_new_zipfile_serialization": False}
    parallel = {f"module.{name}": value for name, value in mixed.state_dict().items()}
    half, brain, double = (filled(NeuralNet(PUBLISHED), 3).to(kind)
                           for kind in (torch.float16, torch.bfloat16, torch.float64))
    plain = filled(NeuralNet(PUBLISHED, affine=False), 4)
    batchwise = filled(NeuralNet(PUBLISHED, track_running_stats=False), 5)
    loose = filled(Loose(), 6)
    return {
        "module.pt": (mixed, {}, mixed),
        "module_relu_bn.pt": (twice, {}, twice),
        "module_legacy.pt": (mixed, legacy, mixed),
        "module_protocol4.pt": (mixed, {"pickle_protocol": 4}, mixed),
        "module_float16.pt": (half, {}, half),
        "module_bfloat16.pt": (brain, {}, brain),
        "module_float64.pt": (double, legacy, double),
        "module_no_affine.pt": (plain, {}, plain),
        "module_no_statistics.pt": (batchwise, {}, None),
        "module_loose.pt": (loose, {}, loose),
        "published_size.pt": (filled(NeuralNet(PUBLISHED, (2, 2), 1298), 7), {}, None),
        "state.pt": (mixed.state_dict(), {}, mixed),
        "state_legacy.pt": (parallel, legacy, mixed),
        "state_strided.pt": (shared_and_strided(mixed), {}, mixed),
        "state_in_training.pt": ({"epoch": 3, "model_state_dict": mixed.state_dict()}, {}, mixed),
    }


def forward(network):
    with torch.no_grad():
        network = network.to(torch.float32)
        return network(torch.from_numpy(input())).numpy()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    # Legacy streams carry the source of each class. Any text does: it is not read.
    torch.serialization.get_source_lines_and_file = lambda *_: (["# source\n"], 0, "network.py")
    outputs = {}
    for name, (what, options, network) in checkpoints().items():
        torch.save(what, folder / name, **options)
        if network is not None:
            outputs[name] = forward(network)
    with open(folder / "expected.tsv", "w") as file:
        for name, values in outputs.items():
            for cell, line in enumerate(values):
                file.write("\t".join([name, str(cell), *(f"{v:.9g}" for v in line)]) + "\n")


if __name__ == "__main__":
    main()
