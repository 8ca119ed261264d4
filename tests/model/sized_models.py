"""GGUF files of a wanted size, whose weights are all the same: for what a model takes, not for what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

N_CONTEXT = 32_768


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Of a model some tens of megabytes large."""

    n_embd: int = 512
    n_layers: int = 6
    n_head: int = 8
    n_head_kv: int = 2
    head_size: int = 64
    n_ff: int = 1536
    n_vocab: int = 4096


class _Model:
    def __init__(self, path: Path, architecture: str, sizes: Sizes) -> None:
        self.path, self.sizes = path, sizes
        self.writer = writer = gguf.GGUFWriter(path, architecture)
        writer.add_name(f"Sized {architecture}")
        writer.add_context_length(N_CONTEXT)
        writer.add_embedding_length(sizes.n_embd)
        writer.add_block_count(sizes.n_layers)
        writer.add_feed_forward_length(sizes.n_ff)
        writer.add_head_count(sizes.n_head)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_file_type(1)
        tokens = ["<unk>", "<s>", "</s>", *(f"t{n}" for n in range(sizes.n_vocab - 3))]
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(tokens)
        writer.add_token_scores([0.0] * len(tokens))
        writer.add_token_types([gguf.TokenType.CONTROL] * 3 + [gguf.TokenType.NORMAL] * (len(tokens) - 3))
        self.matrix("token_embd", sizes.n_vocab, sizes.n_embd)
        self.vector("output_norm", sizes.n_embd)
        self.matrix("output", sizes.n_vocab, sizes.n_embd)

    def heads(self) -> None:
        self.writer.add_head_count_kv(self.sizes.n_head_kv)
        self.head_sizes()

    def head_sizes(self) -> None:
        self.writer.add_key_length(self.sizes.head_size)
        self.writer.add_value_length(self.sizes.head_size)
        self.writer.add_rope_dimension_count(self.sizes.head_size)

    def matrix(self, name: str, *shape: int) -> None:
        self.writer.add_tensor(f"{name}.weight", np.full(shape, 0.01, dtype=np.float16))

    def vector(self, name: str, *shape: int, suffix: str = ".weight") -> None:
        self.writer.add_tensor(f"{name}{suffix}", np.full(shape, 0.01, dtype=np.float32))

    def attention(self, layer: str) -> None:
        sizes = self.sizes
        self.matrix(f"{layer}.attn_q", sizes.n_head * sizes.head_size, sizes.n_embd)
        self.matrix(f"{layer}.attn_k", sizes.n_head_kv * sizes.head_size, sizes.n_embd)
        self.matrix(f"{layer}.attn_v", sizes.n_head_kv * sizes.head_size, sizes.n_embd)
        self.matrix(f"{layer}.attn_output", sizes.n_embd, sizes.n_head * sizes.head_size)

    def feed_forward(self, layer: str) -> None:
        self.vector(f"{layer}.ffn_norm", self.sizes.n_embd)
        self.matrix(f"{layer}.ffn_gate", self.sizes.n_ff, self.sizes.n_embd)
        self.matrix(f"{layer}.ffn_up", self.sizes.n_ff, self.sizes.n_embd)
        self.matrix(f"{layer}.ffn_down", self.sizes.n_embd, self.sizes.n_ff)

    def experts(self, layer: str, n: int, n_ff: int) -> None:
        self.vector(f"{layer}.ffn_norm", self.sizes.n_embd)
        self.vector(f"{layer}.ffn_gate_inp", n, self.sizes.n_embd)
        self.matrix(f"{layer}.ffn_gate_exps", n, n_ff, self.sizes.n_embd)
        self.matrix(f"{layer}.ffn_up_exps", n, n_ff, self.sizes.n_embd)
        self.matrix(f"{layer}.ffn_down_exps", n, self.sizes.n_embd, n_ff)

    def state_space(self, d_inner: int, d_state: int, dt_rank: int, d_conv: int = 4, n_group: int = 0) -> None:
        self.writer.add_ssm_conv_kernel(d_conv)
        self.writer.add_ssm_inner_size(d_inner)
        self.writer.add_ssm_state_size(d_state)
        self.writer.add_ssm_time_step_rank(dt_rank)
        if n_group:
            self.writer.add_ssm_group_count(n_group)

    def mamba(self, layer: str, d_inner: int, d_state: int, dt_rank: int, d_conv: int = 4) -> None:
        self.matrix(f"{layer}.ssm_in", 2 * d_inner, self.sizes.n_embd)
        self.vector(f"{layer}.ssm_conv1d", d_inner, d_conv)
        self.vector(f"{layer}.ssm_conv1d", d_inner, suffix=".bias")
        self.matrix(f"{layer}.ssm_x", dt_rank + 2 * d_state, d_inner)
        self.matrix(f"{layer}.ssm_dt", d_inner, dt_rank)
        self.vector(f"{layer}.ssm_dt", d_inner, suffix=".bias")
        self.vector(f"{layer}.ssm_a", d_inner, d_state, suffix="")
        self.vector(f"{layer}.ssm_d", d_inner, suffix="")
        self.matrix(f"{layer}.ssm_out", self.sizes.n_embd, d_inner)

    def close(self) -> Path:
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        return self.path


def full_attention(path: Path, sizes: Sizes = Sizes()) -> Path:
    """Llama, with groups of heads."""
    model = _Model(path, "llama", sizes)
    model.heads()
    for n in range(sizes.n_layers):
        model.vector(f"blk.{n}.attn_norm", sizes.n_embd)
        model.attention(f"blk.{n}")
        model.feed_forward(f"blk.{n}")
    return model.close()


def large_vocabulary(path: Path) -> Path:
    """Logits are the largest of what is computed."""
    return full_attention(path, Sizes(n_embd=256, n_layers=4, n_head=4, n_vocab=60_000))


def many_heads(path: Path) -> Path:
    """No groups: each head has its own KV."""
    return full_attention(path, Sizes(n_head=16, n_head_kv=16, head_size=32))


def sliding_window(path: Path) -> Path:
    """Gemma 3."""
    sizes = Sizes()
    model = _Model(path, "gemma3", sizes)
    model.heads()
    model.writer.add_sliding_window(512)
    for n in range(sizes.n_layers):
        layer = f"blk.{n}"
        for norm in ("attn_norm", "post_attention_norm", "post_ffw_norm"):
            model.vector(f"{layer}.{norm}", sizes.n_embd)
        model.attention(layer)
        model.vector(f"{layer}.attn_q_norm", sizes.head_size)
        model.vector(f"{layer}.attn_k_norm", sizes.head_size)
        model.feed_forward(layer)
    return model.close()


def experts(path: Path) -> Path:
    """Llama with a choice of feed-forward blocks, as Mixtral."""
    sizes = Sizes(n_layers=4)
    model = _Model(path, "llama", sizes)
    model.heads()
    model.writer.add_expert_count(8)
    model.writer.add_expert_used_count(2)
    for n in range(sizes.n_layers):
        model.vector(f"blk.{n}.attn_norm", sizes.n_embd)
        model.attention(f"blk.{n}")
        model.experts(f"blk.{n}", 8, sizes.n_ff)
    return model.close()


def recurrent(path: Path) -> Path:
    """Mamba."""
    sizes = Sizes()
    model = _Model(path, "mamba", sizes)
    model.writer.add_head_count_kv(0)
    model.state_space(1024, 16, 32)
    for n in range(sizes.n_layers):
        model.vector(f"blk.{n}.attn_norm", sizes.n_embd)
        model.mamba(f"blk.{n}", 1024, 16, 32)
    return model.close()


def recurrent_heads(path: Path) -> Path:
    """Mamba 2."""
    sizes, d_inner, d_state, n_group, n_head = Sizes(), 1024, 128, 1, 16
    model = _Model(path, "mamba2", sizes)
    model.state_space(d_inner, d_state, n_head, n_group=n_group)
    d_conv_in = d_inner + 2 * n_group * d_state
    for n in range(sizes.n_layers):
        layer = f"blk.{n}"
        model.vector(f"{layer}.attn_norm", sizes.n_embd)
        model.matrix(f"{layer}.ssm_in", d_inner + d_conv_in + n_head, sizes.n_embd)
        model.vector(f"{layer}.ssm_conv1d", d_conv_in, 4)
        model.vector(f"{layer}.ssm_conv1d", d_conv_in, suffix=".bias")
        model.vector(f"{layer}.ssm_dt", n_head, suffix=".bias")
        model.vector(f"{layer}.ssm_a", n_head, 1, suffix="")
        model.vector(f"{layer}.ssm_d", n_head, 1, suffix="")
        model.vector(f"{layer}.ssm_norm", n_group, d_inner // n_group)
        model.matrix(f"{layer}.ssm_out", sizes.n_embd, d_inner)
    return model.close()


def hybrid(path: Path) -> Path:
    """Jamba: a layer of attention to two of Mamba."""
    sizes = Sizes()
    model = _Model(path, "jamba", sizes)
    has_attention = [n % 3 == 1 for n in range(sizes.n_layers)]
    model.writer.add_head_count_kv([sizes.n_head_kv if attends else 0 for attends in has_attention])
    model.head_sizes()
    model.state_space(1024, 16, 32)
    for n, attends in enumerate(has_attention):
        layer = f"blk.{n}"
        model.vector(f"{layer}.attn_norm", sizes.n_embd)
        if attends:
            model.attention(layer)
        else:
            model.mamba(layer, 1024, 16, 32)
            model.vector(f"{layer}.ssm_dt_norm", 32)
            model.vector(f"{layer}.ssm_b_norm", 16)
            model.vector(f"{layer}.ssm_c_norm", 16)
        model.feed_forward(layer)
    return model.close()


def latent(path: Path) -> Path:
    """DeepSeek 2: keys and values of all heads come from one small vector (MLA)."""
    sizes, rank, n_rope, head_nope, head_v = Sizes(), 128, 32, 64, 64
    model = _Model(path, "deepseek2", sizes)
    writer = model.writer
    writer.add_head_count_kv(1)
    writer.add_key_length(rank + n_rope)
    writer.add_value_length(rank)
    writer.add_key_length_mla(head_nope + n_rope)
    writer.add_value_length_mla(head_v)
    writer.add_rope_dimension_count(n_rope)
    writer.add_kv_lora_rank(rank)
    writer.add_q_lora_rank(192)
    writer.add_leading_dense_block_count(sizes.n_layers)
    writer.add_expert_feed_forward_length(256)
    writer.add_expert_count(4)
    writer.add_expert_used_count(2)
    writer.add_expert_shared_count(1)
    writer.add_expert_weights_scale(1.0)
    for n in range(sizes.n_layers):
        layer = f"blk.{n}"
        model.vector(f"{layer}.attn_norm", sizes.n_embd)
        model.matrix(f"{layer}.attn_q_a", 192, sizes.n_embd)
        model.vector(f"{layer}.attn_q_a_norm", 192)
        model.matrix(f"{layer}.attn_q_b", sizes.n_head * (head_nope + n_rope), 192)
        model.matrix(f"{layer}.attn_kv_a_mqa", rank + n_rope, sizes.n_embd)
        model.vector(f"{layer}.attn_kv_a_norm", rank)
        model.matrix(f"{layer}.attn_k_b", sizes.n_head, rank, head_nope)
        model.matrix(f"{layer}.attn_v_b", sizes.n_head, head_v, rank)
        model.matrix(f"{layer}.attn_output", sizes.n_embd, sizes.n_head * head_v)
        model.feed_forward(layer)
    return model.close()


SIZED: dict[str, Callable[[Path], Path]] = {
    "full attention": full_attention,
    "large vocabulary": large_vocabulary,
    "many heads": many_heads,
    "sliding window": sliding_window,
    "experts": experts,
    "recurrent": recurrent,
    "recurrent heads": recurrent_heads,
    "hybrid": hybrid,
    "latent": latent,
}
