"""The losses of a run as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def draw_curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw training and evaluation loss over the steps into a PNG file."""
    import matplotlib

    library: Any = matplotlib
    library.use("Agg")
    from matplotlib import pyplot

    plots: Any = pyplot
    figure, axes = plots.subplots(figsize=(7, 4))
    for key, label in (("loss", "training"), ("eval_loss", "evaluation")):
        points = [(entry["step"], entry[key]) for entry in history if key in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    axes.set_xlabel("step")
    axes.set_ylabel("loss per token")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plots.close(figure)
