#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes tests/data/explain/golden.json: small networks of every type of layer, and their integrated gradients by
numpy alone: forward mode, the unfolded layers one after another, the midpoint rule with 200,000 steps.

  scripts/make_explain_golden.py OUTPUT
"""
import json
import sys

import numpy as np

STEPS = 200_000


def forward(layers, x, tangent):
    """Values and derivatives by each input. x: points x width; tangent: points x width x inputs."""
    for layer in layers:
        kind = layer["type"]
        if kind == "linear":
            weight = np.array(layer["weight"], dtype=np.float32).astype(float)
            x = x @ weight.T + np.array(layer["bias"], dtype=np.float32).astype(float)
            tangent = np.einsum("oi,pij->poj", weight, tangent)
        elif kind == "batch_norm":
            gamma, beta, mean, variance = (np.array(layer[name], dtype=np.float32).astype(float)
                                           for name in ("gamma", "beta", "mean", "variance"))
            scale = gamma / np.sqrt(variance + 1e-5)
            x = (x - mean) * scale + beta
            tangent = tangent * scale[None, :, None]
        elif kind == "relu":
            tangent = tangent * (x > 0)[:, :, None]
            x = np.maximum(x, 0)
        elif kind == "huber":
            limit = layer["limit"]
            tangent = tangent * np.clip(x, -limit, limit)[:, :, None]
            x = np.where(np.abs(x) <= limit, 0.5 * x * x, limit * (np.abs(x) - 0.5 * limit))
        elif kind == "softmax":
            shares = np.exp(x - x.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            mean = np.einsum("pk,pkj->pj", shares, tangent)
            tangent = shares[:, :, None] * (tangent - mean[:, None, :])
            x = shares
    return x, tangent


def integrated_gradients(members, start, end):
    """inputs x outputs, and the outputs at both ends."""
    total = np.zeros((len(start), 2))
    ends = np.zeros((2, 2))
    for member in members:
        for first in range(0, STEPS, 5000):
            t = (np.arange(first, first + 5000) + 0.5) / STEPS
            x = start + t[:, None] * (end - start)
            eye = np.broadcast_to(np.eye(len(start)), (len(t), len(start), len(start)))
            _, tangent = forward(member["layers"], x, eye)
            total += member["weight"] * (tangent.sum(axis=0) / STEPS).T * (end - start)[:, None]
        values, _ = forward(member["layers"], np.array([start, end]), np.zeros((2, len(start), len(start))))
        ends += member["weight"] * values
    return total, ends


random = np.random.default_rng(30)


def numbers(*shape):
    return np.round(random.normal(0, 1, shape), 3).tolist()


def linear(inputs, outputs):
    return {"type": "linear", "weight": numbers(outputs, inputs), "bias": numbers(outputs)}


def batch_norm(width):
    return {"type": "batch_norm", "gamma": numbers(width), "beta": numbers(width), "mean": numbers(width),
            "variance": np.abs(numbers(width)).tolist()}


RELU = {"type": "relu"}
one = [linear(4, 6), batch_norm(6), RELU, linear(6, 5), RELU, batch_norm(5), linear(5, 2)]
deep = [linear(4, 5), RELU, linear(5, 5), RELU, linear(5, 5), RELU, linear(5, 2)]
kernel = [linear(4, 7), {"type": "huber", "limit": 0.8}, linear(7, 2)]
prior = [linear(4, 7), {"type": "softmax"}, linear(7, 2)]
mixed = [linear(4, 5), RELU, linear(5, 6), {"type": "huber", "limit": 1.5}, linear(6, 2), RELU]
CASES = {
    "linear": [{"weight": 1, "layers": [linear(4, 2)]}],
    "published": [{"weight": 1, "layers": one}],
    "deep": [{"weight": 1, "layers": deep}],
    "kernel": [{"weight": 1, "layers": kernel}],
    "prior": [{"weight": 1, "layers": prior}],
    "mixed": [{"weight": 1, "layers": mixed}],
    "blend": [{"weight": 0.5, "layers": one}, {"weight": 0.3, "layers": kernel}, {"weight": 0.2, "layers": prior}],
}
golden = []
for name, members in CASES.items():
    start, end = np.round(random.normal(0, 1, 4), 3), np.round(random.normal(0, 2, 4), 3)
    values, ends = integrated_gradients(members, start, end)
    golden.append({"name": name, "members": members, "start": start.tolist(), "end": end.tolist(),
                   "attributions": values.tolist(), "at_start": ends[0].tolist(), "at_end": ends[1].tolist()})
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")
