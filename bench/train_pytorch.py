# SPDX-License-Identifier: BSD-3-Clause
"""Seconds per epoch of PyTorch at the published size, on random data, to compare with bench/train_epoch.

    /usr/bin/python3 bench/train_pytorch.py BATCH EPOCHS

Uses PyTorch's default number of threads, which was the fastest. Needs Debian's python3-torch."""
import resource
import statistics
import sys
import time

import torch
from torch import nn

batch, epochs = int(sys.argv[1]), int(sys.argv[2])
torch.manual_seed(0)
network = nn.Sequential(
    nn.Linear(977, 1024, bias=False), nn.BatchNorm1d(1024), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(1024, 1024, bias=False), nn.BatchNorm1d(1024), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(1024, 1298))
x, y = torch.randn(6462, 977), torch.randn(6462, 1298)
optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.0)
seconds, phases = [], {"forward": 0.0, "backward": 0.0, "update": 0.0}
for epoch in range(epochs):
    start = now = time.perf_counter()
    for first in range(0, len(x), batch):
        loss = nn.functional.mse_loss(network(x[first:first + batch]), y[first:first + batch])
        before, now = now, time.perf_counter()
        phases["forward"] += now - before
        optimiser.zero_grad()
        loss.backward()
        before, now = now, time.perf_counter()
        phases["backward"] += now - before
        optimiser.step()
        before, now = now, time.perf_counter()
        phases["update"] += now - before
    seconds.append(now - start)
print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, batch {batch}: "
      f"{statistics.median(seconds):.2f} s an epoch (median of {epochs}, best {min(seconds):.2f}); "
      + ", ".join(f"{name} {total / epochs:.2f}" for name, total in phases.items())
      + f"; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
