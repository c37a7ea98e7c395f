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


# --- conv2d -----------------------------------------------------------------------------------

def conv2d_case(name, input_shape, out_channels, kernel_size, bias=True, sides=None, **options):
    """`sides` is (top, bottom, left, right), which torch.nn.Conv2d lacks: an explicit pad of the
    mode, then a convolution without padding."""
    in_channels = input_shape[1]
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
    if sides:
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


def max_pool2d_case(name, input, kernel_size, **options):
    if not isinstance(input, torch.Tensor):
        input = random(name, input)
    input = input.to(torch.float64).requires_grad_()
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


def avg_pool2d_case(name, input, kernel_size, **options):
    if not isinstance(input, torch.Tensor):
        input = random(name, input)
    input = input.to(torch.float64).requires_grad_()
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

ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "silu": F.silu,
    "hard_swish": F.hardswish,
    "sigmoid": F.sigmoid,
    "tanh": torch.tanh,
}


def activations():
    kinks = [-4, -3, -2.875, -1, -0.125, -0.0, 0.0, 0.125, 1, 2.875, 3, 4, 5.875, 6, 7]
    for name, function in ACTIVATIONS.items():
        # PyTorch's vector and scalar loops differ in the gradient of these at a NaN.
        nan = 0.5 if name in ["relu6", "hard_swish"] else NAN
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
    write("interpolate", list(interpolate()))
    write("pad", list(pad()))
    write("pixel_shuffle", list(pixel_shuffle()))
