"""Counters of a server, for Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from .server import Server

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What a server counts; each server has a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "groundglm_requests",
            "Requests that were answered.",
            ("method", "path", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "groundglm_request_seconds",
            "How long requests took, streams to their end.",
            ("path",),
            registry=self.registry,
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300),
        )
        self.answers = Counter(
            "groundglm_answers",
            "Answers of agents and models, by how they ended.",
            ("model", "outcome"),
            registry=self.registry,
        )
        self.tokens = Counter(
            "groundglm_tokens", "Tokens read and written.", ("kind",), registry=self.registry
        )
        self.cancelled = Counter(
            "groundglm_cancelled",
            "Turns that were given up because nobody waited for them any more.",
            registry=self.registry,
        )

    def watch(self, server: "Server") -> None:
        """Tell of a server's state whenever the counters are read."""
        self.registry.register(_State(server))

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class _State:
    """What stands at this moment."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    def collect(self) -> Iterator[Any]:
        """Called by Prometheus's client."""
        queue = self._server.queue
        yield GaugeMetricFamily("groundglm_turns_running", "Turns that run.", queue.running)
        yield GaugeMetricFamily("groundglm_turns_waiting", "Turns that wait.", queue.waiting)
        writing = GaugeMetricFamily(
            "groundglm_replies_together", "Replies computed together.", labels=["model"]
        )
        for model in self._server.models:
            count = getattr(model.writer, "writing", None)
            if isinstance(count, int):
                writing.add_metric([model.model_name], count)
        yield writing
        family = GaugeMetricFamily("groundglm_documents", "Documents.", labels=["base"])
        for name, served in self._server.bases.items():
            family.add_metric([name], served.base.statistics()["documents"])
        yield family
