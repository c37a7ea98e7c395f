"""The two networks of examples/networks as lists of steps, for ONNX Runtime and ncnn.

A step is `(kind, name, inputs, options)`; its output has its name. Batch normalisations are part of
the convolutions before them, as they are in filtro's networks when they are used.
"""

import pathlib

import numpy as np

from engines import ncnn_net, onnx_session

ROOT = pathlib.Path(__file__).parents[1]
ESRGAN = ROOT / "examples/data/esrgan_slim_x2.safetensors"
EFFICIENTNET = ROOT / "target/efficientnet_lite0.safetensors"


def esrgan_slim():
    from safetensors.numpy import load_file

    parameters = load_file(ESRGAN)
    steps = []

    def step(kind, name, inputs, **options):
        steps.append((kind, name, inputs, options))
        return name

    def conv(name, x, activation=None):
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        pad = weight.shape[2] // 2
        return step("conv", name, [x], weight=weight, bias=bias, stride=1, groups=1,
                    pads=[pad] * 4, activation=activation)

    first = conv("F_m1", "x")
    y = conv("F_0", first)
    blocks = []
    for block in "12":
        dense = step("cat", f"cat_{block}", [y, conv(f"F_{block}_1", y, "relu")])
        y = step("add", f"add_{block}", [conv(f"LFF_{block}", dense), y])
        blocks.append(y)
    y = conv("GFF_2", conv("GFF_1", step("cat", "cat", blocks)))
    y = conv("UPN2", conv("UPN1", step("add", "add", [y, first]), "relu"), "relu")
    conv("SR", step("twice", "UPsample", [conv("UPN3", y)]))
    return steps, (1, 3, 128, 192)


# Repeats, kernel size, stride, expansion, channels.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
          (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]


def efficientnet_lite0():
    from safetensors.numpy import load_file

    parameters = load_file(EFFICIENTNET)
    steps = []

    def step(kind, name, inputs, **options):
        steps.append((kind, name, inputs, options))
        return name

    def conv(name, norm, x, size, stride=1, groups=1, activation="relu6"):
        get = lambda name: parameters[name].astype(np.float64)
        scale = get(f"{norm}.weight") / np.sqrt(get(f"{norm}.running_var") + 1e-3)
        weight = get(f"{name}.weight") * scale[:, None, None, None]
        bias = get(f"{norm}.bias") - get(f"{norm}.running_mean") * scale
        kernel = weight.shape[2]
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        begin, end = total // 2, total - total // 2
        return step("conv", name, [x], weight=weight.astype(np.float32),
                    bias=bias.astype(np.float32), stride=stride, groups=groups,
                    pads=[begin, begin, end, end], activation=activation)

    size = 224
    x = conv("_conv_stem", "_bn0", "x", size, stride=2)
    size, channels, number = size // 2, 32, 0
    for repeats, _, stage_stride, expansion, out_channels in STAGES:
        for repeat in range(repeats):
            block, before = f"_blocks.{number}", x
            stride = stage_stride if repeat == 0 else 1
            if expansion > 1:
                x = conv(f"{block}._expand_conv", f"{block}._bn0", x, size)
            wide = channels * expansion
            x = conv(f"{block}._depthwise_conv", f"{block}._bn1", x, size, stride, wide)
            size = -(-size // stride)
            x = conv(f"{block}._project_conv", f"{block}._bn2", x, size, activation=None)
            if stride == 1 and channels == out_channels:
                x = step("add", f"{block}.add", [x, before])
            channels, number = out_channels, number + 1
    x = step("mean", "mean", [conv("_conv_head", "_bn1", x, size)])
    step("dense", "_fc", [x], weight=parameters["_fc.weight"], bias=parameters["_fc.bias"])
    return steps, (1, 3, 224, 224)


def with_onnxruntime(steps, shape, threads):
    from onnx import helper, numpy_helper

    nodes, weights = [], []

    def constant(name, values):
        weights.append(numpy_helper.from_array(values, name))
        return name

    for kind, name, inputs, options in steps:
        if kind in ("conv", "dense"):
            inputs = inputs + [constant(f"{name}.{it}", options[it]) for it in ("weight", "bias")]
        if kind == "conv":
            activation = options["activation"]
            output = f"{name}.linear" if activation else name
            nodes.append(helper.make_node(
                "Conv", inputs, [output], group=options["groups"], pads=options["pads"],
                strides=[options["stride"]] * 2))
            if activation == "relu":
                nodes.append(helper.make_node("Relu", [output], [name]))
            elif activation == "relu6":
                limits = [constant(f"{name}.{it}", np.float32(it)) for it in (0, 6)]
                nodes.append(helper.make_node("Clip", [output, *limits], [name]))
        elif kind == "dense":
            nodes.append(helper.make_node("Gemm", inputs, [name], transB=1))
        elif kind == "add":
            nodes.append(helper.make_node("Add", inputs, [name]))
        elif kind == "cat":
            nodes.append(helper.make_node("Concat", inputs, [name], axis=1))
        elif kind == "twice":
            scales = constant(f"{name}.scales", np.array([1, 1, 2, 2], np.float32))
            nodes.append(helper.make_node(
                "Resize", [*inputs, "", scales], [name], mode="nearest",
                coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
        elif kind == "mean":
            nodes.append(helper.make_node("GlobalAveragePool", inputs, [f"{name}.plane"]))
            nodes.append(helper.make_node("Flatten", [f"{name}.plane"], [name]))
    session = onnx_session(nodes, weights, shape, steps[-1][1], threads)
    return lambda x: session.run(None, {"x": x})[0].ravel()


def with_ncnn(steps, threads, vulkan):
    import ncnn

    # A blob is read once: where several steps read it, it is split.
    readers = {}
    for _, _, inputs, _ in steps:
        for name in inputs:
            readers[name] = readers.get(name, 0) + 1
    lines, blobs, data = ["Input x 0 1 x"], 1, []
    left = {}

    def split(name):
        nonlocal blobs
        count = readers.get(name, 0)
        if count > 1:
            copies = [f"{name}.{copy}" for copy in range(count)]
            lines.append(f"Split {name}.split 1 {count} {name} {' '.join(copies)}")
            blobs += count
            left[name] = copies

    split("x")
    for kind, name, inputs, options in steps:
        inputs = [left[it].pop(0) if it in left else it for it in inputs]
        row = {"cat": "Concat", "add": "BinaryOp", "twice": "Interp", "mean": "Pooling",
               "dense": "InnerProduct"}.get(kind)
        values = {"cat": "0=0", "add": "0=0", "twice": "0=1 1=2.0 2=2.0", "mean": "0=1 4=1"}.get(kind)
        if kind == "conv":
            weight, (top, first, bottom, last) = options["weight"], options["pads"]
            groups = options["groups"]
            row = "Convolution" if groups == 1 else "ConvolutionDepthWise"
            values = (f"0={weight.shape[0]} 1={weight.shape[3]} 11={weight.shape[2]}"
                      f" 3={options['stride']} 4={first} 14={top} 15={last} 16={bottom} 5=1"
                      f" 6={weight.size}")
            values += f" 7={groups}" if groups > 1 else ""
            values += {"relu": " 9=1", "relu6": " 9=3 -23310=2,0.0,6.0", None: ""}[options["activation"]]
        elif kind == "dense":
            values = f"0={options['weight'].shape[0]} 1=1 2={options['weight'].size}"
        if kind in ("conv", "dense"):
            data += [bytes(4), options["weight"].tobytes(), options["bias"].tobytes()]
        lines.append(f"{row} {name} {len(inputs)} 1 {' '.join(inputs)} {name} {values}")
        blobs += 1
        split(name)
    net = ncnn_net(lines, blobs, b"".join(data), threads, vulkan)
    output = steps[-1][1]

    def run(x):
        extractor = net.create_extractor()
        extractor.input("x", ncnn.Mat(np.ascontiguousarray(x[0])))
        return np.array(extractor.extract(output)[1]).ravel()

    return run


NETWORKS = {"esrgan_slim": esrgan_slim, "efficientnet_lite0": efficientnet_lite0}
