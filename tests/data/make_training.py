"""Writes PyTorch's numbers for losses, optimizers and a training run beside this file.

    python tests/data/make_training.py

Made with PyTorch 2.15.0 on CPU; losses and optimizers in float64, the run in float32. Numbers are
multiples of 1/8 where they are inputs. Gives `training.json` and, in the names and layouts of
PyTorch, the parameters that the runs start from: `training.safetensors`, and `residual.safetensors`
for a residual network that learns the digits of the examples.
"""

import csv
import gzip
import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def random(seed, *shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-16, 17, shape, generator=generator).to(dtype) / 8


def values(tensor):
    return [float(f"{value:.10g}") for value in tensor.detach().flatten().tolist()]


def cross_entropy(seed, batch, classes, height, width, factor=1.0):
    logits = (random(seed, batch, classes, height, width) * factor).requires_grad_()
    generator = torch.Generator().manual_seed(seed + 1)
    labels = torch.randint(0, classes, (batch, height, width), generator=generator)
    loss = F.cross_entropy(logits, labels)
    (gradient,) = torch.autograd.grad(loss, logits)
    return {"shape": list(logits.shape), "logits": values(logits), "loss": float(loss.detach()),
            "labels": labels.flatten().tolist(), "gradient": values(gradient)}


def mse(seed, *shape):
    output, target = random(seed, *shape).requires_grad_(), random(seed + 1, *shape)
    loss = F.mse_loss(output, target)
    (gradient,) = torch.autograd.grad(loss, output)
    return {"shape": list(shape), "output": values(output), "target": values(target),
            "loss": float(loss.detach()), "gradient": values(gradient)}


def optimizer(name, options, steps=5, count=7):
    """The parameter after every step along given gradients."""
    parameter = random(50, count).requires_grad_()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    stepper = kinds[name]([parameter], **options)
    run = {"optimizer": name, "options": options, "start": values(parameter), "steps": []}
    for step in range(steps):
        gradient = random(60 + step, count)
        parameter.grad = gradient.clone()
        stepper.step()
        run["steps"].append({"gradient": values(gradient), "parameter": values(parameter)})
    return run


def training(kind):
    """The loss before each of 20 steps of a small network on random images."""
    torch.manual_seed(1)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(2, 6, (3, 2), padding=(1, 0)),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d((2, 3)),
        torch.nn.Conv2d(6, 4, (2, 3), padding=(0, 1), stride=(1, 2), padding_mode="reflect"),
        torch.nn.Tanh(),
        torch.nn.AvgPool2d((2, 1)),
        torch.nn.Flatten(),
        torch.nn.Linear(8, 5),
    )
    save_file(network.state_dict(), HERE / "training.safetensors")
    options = {"lr": 0.1, "momentum": 0.9} if kind == "sgd" else {"lr": 0.01}
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    stepper = kinds[kind](network.parameters(), **options)
    images = random(2, 24, 2, 8, 10, dtype=torch.float32)
    labels = torch.randint(0, 5, (24,), generator=torch.Generator().manual_seed(3))
    losses = []
    for step in range(20):
        picked = [(step * 8 + index) % 24 for index in range(8)]
        loss = F.cross_entropy(network(images[picked]), labels[picked])
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        losses.append(float(loss))
    return {"optimizer": kind, "options": options, "shape": list(images.shape),
            "images": values(images), "labels": labels.tolist(), "losses": losses}


class Block(torch.nn.Module):
    """Two convolutions, whose result is added to what came in; as torchvision's BasicBlock."""

    def __init__(self, in_channels, channels, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels)
        self.conv2 = torch.nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or in_channels != channels:
            self.downsample = torch.nn.Sequential(
                torch.nn.Conv2d(in_channels, channels, 1, stride, bias=False),
                torch.nn.BatchNorm2d(channels),
            )

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Residual(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(8)
        self.layer1 = torch.nn.Sequential(Block(8, 8, 1), Block(8, 8, 1))
        self.layer2 = torch.nn.Sequential(Block(8, 16, 2))
        self.fc = torch.nn.Linear(16, 10)

    def forward(self, x):
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))


def residual(kind, options, batch_size=32):
    """The loss before each of 20 steps on digits, in the order of their file, and what the network
    says of the digits that come then when it is used, with the running statistics."""
    with gzip.open(HERE / "../../examples/data/digits.csv.gz", "rt") as file:
        rows = torch.tensor([[int(number) for number in row] for row in csv.reader(file)])
    images, labels = rows[:, :64].reshape(-1, 1, 8, 8) / 16, rows[:, 64]
    torch.manual_seed(4)
    network = Residual()
    save_file(network.state_dict(), HERE / "residual.safetensors")
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    stepper = kinds[kind](network.parameters(), **options)
    losses = []
    for first in range(0, 20 * batch_size, batch_size):
        batch = slice(first, first + batch_size)
        loss = F.cross_entropy(network(images[batch]), labels[batch])
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        losses.append(float(loss.detach()))
    network.eval()
    with torch.no_grad():
        logits = network(images[20 * batch_size:][:4])
    state = network.state_dict()
    return {"optimizer": kind, "options": options, "batch_size": batch_size, "losses": losses,
            "logits": values(logits), "running_mean": values(state["layer2.0.bn2.running_mean"]),
            "running_var": values(state["layer2.0.bn2.running_var"])}


numbers = {
    "cross_entropy": [
        cross_entropy(10, 6, 10, 1, 1),
        cross_entropy(12, 2, 3, 4, 5),
        cross_entropy(14, 3, 4, 1, 1, factor=64.0),
        cross_entropy(16, 31, 2, 5, 7),
        cross_entropy(18, 1, 1, 1, 1),
    ],
    "mse": [mse(20, 2, 3, 4, 5), mse(22, 1, 1, 1, 1), mse(24, 2, 5, 11, 13)],
    "optimizers": [
        optimizer("sgd", {"lr": 0.1}),
        optimizer("sgd", {"lr": 0.1, "momentum": 0.9}),
        optimizer("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        optimizer("sgd", {"lr": 0.1, "weight_decay": 0.5}),
        optimizer("adam", {"lr": 0.01}),
        optimizer("adam", {"lr": 0.1, "betas": [0.8, 0.99], "eps": 1e-3, "weight_decay": 0.1}),
    ],
    "training": [training("sgd"), training("adam")],
    "residual": [
        residual("sgd", {"lr": 0.05, "momentum": 0.9}),
        residual("adam", {"lr": 0.003}),
    ],
}
text = json.dumps(numbers | {"torch": torch.__version__.split("+")[0]})
(HERE / "training.json").write_text(text + "\n")
print([run["losses"][::19] for run in numbers["training"] + numbers["residual"]])
