"""
Train a version and screen a school's file
==========================================

The whole way in Python: train, screen, and look at the list.
"""

# %%
# Synthetic children as files: what an authority holds, and one school's export with a gap and a mistake or two.

from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

import send_screen
from send_screen.contracts import shipped

folder = Path(mkdtemp())
send_screen.simulate(children=3_000, seed=0, out=folder / "data")

# %%
# Training measures the model on schools it has not seen, holds it against the gates of its spec, and registers a
# version. The store is a file in the same folder.

store = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
trained = send_screen.train(
    shipped("models") / "reception_sen" / "spec.yaml",
    folder / "data",
    tracking_uri=store,
    evidence=folder / "evidence",
)
print(trained.name, trained.model_uri)

# %%
# Screening writes the list, the page and the children who could not be screened.

found = send_screen.screen(
    trained.model_uri,
    folder / "data" / "schools" / "school_file.csv",
    out=folder / "lists",
    capacity="8",
    tracking_uri=store,
)
print(found)
listed = pd.read_csv(folder / "lists" / "list.csv")
print(sorted(path.name for path in (folder / "lists").iterdir()))
listed.iloc[:8, :6]
