"""The model as a device runs it: one graph in onnxruntime, built from the weights at hand, without torch.

The same mathematics as `nextword.model`. Matrices stay in eight bits where the weights do (`MatMulNBits`: the
activations of each piece are rounded to eight bits too, in blocks of their own, so that a piece's answer does not
depend on what is read beside it, but for rounding); float weights are multiplied as floats.
"""

# B messages, T pieces, S pieces already cached, A = S + T, D width, H heads, K width of a head, V vocabulary, N places

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from nextword.eightbit import SCALE, Stored, is_quantized, restore
from nextword.model_config import OUTPUT_BIAS, ModelConfig, check_weights

_CONTRIBUTED = "com.microsoft"  # onnxruntime's own operators
_OPSET, _IR_VERSION = 23, 11
_POSITIONS = 1024  # more than any window holds
_EPSILON = 1e-6  # of the norms, as in nextword.model
_BLOCK = 128  # weights of a row that share a scale: all of them do, so the size is only a matter of speed
_LOGP, _HIDDEN = "logp", "hidden"  # what the graph gives, besides keys and values
_ZERO = 128  # what stands for zero in MatMulNBits' unsigned bytes

onnxruntime.disable_telemetry_events()  # on Windows, where the environment says nothing (`nextword/__init__.py`)

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Cache:
    """Keys and values of the S pieces that a model has read: two arrays [B, H, S, K] a layer."""

    layers: tuple[Floats, ...]

    @property
    def num_rows(self) -> int:
        return len(self.layers[0])

    @property
    def num_pieces(self) -> int:
        return int(self.layers[0].shape[2])

    def first(self, pieces: int) -> Cache:
        """The cache of only the first `pieces`."""
        return self if pieces == self.num_pieces else Cache(tuple(x[:, :, :pieces] for x in self.layers))

    def rows(self, rows: Sequence[int]) -> Cache:
        return Cache(tuple(x[rows] for x in self.layers))


class Runtime:
    """A language model ready to be asked."""

    def __init__(self, config: ModelConfig, weights: Stored, *, threads: int = 1):
        """`weights` in float32 or as `eightbit.quantize` gives them. Raises ValueError where they do not fit."""
        check_weights(config, restore(weights))
        self.config = config
        self.eight_bit = is_quantized(weights)
        graph = _Graph(config, weights)
        self._session = _session(graph.model(), graph.values, threads)
        half = config.width // config.heads // 2
        angle = np.arange(_POSITIONS)[:, None] * config.rotary_base ** (-np.arange(half) / half)
        self._cosine, self._sine = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        kinds = [f"{kind}{layer}" for layer in range(config.layers) for kind in ("key", "value")]
        self._cached = [f"{kind}.past" for kind in kinds]
        self._answers = [_LOGP, _HIDDEN, *(f"{kind}.present" for kind in kinds)]

    def read(self, pieces_BT: Ids, places_N: Ids, past: Cache | None = None) -> tuple[Floats, Floats, Cache]:
        """Log-probabilities [N, V] of the piece after each of the places, and the states [N, D] that they come from.

        Also the cache with the new pieces appended. The pieces follow those cached and are read causally. A place is a
        row's number times T, plus a column.
        """
        logp_NV, hidden_ND, *layers = self._session.run(self._answers, self._inputs(pieces_BT, places_N, past))
        return logp_NV, hidden_ND, Cache(tuple(layers))

    def branches(
        self, pieces_BT: Ids, places_N: Ids, past: Cache, positions_BT: Ids, visible_BTA: NDArray[np.bool_]
    ) -> Floats:
        """Log-probabilities [N, V] after each of the places, read as branches of a tree over what is cached.

        Each piece has its position, and `visible_BTA` says which of the cached and of these pieces it may attend to: so
        one call reads many continuations of one context. Nothing more is cached.
        """
        found: Floats = self._session.run([_LOGP], self._inputs(pieces_BT, places_N, past, positions_BT, visible_BTA))[
            0
        ]
        return found

    def hidden(self, pieces_BT: Ids, places_N: Ids) -> Floats:
        """The states [N, D] at each of the places alone, as `read` gives them; nothing is cached before."""
        found: Floats = self._session.run([_HIDDEN], self._inputs(pieces_BT, places_N))[0]
        return found

    def _inputs(
        self,
        pieces_BT: Ids,
        places_N: Ids,
        past: Cache | None = None,
        positions_BT: Ids | None = None,
        visible_BTA: NDArray[np.bool_] | None = None,
    ) -> dict[str, NDArray[np.generic]]:
        B, T = pieces_BT.shape
        S = past.num_pieces if past else 0
        if positions_BT is None:
            positions_BT = np.arange(S, S + T, dtype=np.int64)[None].repeat(B, 0)
        if visible_BTA is None:
            visible_BTA = np.ones((1, T, S + T), bool) if T == 1 else np.tri(T, S + T, S, dtype=bool)[None]
        inputs: dict[str, NDArray[np.generic]] = {
            "pieces": pieces_BT,
            "places": places_N,
            "cosine": self._cosine[positions_BT],
            "sine": self._sine[positions_BT],
            "visible": visible_BTA[:, None],
        }
        if past is not None:
            return inputs | dict(zip(self._cached, map(np.ascontiguousarray, past.layers), strict=True))
        H = self.config.heads
        return inputs | dict.fromkeys(self._cached, np.zeros((B, H, 0, self.config.width // H), np.float32))


def bare_products(config: ModelConfig, weights: Stored, *, threads: int = 1) -> Callable[[], None]:
    """The matrix products of one step of one piece and nothing else: a floor under the time of any answer."""
    graph = _Graph(config, weights)
    session = _session(graph.products(), graph.values, threads)
    inputs = {name: np.ones((1, size), np.float32) for name, size in (("x", config.width), ("h", config.hidden))}

    def step() -> None:
        session.run(None, inputs)

    return step


def _session(
    graph: onnx.ModelProto, values: Mapping[str, onnxruntime.OrtValue], threads: int
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.add_external_initializers(list(values), list(values.values()))
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.enable_mem_pattern = False  # no two calls have the same shape
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # which would keep all that a batch once took, a hundred megabytes a session
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    session.values = values  # which it may read where they are
    return session


class _Graph:
    """The model as an ONNX graph: every method adds nodes and gives the name of what they compute.

    The graph names the weights, and `values` holds them beside it: as bytes in the graph they would be copied thrice.
    """

    def __init__(self, config: ModelConfig, weights: Stored):
        self._config, self._weights = config, weights
        self.values: dict[str, onnxruntime.OrtValue] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._numbers = itertools.count()

    def model(self) -> onnx.ModelProto:
        config, H = self._config, self._config.heads
        K = config.width // H
        embedding = restore({n: x for n, x in self._weights.items() if n.startswith("embedding.weight")})
        x = self._node("Gather", self._weight("embedding", embedding["embedding.weight"]), "pieces")
        for layer in range(config.layers):
            x = self._block(x, layer)
        x = self._norm(x, "norm.weight")
        self._constants.append(numpy_helper.from_array(np.array([-1, config.width], np.int64), "flat"))
        x = self._node("Reshape", x, "flat")
        self._nodes.append(helper.make_node("Gather", [x, "places"], [_HIDDEN], axis=0))
        logits = self._product(_HIDDEN, "embedding.weight")
        if config.output_bias:
            bias = self._weight(OUTPUT_BIAS, self._weights[OUTPUT_BIAS].astype(np.float32))
            logits = self._node("Add", logits, bias)
        self._nodes.append(helper.make_node("LogSoftmax", [logits], [_LOGP], axis=-1))
        kinds = [f"{kind}{layer}" for layer in range(config.layers) for kind in ("key", "value")]
        floats, ids = TensorProto.FLOAT, TensorProto.INT64
        inputs = [
            helper.make_tensor_value_info(name, kind, shape)
            for name, kind, shape in (
                ("pieces", ids, ("B", "T")),
                ("places", ids, ("N",)),
                ("cosine", floats, ("B", "T", K // 2)),
                ("sine", floats, ("B", "T", K // 2)),
                ("visible", TensorProto.BOOL, ("C", 1, "T", "A")),
                *((f"{kind}.past", floats, ("B", H, "S", K)) for kind in kinds),
            )
        ]
        outputs = [
            helper.make_tensor_value_info(_LOGP, floats, ("N", config.vocabulary)),
            helper.make_tensor_value_info(_HIDDEN, floats, ("N", config.width)),
            *(helper.make_tensor_value_info(f"{kind}.present", floats, ("B", H, "A", K)) for kind in kinds),
        ]
        return self._finish(inputs, outputs)

    def products(self) -> onnx.ModelProto:
        """The products of the blocks and of the output with given vectors, one by one."""
        floats, outs = TensorProto.FLOAT, []
        for layer in range(self._config.layers):
            name = f"blocks.{layer}."
            outs += [
                self._product("x", *(f"{name}attention.{n}.weight" for n in ("query", "key", "value"))),
                self._product("x", name + "attention.output.weight"),
                self._product("x", name + "mlp.gate.weight", name + "mlp.up.weight"),
                self._product("h", name + "mlp.down.weight"),
            ]
        outs.append(self._product("x", "embedding.weight"))
        sizes = (("x", self._config.width), ("h", self._config.hidden))
        inputs = [helper.make_tensor_value_info(name, floats, (1, size)) for name, size in sizes]
        return self._finish(inputs, [helper.make_tensor_value_info(name, floats, (1, None)) for name in outs])

    def _finish(self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, "nextword", inputs, outputs, self._constants)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIBUTED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _block(self, x: str, layer: int) -> str:
        H, name = self._config.heads, f"blocks.{layer}."
        attended = self._norm(x, name + "attention_norm.weight")
        q, k, v = self._split(
            self._product(attended, *(f"{name}attention.{n}.weight" for n in ("query", "key", "value"))), 3
        )
        q, k = (self._node("RotaryEmbedding", y, "cosine", "sine", num_heads=H) for y in (q, k))
        cached = [f"{kind}{layer}" for kind in ("key", "value")]
        out = self._name()
        self._nodes.append(
            helper.make_node(
                "Attention",
                [q, k, v, "visible", *(f"{kind}.past" for kind in cached)],
                [out, *(f"{kind}.present" for kind in cached)],
                q_num_heads=H,
                kv_num_heads=H,
            )
        )
        x = self._node("Add", x, self._product(out, name + "attention.output.weight"))
        gate, up = self._split(
            self._product(self._norm(x, name + "mlp_norm.weight"), name + "mlp.gate.weight", name + "mlp.up.weight"), 2
        )
        # QuickGelu(x) = x sigmoid(alpha x), so with alpha = 1 it is SiLU in one node.
        gate = self._node("QuickGelu", gate, domain=_CONTRIBUTED, alpha=1.0)
        return self._node("Add", x, self._product(self._node("Mul", gate, up), name + "mlp.down.weight"))

    def _norm(self, x: str, weight: str) -> str:
        scale = self._weight(weight, self._weights[weight].astype(np.float32))
        return self._node("RMSNormalization", x, scale, axis=-1, epsilon=_EPSILON)

    def _product(self, x: str, *names: str) -> str:
        """x W^T for the matrices `names` one below another."""
        if not all(is_quantized({name: self._weights[name]}) for name in names):
            floats = restore({n: x for n, x in self._weights.items() if n.removesuffix(SCALE) in names})
            matrix = np.concatenate([floats[name] for name in names])
            return self._node("MatMul", x, self._weight("+".join(names), matrix.T))
        whole = np.concatenate([self._weights[name] for name in names]).astype(np.int16)
        scale_R = np.concatenate([self._weights[name + SCALE] for name in names]).astype(np.float32)
        (rows, columns), size = whole.shape, _BLOCK
        while size > 16 and columns % size:
            size //= 2
        blocks = -(-columns // size)
        packed = np.full((rows, blocks * size), _ZERO, np.uint8)
        packed[:, :columns] = whole + _ZERO
        return self._node(
            "MatMulNBits",
            x,
            self._weight("+".join(names), packed.reshape(rows, blocks, size)),
            self._weight("+".join(names) + SCALE, scale_R.repeat(blocks)),
            domain=_CONTRIBUTED,
            K=columns,
            N=rows,
            bits=8,
            block_size=size,
            accuracy_level=4,  # activations in int8
        )

    def _split(self, x: str, parts: int) -> list[str]:
        names = [self._name() for _ in range(parts)]
        self._nodes.append(helper.make_node("Split", [x], names, axis=-1, num_outputs=parts))
        return names

    def _node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        out = self._name()
        self._nodes.append(helper.make_node(operator, list(inputs), [out], domain=domain, **attributes))
        return out

    def _name(self) -> str:
        return f"x{next(self._numbers)}"

    def _weight(self, name: str, values: NDArray[np.generic]) -> str:
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        named = TensorProto(name=name, dims=values.shape, data_type=kind, data_location=TensorProto.EXTERNAL)
        named.external_data.add(key="location", value="values")  # a location must be named; there is no such file
        self._constants.append(named)
        self.values[name] = onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(values))
        return name
