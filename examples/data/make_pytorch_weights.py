"""Writes beside this file the parameters of a small network, as `examples/pytorch_weights.rs` builds
it too, to pytorch_weights.safetensors, and an input with PyTorch's output to
pytorch_output.safetensors.

    pip install torch safetensors
    python examples/data/make_pytorch_weights.py
"""

import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(7)
network = torch.nn.Sequential(
    torch.nn.Conv2d(3, 8, 3, stride=2, padding=1, padding_mode="reflect"),
    torch.nn.ReLU(),
    torch.nn.MaxPool2d(3, stride=2, padding=1),
    torch.nn.Conv2d(8, 16, (3, 5), padding="same", groups=2),
    torch.nn.SiLU(),
    torch.nn.AdaptiveAvgPool2d((3, 4)),
    torch.nn.Flatten(),
    torch.nn.Linear(16 * 3 * 4, 10),
)
input = torch.rand(2, 3, 40, 52)
with torch.no_grad():
    output = network(input)
here = pathlib.Path(__file__).parent
# What a program would save is network.state_dict() alone; the example also compares outputs.
save_file(network.state_dict(), here / "pytorch_weights.safetensors")
save_file({"input": input, "output": output}, here / "pytorch_output.safetensors")
