# SPDX-License-Identifier: BSD-3-Clause
"""Writes tests/data/train/pytorch.json: what PyTorch computes for a small network.

Run with Debian's Python: /usr/bin/python3 scripts/make_training_golden.py [OUTPUT]
Needs python3-torch. For each of the three layer orders, it writes: initial parameters, one batch with
missing targets, the gradients, the running estimates after one forward pass, the losses of 50 steps
of SGD, and the parameters after 5 steps of AdamW (weight decay on weights only). One more case contains
the updates of Adam and AdamW for given gradients.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn

WIDTHS = (7, 6, 5, 4)
BATCH = 8


class Block(nn.Module):
    def __init__(self, inputs, outputs, norm_first):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=not norm_first)
        self.norm = nn.BatchNorm1d(outputs)
        self.norm_first = norm_first

    def forward(self, x):
        x = self.linear(x)
        if self.norm_first:
            return torch.relu(self.norm(x))
        return self.norm(torch.relu(x))


class Net(nn.Module):
    def __init__(self, order):
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(WIDTHS[i], WIDTHS[i + 1],
                  order == "bn_relu" or (order == "published" and i == 0))
            for i in range(2))
        self.last = nn.Linear(WIDTHS[2], WIDTHS[3])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.last(x)


def numbers(tensor):
    """Nested lists of the shortest decimals that give the same float32."""
    if tensor is None:
        return None
    array = tensor.detach().to(torch.float32).numpy()
    return json.loads(json.dumps(array.tolist()), parse_float=lambda s: float("%.9g" % float(s)))


def parameters(net, gradient=False):
    def take(parameter):
        if parameter is None:
            return None
        return numbers(parameter.grad if gradient else parameter)

    result = {"hidden": [], "weight": take(net.last.weight), "bias": take(net.last.bias)}
    for block in net.blocks:
        layer = {"norm_first": block.norm_first, "weight": take(block.linear.weight),
                 "bias": take(block.linear.bias), "gamma": take(block.norm.weight),
                 "beta": take(block.norm.bias)}
        if not gradient:
            layer["running_mean"] = numbers(block.norm.running_mean)
            layer["running_variance"] = numbers(block.norm.running_var)
        result["hidden"].append(layer)
    return result


def masked_mse(prediction, target):
    present = ~torch.isnan(target)
    difference = torch.where(present, prediction - torch.nan_to_num(target), torch.zeros(()))
    return (difference ** 2).sum() / present.sum()


def make_net(order):
    torch.manual_seed(11)
    net = Net(order)
    for block in net.blocks:  # away from 1 and 0, which would hide mistakes
        nn.init.uniform_(block.norm.weight, 0.5, 1.5)
        nn.init.uniform_(block.norm.bias, -0.5, 0.5)
    return net


def make_case(order):
    generator = torch.Generator().manual_seed(5)
    batches = [torch.randn(BATCH, WIDTHS[0], generator=generator) for _ in range(4)]
    targets = [torch.randn(BATCH, WIDTHS[3], generator=generator) for _ in range(4)]
    targets[0][1, 2] = float("nan")
    targets[0][6, 0] = float("nan")
    targets[2][:, 3] = float("nan")
    case = {"order": order, "x": [numbers(x) for x in batches],
            "y": [[[None if v != v else v for v in row] for row in numbers(y)] for y in targets]}

    net = make_net(order)
    case["initial"] = parameters(net)
    loss = masked_mse(net(batches[0]), targets[0])
    loss.backward()
    case["loss"] = float(loss)
    case["gradients"] = parameters(net, gradient=True)
    case["after_forward"] = parameters(net)  # only the running estimates have changed

    net = make_net(order)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.05)
    case["sgd_losses"] = []
    for step in range(50):
        optimiser.zero_grad()
        loss = masked_mse(net(batches[step % 4]), targets[step % 4])
        loss.backward()
        optimiser.step()
        case["sgd_losses"].append(float(loss))

    net = make_net(order)
    weights = [block.linear.weight for block in net.blocks] + [net.last.weight]
    others = [p for p in net.parameters() if all(p is not w for w in weights)]
    optimiser = torch.optim.AdamW([{"params": weights, "weight_decay": 0.1},
                                   {"params": others, "weight_decay": 0.0}], lr=0.01)
    for step in range(5):
        optimiser.zero_grad()
        masked_mse(net(batches[step % 4]), targets[step % 4]).backward()
        optimiser.step()
    case["adamw"] = parameters(net)
    return case


def make_updates():
    generator = torch.Generator().manual_seed(3)
    start = torch.randn(37, generator=generator)
    gradients = [torch.randn(37, generator=generator) * 10.0 ** -k for k in (0, 3, 6, 1, 0)]
    result = {"start": numbers(start), "gradients": [numbers(g) for g in gradients]}
    for name, optimiser, decay in (("adam", torch.optim.Adam, 0.0),
                                   ("adamw", torch.optim.AdamW, 0.05)):
        weight = nn.Parameter(start.clone())
        step = optimiser([weight], lr=0.003, weight_decay=decay)
        result[name] = []
        for gradient in gradients:
            weight.grad = gradient.clone()
            step.step()
            result[name].append(numbers(weight))
    return result


def main():
    default = Path(__file__).resolve().parent.parent / "tests/data/train/pytorch.json"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    torch.set_num_threads(1)
    golden = {"made_by": "scripts/make_training_golden.py",
              "cases": [make_case(order) for order in ("bn_relu", "relu_bn", "published")],
              "updates": make_updates()}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(golden, separators=(",", ":")).replace('],"', '],\n"') + "\n")


if __name__ == "__main__":
    main()
