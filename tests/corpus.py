"""Sentences whose class is known: "good" and "bad" decide it, "not" before them turns it round."""

import torch
from torch import nn

WORDS = ("<pad>", "good", "bad", "not", "the", "film", "was", "plot", "actor", "a", "very", "and")
PAD, GOOD, BAD, NOT = range(4)
STEPS = 9


def corpus(rows=400, seed=0):
    """Ids `[rows, 9]`, padded at the end with 0, and classes `[rows]`: 1 for a positive one.

    Each sentence has one verdict, "good" or "bad", in half of them right after "not".
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(low, high, *shape):
        return torch.randint(low, high, shape, generator=generator)

    ids = draw(4, len(WORDS), rows, STEPS)
    lengths = draw(4, STEPS + 1, rows)
    verdict, turned = draw(GOOD, NOT, rows), draw(0, 2, rows)
    for row in range(rows):
        place = 1 + int(draw(0, int(lengths[row]) - 1, 1))
        ids[row, place] = verdict[row]
        if turned[row]:
            ids[row, place - 1] = NOT
        ids[row, int(lengths[row]) :] = PAD
    return ids, (verdict == GOOD).long() ^ turned


def made(kind, *args, **options):
    """One of these models, the same each time, in double precision."""
    torch.manual_seed(0)
    return kind(*args, **options).double()


class Mean(nn.Module):
    """w·(mean of the embeddings), whose derivative at each token is w/τ."""

    def __init__(self, outputs=1, width=5):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), width)
        self.head = nn.Linear(width, outputs)

    def forward(self, ids):
        return self.head(self.embedding(ids).mean(1))


class Negation(nn.Module):
    """Σ_t s_t (1 − 2 n_{t−1}), with sentiment s and negation n the two numbers of a token."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 2, padding_idx=PAD)
        with torch.no_grad():
            self.embedding.weight.zero_()
            self.embedding.weight[GOOD, 0], self.embedding.weight[BAD, 0] = 1, -1
            self.embedding.weight[NOT, 1] = 1

    def forward(self, ids):
        s, n = self.embedding(ids).unbind(-1)
        return (s[:, 0] + (s[:, 1:] * (1 - 2 * n[:, :-1])).sum(1))[:, None]

    def norms(self, ids):
        """‖∂F/∂e_t‖ in closed form, `[rows, τ]`."""
        s, n = self.embedding.weight[ids].detach().unbind(-1)
        by_s, by_n = torch.ones_like(s), torch.zeros_like(s)
        by_s[:, 1:] -= 2 * n[:, :-1]
        by_n[:, :-1] = -2 * s[:, 1:]
        return (by_s**2 + by_n**2).sqrt() * (ids != PAD)


class Recurrent(nn.Module):
    """An LSTM read at its last step, or at every one."""

    def __init__(self, outputs=2, *, every=False):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 6)
        self.cell, self.head = nn.LSTM(6, 8, batch_first=True), nn.Linear(8, outputs)
        self.every = every

    def forward(self, ids):
        states = self.cell(self.embedding(ids))[0]
        return self.head(states if self.every else states[:, -1])


class Convolution(nn.Module):
    """Windows of three tokens, the largest of each filter."""

    def __init__(self, outputs=3):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 4, padding_idx=PAD)
        self.filters, self.head = nn.Conv1d(4, 6, 3, padding=1), nn.Linear(6, outputs)

    def forward(self, ids):
        return self.head(self.filters(self.embedding(ids).mT).tanh().mean(2))


class Transformer(nn.Module):
    """One encoder layer with an embedding of positions, called as transformers are."""

    def __init__(self, outputs=2):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 8)
        self.positions = nn.Embedding(STEPS, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu")
        self.head = nn.Linear(8, outputs)

    def forward(self, input_ids, attention_mask=None):
        places = torch.arange(input_ids.shape[1], device=input_ids.device).expand_as(input_ids)
        x = self.embedding(input_ids) + self.positions(places)
        there = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        x = self.layer(x, src_key_padding_mask=there == 0)
        weights = there[..., None].to(x.dtype)
        return self.head((x * weights).sum(1) / weights.sum(1))


class Put(nn.Module):
    """What stands in an embedding's place to return given numbers."""

    def __init__(self, embedded):
        super().__init__()
        self.embedded = embedded

    def forward(self, ids):
        return self.embedded
