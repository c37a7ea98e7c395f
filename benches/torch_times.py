"""PyTorch on a CUDA card over the timed shapes, for `compare.py --torch`.

    python benches/torch_times.py [--batch 32] [--only NAME] [--out torch.json] [--device cuda]

Writes the seconds of a call: `f32` with TF32 off; of convolutions `tf32`, `f16`, `f16_channels_last`,
`grad_input_f32` and `grad_weight_f32` as well, and `gflop`, the billions of operations; and two
ceilings, a copy (bytes read and written a second) and a product of matrices of f32. Calls are recorded
in a CUDA graph, so that none waits for the host, and timed by the card's events; all of a shape take
the same input.
"""

import argparse
import json
import pathlib
import statistics
import time

import torch
from torch.nn import functional

HERE = pathlib.Path(__file__).parent


def allow_tf32(allowed):
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cuda.matmul.allow_tf32 = allowed


def seconds(device, call, calls=20, rounds=15):
    """The median seconds of one of `calls` calls."""
    if device.type != "cuda":
        call()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            call()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        for _ in range(calls):
            call()
    times = []
    for _ in range(rounds):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        with torch.cuda.stream(stream):
            begin.record(stream)
            graph.replay()
            end.record(stream)
        stream.synchronize()
        times.append(begin.elapsed_time(end) / 1e3 / calls)
    return statistics.median(times)


def forward(shape, x, weight, bias):
    stride, padding = shape["stride"], shape["padding"]
    dilation = shape.get("dilation", [1, 1])
    if shape["op"] == "conv2d":
        return functional.conv2d(x, weight, bias, stride, padding, dilation, shape["groups"])
    if shape["op"] == "avg_pool2d":
        return functional.avg_pool2d(x, shape["kernel_size"], stride, padding)
    # PyTorch's limit of a padding does not count the dilation.
    if any(2 * pad > size for pad, size in zip(padding, shape["kernel_size"])):
        x = functional.pad(x, [padding[1]] * 2 + [padding[0]] * 2, value=-float("inf"))
        padding = [0, 0]
    return functional.max_pool2d(x, shape["kernel_size"], stride, padding, dilation)


def times_of(shape, batch, device):
    timed = lambda call: seconds(device, call)
    count = shape["batch"] * batch
    size = [count, shape["in_channels"], shape["in_height"], shape["in_width"]]
    x = torch.randn(size, device=device)
    row = {"name": shape["name"], "batch": count}
    allow_tf32(False)
    if shape["op"] != "conv2d":
        return row | {"f32": timed(lambda: forward(shape, x, None, None))}
    channels, groups = shape["out_channels"], shape["groups"]
    weight = torch.randn(channels, size[1] // groups, *shape["kernel_size"], device=device)
    bias = torch.randn(channels, device=device)
    row["f32"] = timed(lambda: forward(shape, x, weight, bias))
    grad = torch.randn_like(forward(shape, x, weight, bias))
    row["gflop"] = 2e-9 * grad.numel() * weight[0].numel()
    options = [shape["stride"], shape["padding"], shape["dilation"], False, [0, 0], groups]
    for name, mask in [("grad_input_f32", [1, 0, 0]), ("grad_weight_f32", [0, 1, 0])]:
        mask = [bool(wanted) for wanted in mask]
        back = torch.ops.aten.convolution_backward
        row[name] = timed(lambda: back(grad, x, weight, None, *options, mask))
    allow_tf32(True)
    row["tf32"] = timed(lambda: forward(shape, x, weight, bias))
    x, weight, bias = x.half(), weight.half(), bias.half()
    row["f16"] = timed(lambda: forward(shape, x, weight, bias))
    x, weight = (it.to(memory_format=torch.channels_last) for it in (x, weight))
    row["f16_channels_last"] = timed(lambda: forward(shape, x, weight, bias))
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--batch", type=int, default=1, help="multiplies the batch of every shape")
    parser.add_argument("--only", default="", help="shapes whose name contains this")
    parser.add_argument("--out", type=pathlib.Path, default="torch.json")
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    device = torch.device(options.device)
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    side = 8192 if device.type == "cuda" else 256
    a = torch.randn(side, side, device=device)
    b = torch.empty_like(a)
    allow_tf32(False)
    results = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else options.device,
        "torch": torch.__version__,
        "copy": 8 * a.numel() / seconds(device, lambda: b.copy_(a)),
        "f32_product": 2 * side**3 / seconds(device, lambda: torch.mm(a, a, out=b), 3, 5),
        "rows": [],
    }
    shapes = json.loads((HERE / "workloads.json").read_text())
    for shape in shapes:
        if options.only in shape["name"]:
            results["rows"].append(times_of(shape, options.batch, device))
            print(results["rows"][-1], flush=True)
            # A run that is ended early has what it measured.
            options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
