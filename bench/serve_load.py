#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Latency of `sicmir atlas serve` under many clients.

  bench/serve_load.py PROGRAM ATLAS [--clients 50] [--rate 100] [--seconds 20]

Starts the server on a free port, opens --clients connections that are kept alive, and asks for files of the site,
--rate requests a second over all clients together. Requests are due at fixed times, whether or not earlier ones were
answered (an open loop): a request that waits for its connection counts from the time at which it was due. The files
are drawn from a seed among all that the site has. Prints
the latencies' 50th, 90th, 99th percentile and maximum, from due to the last byte, in ms. The client is this one
process: its own work is in the figures.
"""
import argparse
import asyncio
import pathlib
import random
import subprocess
import time

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("atlas", type=pathlib.Path)
parser.add_argument("--clients", type=int, default=50)
parser.add_argument("--rate", type=float, default=100)
parser.add_argument("--seconds", type=float, default=20)
options = parser.parse_args()


async def ask(reader, writer, path):
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    status = int(head.split()[1])
    length = next((int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length:")), 0)
    body = await reader.readexactly(length) if length and status == 200 else b""
    return status, len(body)


async def client(number, port, paths, begin, latencies, totals):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    draw = random.Random(number)
    step = options.clients / options.rate
    due = begin + step * (number + draw.random()) / options.clients
    while due < begin + options.seconds:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        status, size = await ask(reader, writer, draw.choice(paths))
        latencies.append(1000 * (time.monotonic() - due))
        totals["bytes"] += size
        totals[status] = totals.get(status, 0) + 1
        due += step
    writer.close()


async def main():
    site = options.atlas / "site"
    paths = [str(path.relative_to(site)) for path in sorted(site.rglob("*")) if path.is_file()]
    server = subprocess.Popen([options.program, "atlas", "serve", options.atlas, "--port", "0", "-q"], stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1])
    latencies, totals = [], {"bytes": 0}
    begin = time.monotonic() + 0.5
    await asyncio.gather(*(client(i, port, paths, begin, latencies, totals) for i in range(options.clients)))
    server.terminate()
    server.wait()
    latencies.sort()
    at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    print(f"{options.clients} clients, {options.rate:.0f} requests a second in all, {len(latencies)} in {options.seconds:.0f} s, "
          f"{totals['bytes'] / 1e6:.1f} MB, statuses {({k: v for k, v in totals.items() if k != 'bytes'})}: "
          f"p50 {at(0.5):.1f}, p90 {at(0.9):.1f}, p99 {at(0.99):.1f}, most {latencies[-1]:.1f} ms")


asyncio.run(main())
