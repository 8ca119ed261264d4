"""The measures of a model that decide what it takes in memory, from its file's metadata. Pure.

What is kept of a token or of a sequence is llama.cpp's way; tests compare it with what llama.cpp says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.engine.gguf_header import Tensor
from app.engine.gguf_metadata import ModelMetadata

_LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Of one block: bytes of its weights, and what it keeps, in numbers.

    `k`, `v`: of each token, where it attends. `state`: of each sequence, where it is recurrent.
    """

    weight_bytes: int
    n_head: int
    k: int
    v: int
    state: int


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """`head_width`: numbers of a token in all heads of the widest layer. `inner`, `groups`: of recurrent layers."""

    architecture: str
    name: str
    trained_context: int
    n_embd: int
    n_vocab: int
    head_width: int
    feed_forward: int  # numbers of a token in the feed-forward blocks that run at the same time
    inner: int
    groups: int
    has_window: bool
    layers: tuple[Layer, ...]
    other_bytes: int  # of weights in no layer: embeddings, output
    passed_bytes: int = 0  # of weights that a token does not need: experts it has no use for, tables
    repackable: tuple[Tensor, ...]  # matrices that some processors want in another order

    @property
    def weight_bytes(self) -> int:
        return self.other_bytes + sum(layer.weight_bytes for layer in self.layers)

    @property
    def read_share(self) -> float:
        """Of the weights, that are read for each token: what its speed depends on."""
        return 1 - self.passed_bytes / self.weight_bytes if self.weight_bytes else 1.0

    @property
    def n_head(self) -> int:
        return max((layer.n_head for layer in self.layers if layer.k), default=0)


def shape_of(metadata: ModelMetadata) -> ModelShape:
    """What is not said gets llama.cpp's default."""
    n_layers = min(metadata.whole("block_count"), 4096)
    n_embd = metadata.whole("embedding_length")
    heads = metadata.each("attention.head_count", n_layers)
    heads_kv = metadata.each("attention.head_count_kv", n_layers, heads[0] if heads else 0)
    head_size = n_embd // max(1, max(heads, default=1))
    head_k = metadata.whole("attention.key_length", head_size)
    head_v = metadata.whole("attention.value_length", head_size)
    is_latent = metadata.whole("attention.key_length_mla") > 0
    state = _state_numbers(metadata, n_embd)
    weights, other = _weights(metadata.tensors, n_layers)
    recurs, attends = _layers_with(metadata.tensors, n_layers)
    layers = []
    for n in range(n_layers):
        n_kv = heads_kv[n] if attends[n] else 0
        layers.append(
            Layer(
                weight_bytes=weights[n],
                n_head=heads[n],
                k=head_k * n_kv,
                v=0 if is_latent else head_v * n_kv,
                state=state if recurs[n] else 0,
            )
        )
    return ModelShape(
        architecture=metadata.architecture,
        name=metadata.text("general.name") or metadata.parts[0].stem,
        trained_context=metadata.whole("context_length"),
        n_embd=n_embd,
        n_vocab=metadata.n_vocabulary,
        head_width=max(heads, default=0) * head_k if any(attends) else 0,
        feed_forward=_feed_forward(metadata, n_layers, n_embd),
        inner=metadata.whole("ssm.inner_size") if state else 0,
        groups=2 * metadata.whole("ssm.group_count") * metadata.whole("ssm.state_size") if state else 0,
        has_window=metadata.whole("attention.sliding_window") > 0,
        layers=tuple(layers),
        other_bytes=other,
        passed_bytes=_passed(metadata),
        repackable=_repackable(metadata.tensors),
    )


def _state_numbers(metadata: ModelMetadata, n_embd: int) -> int:
    """Kept of a sequence by a recurrent layer."""
    inner, size = metadata.whole("ssm.inner_size"), metadata.whole("ssm.state_size")
    if inner:
        groups = 2 * metadata.whole("ssm.group_count") * size
        return max(0, metadata.whole("ssm.conv_kernel") - 1) * (inner + groups) + size * inner
    head_size = metadata.whole("wkv.head_size")
    if head_size:
        return metadata.whole("token_shift_count", 2) * n_embd + n_embd * head_size
    reach = metadata.whole("shortconv.l_cache")
    return (reach - 1) * n_embd if reach else 0


def _weights(tensors: tuple[Tensor, ...], n_layers: int) -> tuple[list[int], int]:
    layers, other = [0] * n_layers, 0
    for tensor in tensors:
        found = _LAYER.match(tensor.name)
        if found and int(found[1]) < n_layers:
            layers[int(found[1])] += tensor.n_bytes
        else:
            other += tensor.n_bytes
    return layers, other


def _passed(metadata: ModelMetadata) -> int:
    count = metadata.whole("expert_count")
    passed = max(0.0, 1 - metadata.whole("expert_used_count") / count) if count else 0.0
    tables = _tables(metadata.tensors)
    return int(
        sum(
            tensor.n_bytes * (1.0 if tensor.name in tables else passed)
            for tensor in metadata.tensors
            if tensor.name in tables or "_exps." in tensor.name
        )
    )


def _tables(tensors: tuple[Tensor, ...]) -> tuple[str, ...]:
    """Of which a row is looked up for each token: they are not multiplied with. One may be the output as well."""
    has_output = any(tensor.name == "output.weight" for tensor in tensors)
    return ("per_layer_token_embd.weight", *(("token_embd.weight",) if has_output else ()))


def _layers_with(tensors: tuple[Tensor, ...], n_layers: int) -> tuple[list[bool], list[bool]]:
    """Which layers are recurrent, and which attend; by their weights."""
    recurs, attends = [False] * n_layers, [False] * n_layers
    for tensor in tensors:
        found = _LAYER.match(tensor.name)
        if found and int(found[1]) < n_layers:
            part = tensor.name[found.end() :]
            recurs[int(found[1])] |= part.startswith(("ssm_", "time_mix_", "shortconv."))
            attends[int(found[1])] |= part.startswith(("attn_k.", "attn_qkv.", "attn_kv_"))
    return recurs, attends


def _feed_forward(metadata: ModelMetadata, n_layers: int, n_embd: int) -> int:
    dense = 2 * max(metadata.each("feed_forward_length", n_layers), default=0)
    used = metadata.whole("expert_used_count")
    width = metadata.whole("expert_feed_forward_length", max(metadata.each("feed_forward_length", 1), default=0))
    return max(dense, used * (2 * width + n_embd))


def _repackable(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """All matrices but the table of embeddings, which is looked up and not multiplied with (unless it is both)."""
    has_output = any(tensor.name == "output.weight" for tensor in tensors)
    return tuple(
        tensor
        for tensor in tensors
        if len(tensor.shape) >= 2 and not (tensor.name == "token_embd.weight" and has_output)
    )
