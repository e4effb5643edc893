"""Libraries that train, watched on small real runs: they step torch's optimizers, and that is all.

Each run is the same bit for bit as without a watch. Where a library is absent, its test says so.
"""

import copy

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx
from tests.live.test_watch import always, data

# What the libraries warn of is theirs, not ours.
pytestmark = pytest.mark.filterwarnings("ignore")


def library(name):
    return pytest.importorskip(name, reason=f"{name} is not installed: it is not watched")


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 1))


def watched(model, X, fit):
    """The watch of `fit(model)`, and that the model ends as one that nobody watched."""
    twin = copy.deepcopy(model)
    torch.manual_seed(1)
    fit(twin)
    torch.manual_seed(1)
    with always(nbx.watch(model, X)) as watch:
        fit(model)
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)
    return watch


def loader(X, y, workers=0):
    return DataLoader(TensorDataset(X, y), batch_size=50, shuffle=True, num_workers=workers)


def test_skorch():
    skorch = library("skorch")
    X, y = data()
    model = network()

    def fit(model):
        net = skorch.NeuralNetRegressor(
            lambda: model,
            optimizer=torch.optim.SGD,
            lr=0.05,
            batch_size=50,
            train_split=None,
            verbose=0,
        )
        net.initialize()  # `fit` does so too, and would make another module of a class
        net.partial_fit(X, y, epochs=3)

    watch = watched(model, X, fit)
    assert watch.history.index.tolist() == list(range(13))


def test_lightning():
    lightning = library("pytorch_lightning")
    X, y = data()

    class Regression(lightning.LightningModule):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(x)

        def training_step(self, batch, number):
            return nn.functional.mse_loss(self(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.01)

    def fit(model):
        lightning.Trainer(
            accelerator="cpu",
            max_epochs=3,
            accumulate_grad_batches=2,
            **dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False),
            enable_model_summary=False,
        ).fit(model, loader(X, y))

    # The module that trains is explained itself; so could be the network in it.
    watch = watched(Regression(network()), X, fit)
    assert watch.history.index.tolist() == list(range(7))
    assert watch.log["epoch"].tolist()[1:] == [0, 0, 1, 1, 2, 2]


def test_transformers(tmp_path):
    transformers = library("transformers")
    library("accelerate")
    ids = torch.randint(1, 20, (24, 6), generator=torch.Generator().manual_seed(0))
    rows = [{"input_ids": row, "labels": int(row[0] > 9)} for row in ids]
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    model = transformers.BertForSequenceClassification(config)

    def fit(model):
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path),
            num_train_epochs=2,
            per_device_train_batch_size=4,
            gradient_accumulation_steps=2,
            report_to=[],
            use_cpu=True,
            save_strategy="no",
            disable_tqdm=True,
        )
        transformers.Trainer(model=model, args=arguments, train_dataset=rows).train()

    watch = watched(model, ids, fit)
    assert watch.history.index.tolist() == list(range(7))
    assert watch.log["epoch"].tolist()[1:] == [0, 0, 0, 1, 1, 1]
    assert watch.log["loss"][1:].notna().all()


@pytest.mark.parametrize("workers", [0, 1])
def test_accelerate(workers):
    accelerate = library("accelerate")
    X, y = data()

    def fit(model):
        accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
        model, optimizer, batches = accelerator.prepare(
            model, torch.optim.AdamW(model.parameters()), loader(X, y, workers)
        )
        for _ in range(2):
            for x, target in batches:
                with accelerator.accumulate(model):
                    loss = nn.functional.mse_loss(model(x), target)
                    accelerator.backward(loss)
                    optimizer.step()
                    optimizer.zero_grad()

    watch = watched(network(), X, fit)
    assert watch.history.index.tolist() == list(range(5))
    assert watch.log["loss"][1:].notna().all()
