"""Writes beside this file the parameters of ESRGAN Slim, as PyTorch names and lays them out, to
esrgan_slim_x2.safetensors, and to tests/data/esrgan_slim_x2.safetensors a small input with
PyTorch's output in float64.

    npm pack @upscalerjs/esrgan-slim@1.0.0 && tar xf upscalerjs-esrgan-slim-1.0.0.tgz
    pip install torch safetensors
    python examples/data/make_super_resolution.py package

The package holds tfjs layers: the weight of a convolution is [height, width, in, out] there.
"""

import json
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def read(package):
    """The parameters by the names of the layers."""
    folder = pathlib.Path(package) / "models" / "x2"
    (group,) = json.loads((folder / "model.json").read_text())["weightsManifest"]
    data = b"".join((folder / path).read_bytes() for path in group["paths"])
    parameters, start = {}, 0
    for entry in group["weights"]:
        assert entry["dtype"] == "float32" and "quantization" not in entry, entry
        count = int(numpy.prod(entry["shape"]))
        values = numpy.frombuffer(data, "<f4", count, start).reshape(entry["shape"])
        start += 4 * count
        layer, kind = entry["name"].split("/")
        if kind == "kernel":
            values = values.transpose(3, 2, 0, 1)
        name = {"kernel": "weight", "bias": "bias"}[kind]
        parameters[f"{layer}.{name}"] = torch.from_numpy(values.copy())
    assert start == len(data), (start, len(data))
    return parameters


def esrgan_slim(parameters, x):
    """The network, step by step as model.json lists its layers."""

    def conv(layer, x):
        return F.conv2d(x, parameters[f"{layer}.weight"], parameters[f"{layer}.bias"], padding="same")

    first = conv("F_m1", x)
    y = conv("F_0", first)
    blocks = []
    for block in (1, 2):
        dense = torch.cat([y, F.relu(conv(f"F_{block}_1", y))], dim=1)
        y = conv(f"LFF_{block}", dense) + y
        blocks.append(y)
    y = conv("GFF_2", conv("GFF_1", torch.cat(blocks, dim=1))) + first
    y = F.relu(conv("UPN2", F.relu(conv("UPN1", y))))
    return conv("SR", F.interpolate(conv("UPN3", y), scale_factor=2, mode="nearest"))


if __name__ == "__main__":
    parameters = read(sys.argv[1])
    print(sum(value.numel() for value in parameters.values()), "parameters")
    save_file(parameters, HERE / "esrgan_slim_x2.safetensors")
    x = torch.rand(1, 3, 13, 19, generator=torch.Generator().manual_seed(7))
    wide = {name: value.double() for name, value in parameters.items()}
    frozen = {"input": x, "output": esrgan_slim(wide, x.double())}
    save_file(frozen, HERE / "../../tests/data/esrgan_slim_x2.safetensors")
