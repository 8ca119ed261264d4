"""Tiny GGUF files with seeded random weights, one for each kind of memory that llama.cpp has.

They say nonsense, but the nonsense hangs on every token before it: a KV that was mixed up, cut wrongly or restored
wrongly shows in the text. The vocabulary is printable ASCII with byte tokens for the rest, and only printable tokens
can win, so replies are readable and never end by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

N_EMBD, N_HEAD, N_HEAD_KV, HEAD_SIZE, N_FFN = 64, 4, 2, 16, 96
N_CONTEXT = 2048
N_ENCODED = 256  # tokens of the longest text that the encoder takes
WINDOW = 32
D_CONV, D_STATE, DT_RANK, D_INNER = 4, 8, 4, 128

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

Array = npt.NDArray[np.float32]


class _Weights:
    """Tensors of one file, drawn one after the other from one seed."""

    def __init__(self, writer: gguf.GGUFWriter, seed: int) -> None:
        self._writer, self._random = writer, np.random.default_rng(seed)

    def draw(self, name: str, *shape: int, scale: float | None = None, around: float = 0.0) -> None:
        """Rows of a matrix keep the size of what they are multiplied with, unless `scale` says otherwise."""
        size = scale if scale is not None else shape[-1] ** -0.5
        self.put(name, around + self._random.standard_normal(shape) * size)

    def put(self, name: str, values: npt.ArrayLike) -> None:
        self._writer.add_tensor(name, np.asarray(values, dtype=np.float32))

    def norm(self, name: str, size: int) -> None:
        self.draw(f"{name}.weight", size, scale=0.1, around=1.0)

    def layer_norm(self, name: str) -> None:
        self.norm(name, N_EMBD)
        self.draw(f"{name}.bias", N_EMBD, scale=0.1)

    def attention(self, layer: str) -> None:
        self.draw(f"{layer}.attn_q.weight", N_HEAD * HEAD_SIZE, N_EMBD, scale=0.15)
        self.draw(f"{layer}.attn_k.weight", N_HEAD_KV * HEAD_SIZE, N_EMBD, scale=0.15)
        self.draw(f"{layer}.attn_v.weight", N_HEAD_KV * HEAD_SIZE, N_EMBD, scale=0.4)
        self.draw(f"{layer}.attn_output.weight", N_EMBD, N_HEAD * HEAD_SIZE)

    def feed_forward(self, layer: str) -> None:
        self.norm(f"{layer}.ffn_norm", N_EMBD)
        self.draw(f"{layer}.ffn_gate.weight", N_FFN, N_EMBD)
        self.draw(f"{layer}.ffn_up.weight", N_FFN, N_EMBD)
        self.draw(f"{layer}.ffn_down.weight", N_EMBD, N_FFN)

    def mamba(self, layer: str) -> None:
        self.draw(f"{layer}.ssm_in.weight", 2 * D_INNER, N_EMBD)
        self.draw(f"{layer}.ssm_conv1d.weight", D_INNER, D_CONV)
        self.draw(f"{layer}.ssm_conv1d.bias", D_INNER, scale=0.1)
        self.draw(f"{layer}.ssm_x.weight", DT_RANK + 2 * D_STATE, D_INNER)
        self.draw(f"{layer}.ssm_dt.weight", D_INNER, DT_RANK)
        self.draw(f"{layer}.ssm_dt.bias", D_INNER, scale=0.1)
        # near zero: what was read long ago is still felt
        self.put(f"{layer}.ssm_a", -np.tile(np.geomspace(0.002, 0.2, D_STATE), (D_INNER, 1)))
        self.draw(f"{layer}.ssm_d", D_INNER, scale=0.1, around=1.0)
        self.draw(f"{layer}.ssm_out.weight", N_EMBD, D_INNER)


def full_attention(
    path: Path,
    template: str | None = TEMPLATE,
    control: tuple[str, ...] = (),
    pooling: gguf.PoolingType | None = None,
) -> Path:
    """Llama. `control`: more control tokens, behind all others. `pooling`: it embeds texts as well."""

    def fill(writer: gguf.GGUFWriter, weights: _Weights) -> None:
        writer.add_head_count_kv(N_HEAD_KV)
        if pooling is not None:
            writer.add_pooling_type(pooling)
        for n in range(3):
            weights.norm(f"blk.{n}.attn_norm", N_EMBD)
            weights.attention(f"blk.{n}")
            weights.feed_forward(f"blk.{n}")

    return _write(path, "llama", 3, fill, template=template, control=control)


def sliding_window(path: Path) -> Path:
    """Gemma 3: of six layers five see the last `WINDOW` tokens only."""

    def fill(writer: gguf.GGUFWriter, weights: _Weights) -> None:
        writer.add_head_count_kv(N_HEAD_KV)
        writer.add_sliding_window(WINDOW)
        for n in range(6):
            layer = f"blk.{n}"
            for norm in ("attn_norm", "post_attention_norm", "post_ffw_norm"):
                weights.norm(f"{layer}.{norm}", N_EMBD)
            weights.attention(layer)
            weights.draw(f"{layer}.attn_q_norm.weight", HEAD_SIZE, scale=0.1, around=1.4)  # sharper attention
            weights.norm(f"{layer}.attn_k_norm", HEAD_SIZE)
            weights.feed_forward(layer)

    return _write(path, "gemma3", 6, fill, embedding_scale=N_EMBD**-0.5)  # Gemma multiplies by the root of its size


def recurrent(path: Path) -> Path:
    """Mamba."""

    def fill(writer: gguf.GGUFWriter, weights: _Weights) -> None:
        writer.add_head_count_kv(N_HEAD_KV)
        _add_ssm_sizes(writer)
        for n in range(3):
            weights.norm(f"blk.{n}.attn_norm", N_EMBD)
            weights.mamba(f"blk.{n}")

    return _write(path, "mamba", 3, fill)


def hybrid(path: Path) -> Path:
    """Jamba: Mamba layers with an attention layer between them."""

    def fill(writer: gguf.GGUFWriter, weights: _Weights) -> None:
        _add_ssm_sizes(writer)
        writer.add_head_count_kv([0, N_HEAD_KV, 0])
        for n in range(3):
            layer = f"blk.{n}"
            weights.norm(f"{layer}.attn_norm", N_EMBD)
            if n == 1:
                weights.attention(layer)
            else:
                weights.mamba(layer)
                weights.norm(f"{layer}.ssm_dt_norm", DT_RANK)
                weights.norm(f"{layer}.ssm_b_norm", D_STATE)
                weights.norm(f"{layer}.ssm_c_norm", D_STATE)
            weights.feed_forward(layer)

    return _write(path, "jamba", 3, fill)


def encoder(path: Path) -> Path:
    """BERT: nothing but embeddings, of words by their letters."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("Tiny bert")
    writer.add_context_length(N_ENCODED)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(2)
    writer.add_feed_forward_length(N_FFN)
    writer.add_head_count(N_HEAD)
    writer.add_layer_norm_eps(1e-5)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = [chr(code) for code in range(0x21, 0x7F)]
    tokens = [*special, *(f"▁{character}" for character in characters), *characters]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL] * len(special) + [gguf.TokenType.NORMAL] * 2 * len(characters))
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_mask_token_id(4)
    weights = _Weights(writer, seed=7)
    weights.draw("token_embd.weight", len(tokens), N_EMBD, scale=1.0)
    weights.draw("position_embd.weight", N_ENCODED, N_EMBD, scale=0.3)
    weights.draw("token_types.weight", 2, N_EMBD, scale=0.1)
    weights.layer_norm("token_embd_norm")
    for n in range(2):
        layer = f"blk.{n}"
        for name, n_out, n_in in (
            ("attn_q", N_EMBD, N_EMBD),
            ("attn_k", N_EMBD, N_EMBD),
            ("attn_v", N_EMBD, N_EMBD),
            ("attn_output", N_EMBD, N_EMBD),
            ("ffn_up", N_FFN, N_EMBD),
            ("ffn_down", N_EMBD, N_FFN),
        ):
            weights.draw(f"{layer}.{name}.weight", n_out, n_in)
            weights.draw(f"{layer}.{name}.bias", n_out, scale=0.1)
        weights.layer_norm(f"{layer}.attn_output_norm")
        weights.layer_norm(f"{layer}.layer_output_norm")
    return _close(writer, path)


def _write(
    path: Path,
    kind: str,
    n_layers: int,
    fill: Callable[[gguf.GGUFWriter, _Weights], None],
    *,
    template: str | None = TEMPLATE,
    embedding_scale: float = 1.0,
    control: tuple[str, ...] = (),
) -> Path:
    writer = gguf.GGUFWriter(path, kind)
    writer.add_name(f"Tiny {kind}")
    writer.add_context_length(N_CONTEXT)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(n_layers)
    writer.add_feed_forward_length(N_FFN)
    writer.add_head_count(N_HEAD)
    writer.add_key_length(HEAD_SIZE)
    writer.add_value_length(HEAD_SIZE)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HEAD_SIZE)
    writer.add_file_type(0)
    vocabulary = _add_vocabulary(writer, control)
    if template is not None:
        writer.add_chat_template(template)
    weights = _Weights(writer, seed=7)
    weights.draw("token_embd.weight", len(vocabulary), N_EMBD, scale=embedding_scale)
    weights.norm("output_norm", N_EMBD)
    fill(writer, weights)
    output = np.random.default_rng(8).standard_normal((len(vocabulary), N_EMBD))
    output[[not is_printable for is_printable in vocabulary]] = 0  # these never win
    weights.put("output.weight", output)
    return _close(writer, path)


def _close(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_ssm_sizes(writer: gguf.GGUFWriter) -> None:
    writer.add_ssm_conv_kernel(D_CONV)
    writer.add_ssm_inner_size(D_INNER)
    writer.add_ssm_state_size(D_STATE)
    writer.add_ssm_time_step_rank(DT_RANK)


def _add_vocabulary(writer: gguf.GGUFWriter, more_control: tuple[str, ...]) -> list[bool]:
    """Returns of each token whether it is a printable one."""
    control, byte, normal = gguf.TokenType.CONTROL, gguf.TokenType.BYTE, gguf.TokenType.NORMAL
    tokens = [("<unk>", gguf.TokenType.UNKNOWN), ("<s>", control), ("</s>", control)]
    tokens += [("<|im_start|>", control), ("<|im_end|>", control)]
    tokens += [(f"<0x{value:02X}>", byte) for value in range(256)]
    tokens += [("▁", normal), *((chr(code), normal) for code in range(0x21, 0x7F))]
    tokens += [(text, control) for text in more_control]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(4)
    writer.add_add_space_prefix(False)
    return [kind is normal for _, kind in tokens]


KINDS: dict[str, Callable[[Path], Path]] = {
    "full attention": full_attention,
    "sliding window": sliding_window,
    "recurrent": recurrent,
    "hybrid": hybrid,
}
