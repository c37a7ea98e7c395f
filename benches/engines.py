"""What ONNX Runtime and ncnn are given, for single operations and for networks."""

import pathlib
import tempfile


def onnx_session(nodes, weights, shape, output, threads):
    """A session of ONNX Runtime's CPU provider for a graph of `x` in float32."""
    import onnxruntime
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def ncnn_net(lines, blobs, data, threads, vulkan):
    """A network of ncnn in float32, of the lines of its layers, its number of blobs and its weights."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = vulkan
    for name in ["packed", "storage", "arithmetic"]:
        setattr(net.opt, f"use_fp16_{name}", False)
    net.opt.use_bf16_storage = False
    with tempfile.TemporaryDirectory() as folder:
        param, model = pathlib.Path(folder, "net.param"), pathlib.Path(folder, "net.bin")
        text = "\n".join(lines)
        param.write_text(f"7767517\n{len(lines)} {blobs}\n{text}\n")
        model.write_bytes(data)
        net.load_param(str(param))
        net.load_model(str(model))
    return net
