"""A transformer over contexts: pairs of a view with its action and the view that the action leads to."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

INITIAL_STD = 0.02


def causal_mask(length: int) -> Tensor:
    """Which tokens each token attends to: (T, T) bool, a row for each.

    Those before it and itself; but a second view (at an odd position) not the first view of its own pair, from which it
    could be told without the context.
    """
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    second = torch.arange(length)[1::2]
    mask[second, second - 1] = False
    return mask


def hide_pairs(mask: Tensor, numbers: Tensor, probability: float) -> Tensor:
    """Hide pairs of a mask at random, so that predictions can't lean on a few of them; a token always sees itself.

    Args:
        mask: (T, T) bool.
        numbers: uniform in [0, 1), (..., T, T / 2): row i doesn't see pair m where this is below the probability.
        probability: that a row doesn't see a pair.

    Returns:
        bool (..., T, T).
    """
    visible = (numbers >= probability).repeat_interleave(2, dim=-1)
    return (mask & visible) | torch.eye(len(mask), dtype=torch.bool, device=mask.device)


def context_length(pairs: int, most: int) -> int:
    """Views in each context of a batch of pairs: as few contexts of at most so many views as hold all, nearly equal."""
    return 2 * -(-pairs // -(-2 * pairs // most))


def cut(tokens: Tensor, length: int) -> Tensor:
    """Tokens (N, I) as contexts of T one after the other, (S, T, I); zeros fill the last, unseen by what is before."""
    return F.pad(tokens, (0, 0, 0, -len(tokens) % length)).unflatten(0, (-1, length))


@dataclass(frozen=True)
class Memory:
    """Keys and values of a context in one layer, (H, K, W / H) each, which later tokens attend to."""

    keys: Tensor
    values: Tensor


class Attention(nn.Module):
    """Self-attention with several heads: (S, T, W) -> (S, T, W).

    Args:
        width: W.
        heads: H, which divides W.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of tokens (S, T, W), each (S, H, T, W / H)."""
        count, length, width = x.shape
        split = self.queries_keys_values(x).view(count, length, 3, self.heads, width // self.heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        return queries, keys, values

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Memory]:
        """Tokens (S, T, W) that see each other by a mask (T, T); also the first sequence's keys and values."""
        queries, keys, values = self._split(x)
        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        return self.output(mixed.transpose(1, 2).flatten(2)), Memory(keys[0], values[0])

    def recall(self, x: Tensor, memory: Memory) -> Tensor:
        """Tokens (N, W) that see a context and themselves, but not each other."""
        queries, keys, values = (each[:, :, 0] for each in self._split(x[:, None]))
        # Beside the context each token has one key of its own: joined to the scores, not to N copies of the context.
        of_context = torch.einsum("nhd,hkd->nhk", queries, memory.keys)
        of_itself = (queries * keys).sum(dim=2, keepdim=True)
        weights = F.softmax(torch.cat([of_context, of_itself], dim=2) / math.sqrt(queries.shape[2]), dim=2)
        mixed = torch.einsum("nhk,hkd->nhd", weights[:, :, :-1], memory.values) + weights[:, :, -1:] * values
        return self.output(mixed.flatten(1))


class Block(nn.Module):
    """Attention, then a perceptron of four times the width (GELU), each behind a layer-norm and beside a shortcut."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.perceptron_norm = nn.LayerNorm(width)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Memory]:
        """See `Attention.forward`."""
        mixed, memory = self.attention(self.attention_norm(x), mask)
        x = x + mixed
        return x + self.perceptron(self.perceptron_norm(x)), memory

    def recall(self, x: Tensor, memory: Memory) -> Tensor:
        """See `Attention.recall`."""
        x = x + self.attention.recall(self.attention_norm(x), memory)
        return x + self.perceptron(self.perceptron_norm(x))


class ContextTransformer(nn.Module):
    """Layers of `Block` between two linear layers, without an encoding of positions: (S, T, I) -> (S, T, O).

    The form of Gupta et al., "In-Context Symmetries", NeurIPS 2024. Weights of the blocks start from a normal
    distribution of deviation 0.02, over the root of twice the number of layers where a shortcut ends; biases from zero.

    Args:
        inputs: width I of a token.
        outputs: width O.
        width: inside the blocks.
        layers: how many blocks.
        heads: of the attention; divides the width.

    Raises:
        ValueError: a number that isn't positive, or heads that don't divide the width.
    """

    def __init__(self, inputs: int, outputs: int, width: int, layers: int = 3, heads: int = 4):
        super().__init__()
        if width < 1:
            raise ValueError("projector: give at least one width, the transformer's, e.g. 2048")
        if layers < 1 or heads < 1:
            raise ValueError(f"layers {layers}, heads {heads}: must be 1 or more")
        if width % heads:
            raise ValueError(f"heads {heads}: don't divide the transformer's width {width}, the projector's first")
        self.read_in = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.read_out = nn.Linear(width, outputs)
        for name, parameter in self.blocks.named_parameters():
            if parameter.ndim == 2:
                ends = name.endswith(("attention.output.weight", "perceptron.2.weight"))
                nn.init.normal_(parameter, std=INITIAL_STD / math.sqrt(2 * layers) if ends else INITIAL_STD)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor, masks: Tensor) -> Tensor:
        """Sequences of tokens (S, T, I), and for each layer which tokens see which (layers, T, T) -> (S, T, O)."""
        x = self.read_in(tokens)
        for block, mask in zip(self.blocks, masks, strict=True):
            x, _ = block(x, mask)
        return self.read_out(self.norm(x))

    def answer(self, context: Tensor, tokens: Tensor) -> Tensor:
        """What each token gives behind a context, as if it were the next and alone: (K, I), (N, I) -> (N, O).

        Args:
            context: first and second views of pairs in turn; none for K = 0.
            tokens: they see the context and themselves, but not each other.
        """
        mask = causal_mask(len(context)).to(context.device)
        seen, x = self.read_in(context)[None], self.read_in(tokens)
        for block in self.blocks:
            assert isinstance(block, Block)
            seen, memory = block(seen, mask)
            x = block.recall(x, memory)
        return self.read_out(self.norm(x))
