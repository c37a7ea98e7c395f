"""Times the 20 shapes with filtro, ONNX Runtime and ncnn, shape by shape, on one machine.

    pip install numpy onnx onnxruntime ncnn
    cargo build --release
    python benches/compare.py [--device software] [--threads 2] [--only NAME] [--networks]

`--networks` times whole networks instead, those of examples/networks, on the CPU and on the device.

Or joins what was timed before: files of `filtro bench --workloads --json FILE` and one of PyTorch
on the same card, which needs nothing but Python.

    python benches/compare.py --bench bench.json [bench_32.json ...] --torch torch.json

All work in f32. The others take their input from the host and give their output to it, so filtro's
time with transfer stands beside theirs; the resident one is printed as well. Where two of the
others differ in a result, or a shape is none of theirs, the table has a dash or an error.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

from engines import ncnn_net, onnx_session

HERE = pathlib.Path(__file__).parent


def median_ms(run, seconds=0.5):
    for _ in range(3):
        run()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - begin < seconds and len(times) < 200):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def data(shape):
    """Input, weight and bias; the latter two of convolutions only."""
    import numpy as np

    random = np.random.default_rng(1)
    draw = lambda *size: random.uniform(-1, 1, size).astype(np.float32)
    x = draw(shape["batch"], shape["in_channels"], shape["in_height"], shape["in_width"])
    if shape["op"] != "conv2d":
        return x, None, None
    in_channels = shape["in_channels"] // shape["groups"]
    weight = draw(shape["out_channels"], in_channels, *shape["kernel_size"])
    return x, weight, draw(shape["out_channels"])


def with_onnxruntime(shape, x, weight, bias, threads):
    from onnx import helper, numpy_helper

    names = {"conv2d": "Conv", "max_pool2d": "MaxPool", "avg_pool2d": "AveragePool"}
    options = dict(
        kernel_shape=shape["kernel_size"], strides=shape["stride"], pads=shape["padding"] * 2
    )
    if "dilation" in shape:
        options["dilations"] = shape["dilation"]
    inputs, weights = ["x"], []
    if shape["op"] == "conv2d":
        options["group"] = shape["groups"]
        inputs += ["weight", "bias"]
        weights = [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")]
    if shape["op"] == "avg_pool2d":
        options["count_include_pad"] = int(shape["count_include_pad"])
    node = helper.make_node(names[shape["op"]], inputs, ["y"], **options)
    session = onnx_session([node], weights, x.shape, "y", threads)
    return lambda: session.run(None, {"x": x})[0]


def with_ncnn(shape, x, weight, bias, threads, vulkan):
    import ncnn
    import numpy as np

    (height, width), (stride_y, stride_x) = shape["kernel_size"], shape["stride"]
    pad_y, pad_x = shape["padding"]
    options = f"1={width} 11={height}"
    binary = b""
    if shape["op"] == "conv2d":
        dilation_y, dilation_x = shape["dilation"]
        kind = "Convolution" if shape["groups"] == 1 else "ConvolutionDepthWise"
        options += f" 0={shape['out_channels']} 2={dilation_x} 12={dilation_y}"
        options += f" 3={stride_x} 13={stride_y} 4={pad_x} 14={pad_y} 5=1 6={weight.size}"
        if shape["groups"] > 1:
            options += f" 7={shape['groups']}"
        binary = bytes(4) + weight.tobytes() + bias.tobytes()
    else:
        if shape.get("dilation", [1, 1]) != [1, 1]:
            return None  # its pooling has no dilation
        kind = "Pooling"
        options += f" 0={int(shape['op'] == 'avg_pool2d')} 2={stride_x} 12={stride_y}"
        options += f" 3={pad_x} 13={pad_y} 5=1 6={int(shape.get('count_include_pad', False))}"
    lines = ["Input x 0 1 x", f"{kind} layer 1 1 x y {options}"]
    net = ncnn_net(lines, 2, binary, threads, vulkan)
    images = [ncnn.Mat(np.ascontiguousarray(image)) for image in x]

    def run():
        outputs = []
        for image in images:
            extractor = net.create_extractor()
            extractor.input("x", image)
            outputs.append(np.array(extractor.extract("y")[1]))
        return np.stack(outputs)

    return run


def with_filtro(name, device, command):
    arguments = ["bench", "--workloads", "--only", name, "--json", "--device", device]
    document = json.loads(subprocess.run(
        [command, *arguments], check=True, capture_output=True, text=True).stdout)
    return next(row for row in document["rows"] if row["name"] == name)


def networks(device, threads):
    """Whole networks, from the host's memory and back."""
    import numpy as np
    from networks import EFFICIENTNET, NETWORKS, with_ncnn, with_onnxruntime

    if not EFFICIENTNET.exists():
        raise SystemExit(f"{EFFICIENTNET} is missing: examples/data/make_efficientnet_lite0.py fetches it")
    columns = ["network", "GPU path", "ncnn Vk", "ratio", "CPU path", "ORT", "ncnn", "ratio"]
    print("".join(f"{column:>20}" if i == 0 else f"{column:>10}" for i, column in enumerate(columns)))
    for name, build in NETWORKS.items():
        steps, shape = build()
        x = np.random.default_rng(1).uniform(0, 1, shape).astype(np.float32)
        runs = {
            "ort": with_onnxruntime(steps, shape, threads),
            "ncnn": with_ncnn(steps, threads, False),
            "vulkan": with_ncnn(steps, threads, True),
        }
        expected = runs["ort"](x)
        times = {}
        for other, run in runs.items():
            check(f"{name}: {other}", run(x), expected)
            times[other] = median_ms(lambda: run(x), 1.5)
        with tempfile.TemporaryDirectory() as folder:
            into, out = pathlib.Path(folder, "x.f32"), pathlib.Path(folder, "y.f32")
            x.tofile(into)
            for ours in ["cpu", device]:
                line = subprocess.run(
                    ["cargo", "bench", "--quiet", "--bench", "networks", "--", "--only", name,
                     "--device", ours, "--input", into, "--output", out],
                    check=True, capture_output=True, text=True, cwd=HERE.parent).stdout
                check(f"{name}: filtro on {ours}", np.fromfile(out, np.float32), expected)
                times[ours] = float(line.split()[-2])
        best = min(times["ort"], times["ncnn"])
        row = [times[device], times["vulkan"], times["vulkan"] / times[device],
               times["cpu"], times["ort"], times["ncnn"], times["cpu"] / best]
        print(f"{name:>20}" + "".join(f"{cell:>10.3g}" for cell in row), flush=True)


def check(what, actual, expected):
    """That a network gives the same numbers, within the rounding of Winograd's algorithms."""
    import numpy as np

    same = actual.shape == expected.shape
    difference = np.abs(actual - expected).max() if same else math.inf
    if not difference <= 1e-3 * np.abs(expected).max():
        raise SystemExit(f"{what} is off by {difference}")


def mean(ratios):
    return math.exp(statistics.mean(map(math.log, ratios)))


def join(torch_file, bench_files):
    """PyTorch's times beside filtro's, row by row of the same name and batch.

    PyTorch's file has `device`, `torch` and `rows`, each with `name`, `batch` and seconds of a call
    as `f32`, `grad_input_f32`, `grad_weight_f32`, `tf32` and `f16`, of which some may be missing; of
    convolutions also `gflop`, the billions of operations. `torch_times.py` writes it.
    """
    theirs = json.loads(pathlib.Path(torch_file).read_text())
    rows = {(row["name"], row["batch"]): row for row in theirs["rows"]}
    print(f"PyTorch {theirs['torch']} on {theirs['device']}; milliseconds a call")
    ratios, missing = {}, []
    for file in bench_files:
        ours = json.loads(pathlib.Path(file).read_text())
        device = ours["device"]
        print(f"\n{file}: filtro {ours['filtro']} on {device['name']} ({device['backend']})")
        print(f"{'shape':>28}{'batch':>7}{'filtro':>10}{'f32':>10}{'ratio':>8}{'roof':>7}"
              f"{'bound by':>15}{'tf32':>10}{'f16':>10}")
        for row in ours["rows"]:
            name, _, what = row["name"].partition("/")
            gradient = what if what != "f16" else ""
            other = rows.get((name, row["images"]), {})
            their = other.get(f"{gradient}_f32" if gradient else what or "f32")
            if their is None or row["device"] is None:
                missing.append(f"{row['name']} of {row['images']}")
                continue
            timed = row["device"]
            # A software adapter's clock is the host's.
            clock = timed["device_clock_ms"] if device["kind"] == "GPU" else None
            our = clock or timed["warm_ms"]
            kind = "gradients" if gradient else "convolutions" if "gflop" in other else "poolings"
            kind = f"{kind} of f16" if what == "f16" else kind
            ratio = their * 1e3 / our
            ratios.setdefault(kind, []).append(ratio)
            more = [other.get(name) for name in ("tf32", "f16")] if not gradient else [None, None]
            more = "".join(f"{time * 1e3:>10.4g}" if time else f"{'-':>10}" for time in more)
            print(f"{row['name']:>28}{row['images']:>7}{our:>10.4g}{their * 1e3:>10.4g}{ratio:>8.2f}"
                  f"{timed['share_of_roof']:>7.0%}{timed['bound_by']:>15}{more}")
    print("\nPyTorch's time over filtro's, above 1 where filtro is faster; geometric means:")
    for kind, of_kind in ratios.items():
        print(f"  {kind}: {mean(of_kind):.2f} ({min(of_kind):.2f} to {max(of_kind):.2f})")
    if missing:
        print(f"Not in both: {', '.join(missing)}")
    if not ratios:
        raise SystemExit("no row of the files is in both")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--torch", help="a file of PyTorch's times to join with --bench")
    parser.add_argument("--bench", nargs="+", help="files of filtro bench --workloads --json")
    parser.add_argument("--networks", action="store_true", help="whole networks")
    parser.add_argument("--device", default="software")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--filtro", default=str(HERE.parent / "target/release/filtro"))
    options = parser.parse_args()
    if bool(options.torch) != bool(options.bench):
        parser.error("--torch and --bench go together")
    if options.networks:
        return networks(options.device, options.threads)
    if options.torch:
        return join(options.torch, options.bench)
    import ncnn
    import numpy as np
    import onnx
    import onnxruntime

    print(f"ONNX Runtime {onnxruntime.__version__}, ncnn {ncnn.__version__}, onnx {onnx.__version__}")
    columns = ["shape", "GPU path", "with tr.", "ncnn Vk", "ratio", "CPU path", "ORT", "ncnn", "ratio"]
    print("".join(f"{column:>16}" if i == 0 else f"{column:>10}" for i, column in enumerate(columns)))
    gpu_ratios, cpu_ratios = [], []
    for shape in json.loads((HERE / "workloads.json").read_text()):
        if options.only not in shape["name"]:
            continue
        tensors = data(shape)
        others = {
            "ort": with_onnxruntime(shape, *tensors, options.threads),
            "ncnn": with_ncnn(shape, *tensors, options.threads, False),
            "vulkan": with_ncnn(shape, *tensors, options.threads, True),
        }
        expected = others["ort"]()
        times = {}
        for name, run in others.items():
            if run is None:
                continue
            difference = np.abs(run() - expected).max() if run().shape == expected.shape else math.inf
            # Winograd's rounding is that of ncnn.
            if difference > 1e-2:
                print(f"{shape['name']}: {name} is off by {difference}")
                continue
            times[name] = median_ms(run)
        ours = with_filtro(shape["name"], options.device, options.filtro)
        on_device, on_cpu = ours["device"], ours["cpu"]
        best = min(on_device["warm_ms"], on_device["with_transfer_ms"]) if on_device else math.nan
        gpu_ratio = times.get("vulkan", math.nan) / best
        cpu_ratio = on_cpu["warm_ms"] / times["ort"]
        gpu_ratios.append(gpu_ratio)
        cpu_ratios.append(cpu_ratio)
        row = [
            on_device and on_device["warm_ms"], on_device and on_device["with_transfer_ms"],
            times.get("vulkan"), gpu_ratio,
            on_cpu["warm_ms"], times["ort"], times.get("ncnn"), cpu_ratio,
        ]
        cells = ["-" if not cell or math.isnan(cell) else f"{cell:.3g}" for cell in row]
        print(f"{shape['name']:>16}" + "".join(f"{cell:>10}" for cell in cells), flush=True)
    there = [ratio for ratio in gpu_ratios if not math.isnan(ratio)]
    if there:
        print(f"ncnn's Vulkan path / GPU path, geometric mean: {mean(there):.2f}")
    print(f"CPU path / ONNX Runtime, geometric mean: {mean(cpu_ratios):.2f}")


if __name__ == "__main__":
    main()
