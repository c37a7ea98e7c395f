"""Writes the frozen PyTorch numbers beside this file, one JSON file per operation.

    python tests/data/make_goldens.py

Made with PyTorch 2.15.0 on CPU, in float64. Inputs are small multiples of 1/8, so that they are
exact in any float format. NaN and infinities are written as strings. A case is

    {"name": ..., "options": {...}, "tensors": {"input": {"shape": [...], "data": [...]}, ...}}

Options bear PyTorch's names and are given only where they are off their default. Gradients are
those of `sum(output * grad_output)`.
"""

import json
import math
import pathlib
import warnings
import zlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
NAN, INF = math.nan, math.inf
warnings.filterwarnings("ignore", "Using padding='same' with even kernel")


def random(name, shape, spread=16):
    """Multiples of 1/8 in -spread/8..spread/8, the same for a name and shape in every run."""
    generator = torch.Generator().manual_seed(zlib.crc32(f"{name} {shape}".encode()))
    integers = torch.randint(-spread, spread + 1, shape, generator=generator)
    return integers.to(torch.float64) / 8


def number(value):
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    is_negative_zero = value == 0 and math.copysign(1, value) < 0
    return int(value) if value == int(value) and not is_negative_zero else value


def tensor(value):
    return {"shape": list(value.shape), "data": [number(v) for v in value.flatten().tolist()]}


def write(operation, cases):
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), operation
    lines = ",\n".join(json.dumps(case, allow_nan=False) for case in cases)
    (HERE / f"{operation}.json").write_text(
        f'{{"torch": "{torch.__version__.split("+")[0]}", "cases": [\n{lines}\n]}}\n'
    )
    print(operation, len(cases))


def case(name, options, tensors):
    return {
        "name": name,
        "options": options,
        "tensors": {key: tensor(value) for key, value in tensors.items()},
    }


def gradients(name, output, grad_of):
    """grad_output, and the gradients of sum(output * grad_output)."""
    grad_output = random(name + " grad", tuple(output.shape), 8)
    values = torch.autograd.grad(output, list(grad_of.values()), grad_output)
    return {"grad_output": grad_output} | {
        f"grad_{key}": value for key, value in zip(grad_of, values)
    }


def same_sides(padding, input_shape, kernel_size, stride=(1, 1), dilation=(1, 1), **_):
    """(top, bottom, left, right) of TensorFlow's and ONNX's SAME, which PyTorch lacks."""
    sides = []
    for size, kernel, step, tap in zip(input_shape[2:], kernel_size, stride, dilation):
        windows = math.ceil(size / step)
        total = max((windows - 1) * step + tap * (kernel - 1) + 1 - size, 0)
        less, more = total // 2, math.ceil(total / 2)
        sides += [less, more] if padding == "same_upper" else [more, less]
    return tuple(sides)


# --- conv2d -----------------------------------------------------------------------------------

def conv2d_case(name, input_shape, out_channels, kernel_size, bias=True, sides=None, auto=None, **options):
    """`sides` is (top, bottom, left, right), which torch.nn.Conv2d lacks: an explicit pad of the
    mode, then a convolution without padding. `auto` is a name of same_sides."""
    in_channels = input_shape[1]
    if auto:
        sides = same_sides(auto, input_shape, kernel_size, **options)
    layer = torch.nn.Conv2d(
        in_channels, out_channels, kernel_size, bias=bias, dtype=torch.float64, **options
    )
    tensors = {"input": random(name, input_shape), "weight": random(name, tuple(layer.weight.shape))}
    if bias:
        tensors["bias"] = random(name, (out_channels,))
    tensors = {key: value.requires_grad_() for key, value in tensors.items()}
    padded = tensors["input"]
    if sides:
        top, bottom, left, right = sides
        mode = options.get("padding_mode", "zeros")
        padded = F.pad(padded, (left, right, top, bottom), "constant" if mode == "zeros" else mode)
    parameters = {key: tensors[key] for key in ("weight", "bias") if key in tensors}
    output = torch.func.functional_call(layer, parameters, padded)
    options = {"kernel_size": kernel_size} | options
    if auto:
        options["padding"] = auto
    elif sides:
        options["sides"] = sides
    found = gradients(name, output, tensors)
    return case(name, options, {k: v.detach() for k, v in (tensors | {"output": output} | found).items()})


def conv2d():
    c = conv2d_case
    yield c("defaults", (2, 3, 6, 5), 4, (3, 2))
    yield c("no_bias", (1, 2, 5, 7), 3, (2, 3), bias=False)
    yield c("stride", (1, 2, 7, 9), 3, (3, 2), stride=(2, 3))
    yield c("stride_larger_than_kernel", (1, 2, 9, 10), 2, (2, 1), stride=(3, 4))
    yield c("rows_unvisited_by_the_stride", (1, 1, 8, 7), 2, (2, 3), stride=(4, 3))
    yield c("padding", (1, 2, 4, 5), 3, (3, 5), padding=(1, 2))
    yield c("padding_out_of_proportion", (1, 1, 5, 4), 1, (3, 2), padding=(9, 13))
    yield c("dilation", (1, 2, 9, 8), 3, (3, 2), dilation=(2, 3))
    yield c("groups", (1, 6, 5, 4), 4, (3, 2), groups=2)
    yield c("groups_of_three_to_five", (2, 9, 4, 5), 15, (2, 3), groups=3)
    yield c("depthwise", (1, 5, 6, 7), 5, (3, 2), groups=5, padding=(1, 0))
    yield c("depthwise_with_multiplier", (1, 3, 6, 5), 6, (2, 3), groups=3)
    yield c("groups_with_stride_and_dilation", (2, 4, 9, 11), 6, (2, 3), groups=2, stride=(3, 2), dilation=(2, 3), padding=(1, 2))
    yield c("one_by_one", (2, 5, 3, 4), 7, (1, 1))
    yield c("one_by_one_with_stride", (1, 3, 5, 8), 2, (1, 1), stride=(2, 3))
    yield c("one_pixel", (1, 3, 1, 1), 2, (1, 1))
    yield c("one_pixel_padded", (1, 2, 1, 1), 3, (3, 2), padding=(1, 2))
    yield c("kernel_as_large_as_the_padded_input", (1, 2, 3, 4), 2, (5, 6), padding=(1, 1))
    yield c("even_kernel", (1, 2, 5, 6), 2, (4, 2), padding=(2, 1))
    yield c("kernel_row", (1, 2, 4, 9), 2, (1, 7), padding=(0, 3))
    yield c("kernel_column", (1, 2, 9, 4), 2, (7, 1), padding=(3, 0))
    yield c("empty_batch", (0, 2, 5, 4), 3, (3, 2))
    yield c("padding_valid", (1, 2, 5, 6), 2, (3, 2), padding="valid")
    yield c("all_options", (2, 6, 10, 13), 4, (3, 2), stride=(2, 3), padding=(2, 1), dilation=(2, 3), groups=2)
    for top, bottom, left, right in [(1, 0, 0, 0), (0, 2, 0, 0), (0, 0, 3, 0), (0, 0, 0, 1), (1, 2, 3, 0)]:
        name = f"sides_{top}_{bottom}_{left}_{right}"
        yield c(name, (1, 2, 4, 5), 2, (2, 3), sides=(top, bottom, left, right))
    for mode in ["zeros", "reflect", "replicate", "circular"]:
        yield c(f"same_{mode}", (1, 2, 6, 7), 2, (3, 5), padding="same", padding_mode=mode)
        yield c(f"same_with_even_kernel_{mode}", (1, 2, 5, 6), 2, (4, 2), padding="same", padding_mode=mode)
        yield c(f"same_with_dilation_{mode}", (1, 1, 7, 9), 2, (2, 4), padding="same", dilation=(3, 2), padding_mode=mode)
        if mode == "zeros":
            continue
        yield c(f"padding_{mode}", (2, 2, 4, 5), 3, (3, 2), padding=(1, 3), padding_mode=mode)
        yield c(f"stride_dilation_groups_{mode}", (1, 4, 7, 6), 6, (2, 3), padding=(3, 4), stride=(2, 3), dilation=(3, 2), groups=2, padding_mode=mode)
        yield c(f"sides_{mode}", (1, 2, 4, 5), 2, (3, 2), sides=(3, 1, 0, 4), padding_mode=mode)
    for auto in ["same_upper", "same_lower"]:
        for size in [(5, 8), (6, 9)]:
            yield c(f"{auto}_stride_of_{size[0]}_{size[1]}", (1, 2, *size), 2, (3, 4), auto=auto, stride=(2, 3))
        yield c(f"{auto}_stride_larger_than_kernel", (1, 2, 10, 7), 2, (2, 1), auto=auto, stride=(3, 4))
        yield c(f"{auto}_one_pixel", (1, 2, 1, 1), 2, (3, 2), auto=auto, stride=(2, 5))
        for mode in ["zeros", "reflect", "replicate", "circular"]:
            yield c(f"{auto}_stride_dilation_groups_{mode}", (1, 4, 8, 6), 6, (2, 3), auto=auto, stride=(3, 2), dilation=(4, 2), groups=2, padding_mode=mode)
    yield c("largest_pad_reflect", (1, 1, 4, 3), 1, (2, 3), padding=(3, 2), padding_mode="reflect")
    yield c("largest_pad_circular", (1, 1, 4, 3), 1, (2, 3), padding=(4, 3), padding_mode="circular")
    yield c("pad_beyond_the_input_replicate", (1, 1, 3, 2), 1, (2, 3), padding=(5, 7), padding_mode="replicate")
    yield c("one_pixel_circular", (1, 1, 1, 1), 1, (3, 2), padding=(1, 1), padding_mode="circular")


# --- pooling ----------------------------------------------------------------------------------

def special(name, shape):
    """Every third element NaN, an infinity or a zero of either sign."""
    values = random(name, shape)
    specials = [NAN, -INF, INF, -0.0, 0.0, NAN, -INF]
    flat = values.view(-1)
    for i in range(0, flat.numel(), 3):
        flat[i] = specials[(i // 3 * 5 + i // 11) % len(specials)]
    return values


def covered(size, kernel, step, tap, begin, end, ceil_mode):
    """How far the windows of an axis reach behind the input, negative where they leave some of it
    out. With ceil_mode the last one must start inside the input or the padding before it."""
    span = tap * (kernel - 1) + 1
    room = size + begin + end - span
    windows = (math.ceil(room / step) if ceil_mode else room // step) + 1
    if ceil_mode and (windows - 1) * step >= size + begin:
        windows -= 1
    return (windows - 1) * step + span - size - begin


def around(input, sides, kernel_size, stride, dilation=(1, 1), ceil_mode=False):
    """The pads (left, right, top, bottom) that make a pooling without padding read its windows."""
    top, bottom, left, right = sides
    height, width = input.shape[2:]
    below = covered(height, kernel_size[0], stride[0], dilation[0], top, bottom, ceil_mode)
    behind = covered(width, kernel_size[1], stride[1], dilation[1], left, right, ceil_mode)
    return left, behind, top, below


def sides_of(input, sides, auto, kernel_size, options):
    if auto:
        return same_sides(auto, input.shape, kernel_size, **options), {"padding": auto}
    return sides, {"sides": sides}


def max_pool2d_case(name, input, kernel_size, sides=None, auto=None, **options):
    """`sides` and `auto` as of conv2d_case: a pad of negative infinity, then a pooling without
    padding, whose indices are brought back into the input."""
    if not isinstance(input, torch.Tensor):
        input = random(name, input)
    input = input.to(torch.float64).requires_grad_()
    if sides or auto:
        sides, said = sides_of(input, sides, auto, kernel_size, options)
        pads = around(input, sides, kernel_size, **options)
        padded = F.pad(input, pads, value=-INF)
        bare = {key: value for key, value in options.items() if key != "ceil_mode"}
        output, indices = F.max_pool2d(padded, kernel_size, return_indices=True, **bare)
        y, x = indices // padded.shape[3] - sides[0], indices % padded.shape[3] - sides[2]
        assert ((0 <= y) & (y < input.shape[2]) & (0 <= x) & (x < input.shape[3])).all(), name
        indices = y * input.shape[3] + x
        options |= said
    else:
        output, indices = F.max_pool2d(input, kernel_size, return_indices=True, **options)
    tensors = {"input": input, "output": output, "indices": indices}
    tensors |= gradients(name, output, {"input": input})
    options = {"kernel_size": kernel_size} | options
    return case(name, options, {key: value.detach() for key, value in tensors.items()})


def max_pool2d():
    c = max_pool2d_case
    yield c("defaults", (2, 3, 7, 8), (2, 3))
    yield c("overlapping", (1, 2, 7, 6), (3, 2), stride=(2, 1))
    yield c("stride_larger_than_kernel", (1, 2, 9, 10), (2, 1), stride=(3, 4))
    yield c("padding", (1, 2, 5, 6), (3, 4), stride=(2, 1), padding=(1, 2))
    yield c("padding_of_negative_values", -random("negative", (1, 2, 4, 5)).abs() - 1, (2, 3), stride=(1, 2), padding=(1, 1))
    yield c("dilation", (1, 2, 8, 9), (3, 2), stride=(1, 2), dilation=(2, 3))
    yield c("dilation_padding_stride", (2, 1, 9, 8), (2, 3), stride=(3, 2), padding=(1, 1), dilation=(3, 2))
    yield c("ceil_mode", (1, 2, 6, 8), (3, 2), stride=(2, 3), ceil_mode=True)
    yield c("ceil_mode_drops_the_last_window", (1, 1, 1, 5), (2, 2), stride=(2, 3), padding=(1, 1), ceil_mode=True)
    yield c("ceil_mode_drops_with_stride_larger_than_kernel", (1, 2, 6, 5), (2, 1), stride=(5, 4), padding=(1, 0), ceil_mode=True)
    yield c("ceil_mode_kernel_larger_than_input", (1, 2, 5, 3), (6, 4), stride=(2, 3), ceil_mode=True)
    yield c("ceil_mode_all_options", (1, 2, 11, 10), (3, 4), stride=(3, 2), padding=(1, 2), dilation=(2, 3), ceil_mode=True)
    yield c("ties_everywhere", torch.ones(1, 1, 5, 6), (3, 2), stride=(1, 1))
    yield c("ties_of_few_values", random("few", (1, 2, 6, 7), 1), (2, 3), stride=(1, 2), padding=(1, 1))
    zeros = torch.tensor([[0.0, -0.0, -0.0, 0.0, -0.0], [-0.0, 0.0, 0.0, -0.0, -0.0]])
    yield c("zeros_of_both_signs_tie", zeros.view(1, 1, 2, 5), (2, 2), stride=(1, 1))
    yield c("negative_infinity_only", torch.full((1, 1, 3, 4), -INF), (2, 3), stride=(1, 1), padding=(1, 1))
    yield c("nan_everywhere", torch.full((1, 1, 3, 4), NAN), (2, 3), stride=(1, 1))
    yield c("special_values", special("special", (2, 2, 7, 9)), (3, 2), stride=(2, 1), padding=(1, 1))
    yield c("special_values_with_dilation", special("special", (1, 2, 9, 8)), (2, 3), stride=(1, 2), padding=(1, 1), dilation=(3, 2), ceil_mode=True)
    yield c("one_pixel", (1, 3, 1, 1), (1, 1))
    yield c("one_pixel_padded", (1, 2, 1, 1), (2, 3), padding=(1, 1))
    yield c("kernel_as_large_as_the_input", (1, 2, 4, 3), (4, 3))
    yield c("empty_batch", (0, 2, 5, 4), (3, 2))
    for sides in [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 2), (1, 0, 1, 2)]:
        for ceil_mode in [False, True]:
            name = f"sides_{'_'.join(map(str, sides))}{'_ceil_mode' if ceil_mode else ''}"
            o = {"ceil_mode": True} if ceil_mode else {}
            yield c(name, (1, 2, 6, 7), (3, 4), stride=(2, 3), sides=sides, **o)
    yield c("sides_with_dilation", (1, 2, 7, 8), (3, 2), stride=(2, 1), dilation=(2, 3), sides=(0, 2, 1, 2))
    values = special("special", (1, 2, 6, 9))
    yield c("sides_of_special_values", torch.where(values == -INF, -3, values), (3, 2), stride=(2, 1), sides=(1, 0, 0, 1))
    yield c("sides_ceil_mode_drops_the_last_window", (1, 2, 1, 6), (3, 1), stride=(2, 5), sides=(1, 0, 0, 0), ceil_mode=True)
    yield c("sides_ceil_mode_keeps_a_window_in_the_padding_before", (1, 1, 1, 5), (5, 2), stride=(2, 3), sides=(2, 1, 1, 0), ceil_mode=True)
    for auto in ["same_upper", "same_lower"]:
        for size in [(5, 8), (6, 9)]:
            yield c(f"{auto}_stride_of_{size[0]}_{size[1]}", (1, 2, *size), (3, 4), auto=auto, stride=(2, 3))
        yield c(f"{auto}_stride_larger_than_kernel", (1, 2, 10, 7), (2, 1), auto=auto, stride=(3, 4))
        yield c(f"{auto}_dilation", (1, 2, 9, 8), (2, 3), auto=auto, stride=(3, 2), dilation=(4, 2))
        yield c(f"{auto}_one_pixel", (1, 2, 1, 1), (3, 2), auto=auto, stride=(2, 5))


def avg_pool2d_case(name, input, kernel_size, sides=None, auto=None, **options):
    """`sides` and `auto` as of conv2d_case: the sums of a padded copy without padding, over the sums
    of ones where cells count."""
    if not isinstance(input, torch.Tensor):
        input = random(name, input)
    input = input.to(torch.float64).requires_grad_()
    if sides or auto:
        steps = {key: value for key, value in options.items() if key in ["stride", "ceil_mode"]}
        sides, said = sides_of(input, sides, auto, kernel_size, steps)
        top, bottom, left, right = sides
        pads = around(input, sides, kernel_size, **steps)
        ones = torch.ones_like(input)
        if options.get("count_include_pad", True):
            ones = F.pad(ones, (left, right, top, bottom), value=1.0)
            counted = F.pad(ones, (0, pads[1] - right, 0, pads[3] - bottom))
        else:
            counted = F.pad(ones, pads)
        sums = [
            F.avg_pool2d(values, kernel_size, options["stride"], divisor_override=1)
            for values in [F.pad(input, pads), counted]
        ]
        divisor = options.get("divisor_override")
        output = sums[0] / (divisor if divisor else sums[1])
        options |= said
    else:
        output = F.avg_pool2d(input, kernel_size, **options)
    tensors = {"input": input, "output": output} | gradients(name, output, {"input": input})
    options = {"kernel_size": kernel_size} | options
    return case(name, options, {key: value.detach() for key, value in tensors.items()})


def avg_pool2d():
    c = avg_pool2d_case
    yield c("defaults", (2, 3, 7, 8), (2, 3))
    yield c("overlapping", (1, 2, 7, 6), (3, 2), stride=(2, 1))
    yield c("stride_larger_than_kernel", (1, 2, 9, 10), (2, 1), stride=(3, 4))
    yield c("one_pixel", (1, 3, 1, 1), (1, 1))
    yield c("kernel_as_large_as_the_input", (1, 2, 4, 3), (4, 3))
    yield c("empty_batch", (0, 2, 5, 4), (3, 2))
    yield c("infinities", special("special", (1, 2, 6, 5)), (2, 3), stride=(2, 1), padding=(1, 1))
    for include in [True, False]:
        count = "include" if include else "exclude"
        o = {"count_include_pad": include}
        yield c(f"padding_{count}", (1, 2, 5, 6), (3, 4), stride=(2, 1), padding=(1, 2), **o)
        yield c(f"ceil_mode_{count}", (1, 2, 6, 8), (3, 2), stride=(2, 3), ceil_mode=True, **o)
        yield c(f"ceil_overhang_of_ones_{count}", torch.ones(1, 1, 4, 6), (3, 5), stride=(2, 3), padding=(1, 2), ceil_mode=True, **o)
        yield c(f"ceil_mode_drops_the_last_window_{count}", (1, 1, 1, 5), (2, 2), stride=(2, 3), padding=(1, 1), ceil_mode=True, **o)
        yield c(f"ceil_mode_kernel_larger_than_input_{count}", (1, 2, 5, 3), (6, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True, **o)
        yield c(f"one_pixel_padded_{count}", (1, 2, 1, 1), (2, 3), padding=(1, 1), **o)
    yield c("divisor_override", (1, 2, 5, 6), (3, 4), stride=(2, 1), padding=(1, 2), divisor_override=5)
    yield c("divisor_override_negative", (1, 2, 6, 8), (3, 2), stride=(2, 3), ceil_mode=True, divisor_override=-3)
    yield c("divisor_override_beats_exclude", (1, 2, 5, 4), (3, 2), padding=(1, 1), count_include_pad=False, divisor_override=7)
    for include in [True, False]:
        count = "include" if include else "exclude"
        o = {"count_include_pad": include}
        for sides in [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 2), (1, 0, 1, 2)]:
            for ceil_mode in [False, True]:
                name = f"sides_{'_'.join(map(str, sides))}{'_ceil_mode' if ceil_mode else ''}_{count}"
                yield c(name, (1, 2, 6, 7), (3, 4), stride=(2, 3), sides=sides, ceil_mode=ceil_mode, **o)
        yield c(f"sides_ceil_mode_drops_the_last_window_{count}", (1, 2, 1, 6), (3, 1), stride=(2, 5), sides=(1, 0, 0, 0), ceil_mode=True, **o)
        yield c(f"sides_ceil_mode_keeps_a_window_in_the_padding_before_{count}", (1, 1, 1, 5), (5, 2), stride=(2, 3), sides=(2, 1, 1, 0), ceil_mode=True, **o)
        for auto in ["same_upper", "same_lower"]:
            for size in [(5, 8), (6, 9)]:
                yield c(f"{auto}_stride_of_{size[0]}_{size[1]}_{count}", (1, 2, *size), (3, 4), auto=auto, stride=(2, 3), **o)
            yield c(f"{auto}_stride_larger_than_kernel_{count}", (1, 2, 10, 7), (2, 1), auto=auto, stride=(3, 4), **o)
            yield c(f"{auto}_one_pixel_{count}", (1, 2, 1, 1), (3, 2), auto=auto, stride=(2, 5), **o)
    yield c("sides_divisor_override", (1, 2, 5, 6), (3, 4), stride=(2, 1), sides=(0, 1, 2, 1), divisor_override=5)


def adaptive_case(pool, name, input, output_size):
    if not isinstance(input, torch.Tensor):
        input = random(name, input)
    input = input.to(torch.float64).requires_grad_()
    if pool == "max":
        output, indices = F.adaptive_max_pool2d(input, output_size, return_indices=True)
        tensors = {"input": input, "output": output, "indices": indices}
    else:
        output = F.adaptive_avg_pool2d(input, output_size)
        tensors = {"input": input, "output": output}
    tensors |= gradients(name, output, {"input": input})
    options = {"output_size": output_size}
    return case(name, options, {key: value.detach() for key, value in tensors.items()})


def adaptive(pool):
    def c(*arguments):
        return adaptive_case(pool, *arguments)

    yield c("windows_that_divide", (2, 3, 6, 8), (3, 2))
    yield c("windows_that_overlap", (1, 2, 7, 10), (3, 4))
    yield c("output_larger_than_input", (1, 2, 3, 2), (5, 7))
    yield c("height_shrinks_and_width_grows", (1, 2, 7, 3), (2, 5))
    yield c("identity", (1, 2, 4, 5), (4, 5))
    yield c("global", (2, 3, 5, 4), (1, 1))
    yield c("one_pixel", (1, 3, 1, 1), (2, 3))
    yield c("empty_batch", (0, 2, 5, 4), (3, 2))
    yield c("special_values", special("special", (1, 2, 7, 9)), (3, 4))
    if pool == "max":
        yield c("ties", random("few", (1, 2, 6, 7), 1), (4, 3))
        yield c("negative_infinity_only", torch.full((1, 1, 3, 5), -INF), (2, 3))


# --- activations ------------------------------------------------------------------------------

def hard_sigmoid(x):
    """F.hardsigmoid, whose gradient in float64 has 1/6 as a float32 holds it."""
    torch.testing.assert_close(F.hardsigmoid(x), F.relu6(x + 3) / 6, rtol=1e-15, atol=0, equal_nan=True)
    return F.relu6(x + 3) / 6


ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "silu": F.silu,
    "hard_swish": F.hardswish,
    "hard_sigmoid": hard_sigmoid,
    "sigmoid": F.sigmoid,
    "tanh": torch.tanh,
}


def activations():
    kinks = [-4, -3, -2.875, -1, -0.125, -0.0, 0.0, 0.125, 1, 2.875, 3, 4, 5.875, 6, 7]
    for name, function in ACTIVATIONS.items():
        # PyTorch's vector and scalar loops differ in the gradient of these at a NaN.
        nan = 0.5 if name in ["relu6", "hard_swish", "hard_sigmoid"] else NAN
        values = torch.tensor(kinks + [-40, 40, nan, INF, -INF], dtype=torch.float64)
        # The default 0.01 as an f32, which is what a slope is here.
        slopes = [{"negative_slope": 0.009999999776482582}, {"negative_slope": 0.25}]
        for options in slopes if name == "leaky_relu" else [{}]:
            input = values.clone().view(1, 2, 2, 5).requires_grad_()
            output = function(input, **options)
            # One grad_output for all: 0 * inf in it would hide what the function does.
            grad_output = 1 + torch.arange(20, dtype=torch.float64).view(1, 2, 2, 5) / 8
            (grad_input,) = torch.autograd.grad(output, [input], grad_output)
            tensors = {"input": input, "output": output, "grad_output": grad_output, "grad_input": grad_input}
            suffix = "_with_slope" if options == slopes[1] else ""
            yield case(
                name + suffix,
                {"activation": name} | options,
                {key: value.detach() for key, value in tensors.items()},
            )


# --- conv_transpose2d -------------------------------------------------------------------------

def conv_transpose2d_case(name, input_shape, out_channels, kernel_size, bias=True, **options):
    layer = torch.nn.ConvTranspose2d(
        input_shape[1], out_channels, kernel_size, bias=bias, dtype=torch.float64, **options
    )
    tensors = {"input": random(name, input_shape), "weight": random(name, tuple(layer.weight.shape))}
    if bias:
        tensors["bias"] = random(name, (out_channels,))
    tensors = {key: value.requires_grad_() for key, value in tensors.items()}
    parameters = {key: tensors[key] for key in ("weight", "bias") if key in tensors}
    output = torch.func.functional_call(layer, parameters, tensors["input"])
    found = gradients(name, output, tensors)
    tensors = tensors | {"output": output} | found
    return case(name, {"kernel_size": kernel_size} | options, {k: v.detach() for k, v in tensors.items()})


def conv_transpose2d():
    c = conv_transpose2d_case
    yield c("defaults", (2, 3, 4, 5), 4, (3, 2))
    yield c("no_bias", (1, 2, 3, 4), 3, (2, 3), bias=False)
    yield c("stride", (1, 2, 4, 3), 3, (3, 2), stride=(2, 3))
    yield c("stride_larger_than_kernel", (1, 2, 3, 4), 2, (2, 1), stride=(3, 4))
    yield c("padding", (1, 2, 4, 5), 2, (3, 4), padding=(1, 2))
    yield c("output_padding", (1, 2, 3, 4), 2, (3, 2), stride=(2, 3), output_padding=(1, 2))
    yield c("output_padding_below_dilation", (1, 1, 3, 4), 2, (2, 3), dilation=(2, 3), output_padding=(1, 2))
    yield c("dilation", (1, 2, 4, 3), 3, (2, 3), dilation=(3, 2))
    yield c("groups", (1, 4, 3, 4), 6, (2, 3), groups=2)
    yield c("depthwise_with_multiplier", (1, 3, 4, 3), 6, (3, 2), groups=3, stride=(1, 2))
    yield c("all_options", (2, 4, 3, 5), 6, (3, 2), stride=(3, 2), padding=(2, 1), output_padding=(1, 0), dilation=(2, 3), groups=2)
    yield c("one_pixel", (1, 2, 1, 1), 3, (3, 2))
    yield c("empty_batch", (0, 2, 3, 4), 3, (3, 2))


# --- between convolutions ---------------------------------------------------------------------

def numbered(name, options, output, inputs):
    """A case of an operation on any number of tensors, all of which have gradients."""
    found = gradients(name, output, {f"input{i}": value for i, value in enumerate(inputs)})
    tensors = {f"input{i}": value for i, value in enumerate(inputs)}
    tensors |= {"output": output} | found
    return case(name, options, {key: value.detach() for key, value in tensors.items()})


def inputs_of(name, shapes):
    return [random(f"{name} {i}", shape).requires_grad_() for i, shape in enumerate(shapes)]


def arithmetic():
    shapes = {
        "same_shape": [(2, 3, 4, 5), (2, 3, 4, 5)],
        "gate_of_planes": [(2, 3, 4, 5), (2, 3, 1, 1)],
        "bias_of_channels": [(2, 3, 4, 5), (1, 3, 1, 1)],
        "bias_first": [(1, 3, 1, 1), (2, 3, 4, 5)],
        "one_number": [(2, 3, 4, 5), (1, 1, 1, 1)],
        "mask_of_planes": [(2, 3, 4, 5), (2, 1, 4, 5)],
        "same_for_every_image": [(3, 2, 4, 5), (1, 2, 4, 5)],
        "row": [(2, 3, 4, 5), (1, 1, 1, 5)],
        "both_broadcast": [(2, 1, 4, 1), (1, 3, 1, 5)],
        "empty_batch": [(0, 3, 4, 5), (1, 3, 1, 1)],
    }
    for operator, function in {"add": torch.add, "sub": torch.sub, "mul": torch.mul}.items():
        for name, shape in shapes.items():
            name = f"{operator}_{name}"
            inputs = inputs_of(name, shape)
            yield numbered(name, {"operator": operator}, function(*inputs), inputs)


def cat():
    for name, shapes in {
        "two": [(2, 3, 4, 5), (2, 2, 4, 5)],
        "one": [(2, 3, 4, 5)],
        "four": [(1, 1, 3, 2), (1, 3, 3, 2), (1, 2, 3, 2), (1, 1, 3, 2)],
        "no_channels": [(2, 0, 4, 5), (2, 3, 4, 5)],
        "one_pixel": [(3, 2, 1, 1), (3, 5, 1, 1)],
        "empty_batch": [(0, 3, 4, 5), (0, 2, 4, 5)],
    }.items():
        inputs = inputs_of(name, shapes)
        yield numbered(name, {}, torch.cat(inputs, dim=1), inputs)


def prelu_case(name, shape, slopes, values=None):
    input, weight = inputs_of(name, [shape, (1, slopes, 1, 1)])
    if values is not None:
        input = values.view(shape).requires_grad_()
    output = F.prelu(input, weight.reshape(slopes))
    return numbered(name, {}, output, [input, weight])


def prelu():
    yield prelu_case("slopes_of_channels", (2, 3, 4, 5), 3)
    yield prelu_case("one_slope", (2, 3, 4, 5), 1)
    yield prelu_case("one_channel", (2, 1, 4, 5), 1)
    yield prelu_case("one_pixel", (3, 5, 1, 1), 5)
    zeros = torch.tensor([0.0, -0.0, -1, 1, 0.0, -0.0, 2, -2], dtype=torch.float64)
    yield prelu_case("zeros_of_both_signs", (1, 2, 1, 4), 2, zeros)
    specials = torch.tensor([NAN, INF, -INF, 1, -1, 0.0], dtype=torch.float64)
    yield prelu_case("special_values", (1, 3, 1, 2), 3, specials)
    yield prelu_case("empty_batch", (0, 3, 4, 5), 3)


# The defaults of filtro, which are f32.
EPS, MOMENTUM = 9.999999747378752e-06, 0.10000000149011612


def batch_norm2d_case(name, shape, training=False, weight=True, bias=True, eps=EPS, momentum=MOMENTUM, batches=1, spread=16, offset=0):
    """Inputs: x, weight and bias where there are such, and in evaluation running mean and variance.
    A training case has the running statistics before and after it."""
    channels = shape[1]
    x = random(name, shape, spread) + offset
    layer = torch.nn.BatchNorm2d(channels, eps=eps, momentum=momentum, dtype=torch.float64)
    layer.running_mean = random(name + " mean", (channels,))
    layer.running_var = random(name + " var", (channels,)).abs() + 0.125
    layer.num_batches_tracked.fill_(batches - 1)
    layer.train(training)
    before = [value.clone().view(1, channels, 1, 1) for value in (layer.running_mean, layer.running_var)]
    affine = {}
    if weight:
        affine["weight"] = random(name + " weight", (channels,))
    if bias:
        affine["bias"] = random(name + " bias", (channels,))
    inputs = [x] + [value.view(1, channels, 1, 1) for value in affine.values()]
    inputs = [value.requires_grad_() for value in inputs]
    given = {key: value.view(channels) for key, value in zip(affine, inputs[1:])}
    ones = {"weight": torch.ones(channels, dtype=torch.float64), "bias": torch.zeros(channels, dtype=torch.float64)}
    output = torch.func.functional_call(layer, ones | given, x)
    options = {"training": training, "weight": weight, "bias": bias, "eps": eps}
    more = {}
    if training:
        options |= {"momentum": momentum, "num_batches_tracked": batches}
        more = {"running_mean": before[0], "running_var": before[1]} | {
            f"new_{key}": getattr(layer, key).view(1, channels, 1, 1) for key in ("running_mean", "running_var")
        }
    else:
        inputs = inputs + before
    found = gradients(name, output, {f"input{at}": value for at, value in enumerate(inputs[: 1 + len(affine)])})
    tensors = {f"input{at}": value for at, value in enumerate(inputs)} | {"output": output} | found | more
    return case(name, options, {key: value.detach() for key, value in tensors.items()})


def batch_norm2d():
    c = batch_norm2d_case
    for training in [False, True]:
        mode = "training" if training else "evaluation"
        yield c(f"{mode}", (2, 3, 4, 5), training)
        yield c(f"{mode}_without_affine", (2, 3, 4, 5), training, weight=False, bias=False)
        yield c(f"{mode}_with_weight_alone", (3, 2, 1, 5), training, bias=False)
        yield c(f"{mode}_with_bias_alone", (1, 4, 3, 2), training, weight=False)
        yield c(f"{mode}_eps", (2, 2, 3, 4), training, eps=0.25)
        yield c(f"{mode}_one_pixel", (5, 3, 1, 1), training)
        yield c(f"{mode}_of_a_constant", (2, 3, 2, 3), training, spread=0, offset=7)
        yield c(f"{mode}_far_from_zero", (2, 3, 2, 3), training, offset=1000)
    yield c("evaluation_eps_0", (2, 2, 3, 4), eps=0.0)
    yield c("evaluation_empty_batch", (0, 2, 3, 4))
    yield c("training_momentum", (2, 3, 4, 5), True, momentum=0.75)
    yield c("training_momentum_none_first", (2, 3, 4, 5), True, momentum=None)
    yield c("training_momentum_none_third", (2, 3, 4, 5), True, momentum=None, batches=3)
    yield c("training_two_values", (2, 3, 1, 1), True)


def softmax_case(name, input):
    input = input.requires_grad_()
    return numbered(name, {}, F.softmax(input, dim=1), [input])


def softmax():
    c = softmax_case
    yield c("plane", random("plane", (2, 3, 4, 5)))
    yield c("classes", random("classes", (3, 7, 1, 1)))
    yield c("one_channel", random("one_channel", (2, 1, 3, 2)))
    yield c("many_channels", random("many_channels", (1, 70, 1, 2)))
    yield c("large", 100 * random("large", (2, 5, 2, 3)))
    yield c("empty_batch", random("empty_batch", (0, 3, 4, 5)))
    special = random("special", (1, 3, 2, 5))
    special[0, :, 0, 0] = -INF
    special[0, 1, 0, 1] = -INF
    special[0, 2, 0, 2] = INF
    special[0, 0, 0, 3] = NAN
    special[0, 1, 0, 4], special[0, 2, 0, 4] = INF, -INF
    yield c("special_values", special)


# --- interpolation, padding, pixel shuffle ------------------------------------------------------

def resample_case(name, shape, forward, **options):
    """An operation of one tensor."""
    input = random(name, shape).requires_grad_()
    output = forward(input)
    found = gradients(name, output, {"input0": input})
    tensors = {"input0": input, "output": output} | found
    return case(name, options, {key: value.detach() for key, value in tensors.items()})


def interpolate_case(name, shape, **options):
    """Outputs of at most 128 rows and columns together: for larger ones of few channels PyTorch has
    a kernel that finds the nearest element otherwise where the output is of the input's size, or
    twice that."""
    if "align_corners" in options or options.get("mode") == "bilinear":
        given = {"align_corners": options.get("align_corners", False)}
    else:
        given = {}
    given |= {"mode": options.get("mode", "nearest")}
    given |= {key: options[key] for key in ("size", "scale_factor") if key in options}
    return resample_case(name, shape, lambda input: F.interpolate(input, **given), **options)


def interpolate():
    c = interpolate_case
    yield c("twice", (2, 3, 4, 5), scale_factor=(2.0, 2.0))
    yield c("three_and_four_times", (1, 2, 3, 4), scale_factor=(3.0, 4.0))
    yield c("by_size", (1, 2, 5, 7), size=(8, 3))
    yield c("smaller", (1, 2, 9, 11), scale_factor=(0.4, 0.3))
    yield c("half", (1, 2, 6, 8), scale_factor=(0.5, 0.5))
    yield c("same_size", (1, 1, 3, 4), size=(3, 4))
    yield c("same_size_by_a_factor_above_one", (1, 1, 4, 5), scale_factor=(1.1, 1.19))
    yield c("twice_by_a_factor_above_two", (1, 1, 4, 3), scale_factor=(2.2, 2.3))
    yield c("a_factor_that_is_no_ratio_of_sizes", (1, 2, 5, 7), scale_factor=(1.7, 2.9))
    yield c("a_scale_whose_last_digit_matters_41_of_82", (1, 1, 1, 2), size=(1, 82))
    yield c("a_scale_whose_last_digit_matters_23_of_46", (1, 1, 14, 1), size=(46, 1))
    yield c("a_scale_whose_last_digit_matters_37_of_74", (1, 1, 2, 12), size=(3, 74))
    yield c("a_factor_whose_last_digit_matters_49_of_4", (1, 1, 2, 4), scale_factor=(1.0, 37 / 3))
    yield c("a_factor_whose_last_digit_matters_52_of_8", (1, 1, 8, 3), scale_factor=(46 / 7, 1.0))
    yield c("a_factor_whose_last_digit_matters_32_of_10", (1, 1, 10, 2), scale_factor=(23 / 7, 1.5))
    yield c("to_one", (1, 2, 5, 4), size=(1, 1))
    yield c("from_one", (1, 2, 1, 1), size=(3, 5))
    yield c("empty_batch", (0, 2, 3, 4), size=(5, 6))
    for align in (False, True):
        def b(name, shape, **options):
            name = f"bilinear_{'corners_' if align else ''}{name}"
            options = {"mode": "bilinear"} | ({"align_corners": True} if align else {}) | options
            return c(name, shape, **options)

        yield b("twice", (2, 3, 4, 5), scale_factor=(2.0, 2.0))
        yield b("three_and_four_times", (1, 2, 3, 4), scale_factor=(3.0, 4.0))
        yield b("by_size", (1, 2, 5, 7), size=(8, 3))
        yield b("smaller", (1, 2, 9, 11), scale_factor=(0.4, 0.3))
        yield b("half", (1, 2, 6, 8), scale_factor=(0.5, 0.5))
        yield b("a_quarter", (1, 2, 8, 12), size=(2, 3))
        yield b("same_size", (1, 1, 3, 4), size=(3, 4))
        yield b("same_width", (1, 1, 3, 4), size=(5, 4))
        yield b("same_size_by_a_factor_above_one", (1, 1, 4, 5), scale_factor=(1.1, 1.19))
        yield b("a_factor_that_is_no_ratio_of_sizes", (1, 2, 5, 7), scale_factor=(1.7, 2.9))
        yield b("many_times", (1, 1, 2, 3), size=(11, 23))
        yield b("to_one", (1, 2, 5, 4), size=(1, 1))
        yield b("to_one_row", (1, 2, 5, 4), size=(1, 7))
        yield b("from_one", (1, 2, 1, 1), size=(3, 5))
        yield b("from_one_column", (1, 2, 4, 1), size=(3, 5))
        yield b("empty_batch", (0, 2, 3, 4), size=(5, 6))


def pad_case(name, shape, sides, mode="zeros", value=0.0):
    top, bottom, left, right = sides
    options = {"sides": sides} | ({} if mode == "zeros" else {"mode": mode})
    options |= {"value": value} if value else {}
    kind = {"mode": "constant", "value": value} if mode == "zeros" else {"mode": mode}
    forward = lambda input: F.pad(input, (left, right, top, bottom), **kind)
    return resample_case(name, shape, forward, **options)


def pad():
    c = pad_case
    yield c("none", (1, 2, 3, 4), (0, 0, 0, 0))
    yield c("zeros", (2, 3, 3, 4), (1, 2, 3, 0))
    yield c("value", (1, 2, 3, 4), (0, 1, 2, 3), value=-1.5)
    yield c("one_pixel", (1, 2, 1, 1), (2, 0, 1, 3), value=0.25)
    yield c("out_of_proportion", (1, 1, 2, 3), (0, 20, 30, 1))
    yield c("empty_batch", (0, 2, 3, 4), (1, 2, 3, 4))
    for mode in ("reflect", "replicate", "circular"):
        yield c(f"{mode}", (2, 2, 4, 5), (1, 2, 3, 1), mode)
        yield c(f"{mode}_one_side", (1, 2, 4, 5), (0, 3, 0, 0), mode)
        yield c(f"{mode}_most", (1, 1, 4, 6), (3, 3, 5, 5), mode)
        yield c(f"{mode}_empty_batch", (0, 2, 3, 4), (1, 2, 2, 0), mode)
    yield c("circular_all", (1, 1, 4, 3), (4, 4, 3, 3), "circular")
    yield c("circular_one_pixel", (1, 2, 1, 1), (1, 0, 1, 1), "circular")
    yield c("replicate_out_of_proportion", (1, 1, 2, 3), (7, 20, 30, 1), "replicate")
    yield c("replicate_one_pixel", (1, 2, 1, 1), (3, 4, 5, 0), "replicate")


def pixel_shuffle():
    def c(name, shape, factor):
        return resample_case(name, shape, lambda x: F.pixel_shuffle(x, factor), upscale_factor=factor)

    yield c("by_two", (2, 12, 3, 4), 2)
    yield c("by_two_odd", (1, 8, 2, 5), 2)
    yield c("by_three", (1, 18, 2, 3), 3)
    yield c("by_four", (1, 16, 3, 2), 4)
    yield c("by_five", (1, 50, 2, 3), 5)
    yield c("by_one", (1, 3, 2, 5), 1)
    yield c("one_pixel", (2, 9, 1, 1), 3)


if __name__ == "__main__":
    write("conv2d", list(conv2d()))
    write("max_pool2d", list(max_pool2d()))
    write("avg_pool2d", list(avg_pool2d()))
    write("adaptive_avg_pool2d", list(adaptive("avg")))
    write("adaptive_max_pool2d", list(adaptive("max")))
    write("activation", list(activations()))
    write("conv_transpose2d", list(conv_transpose2d()))
    write("batch_norm2d", list(batch_norm2d()))
    write("softmax", list(softmax()))
    write("arithmetic", list(arithmetic()))
    write("cat", list(cat()))
    write("prelu", list(prelu()))
    write("interpolate", list(interpolate()))
    write("pad", list(pad()))
    write("pixel_shuffle", list(pixel_shuffle()))
