"""Progress of a prediction: documents and tokens per second, and the time left."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Optional

from tqdm import tqdm

from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT, position_in
from neuroner_tl.corpora.sources import Source
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.runs.jobs.prediction_job import TaggedPart
from neuroner_tl.system.memory import peak_memory

logger = logging.getLogger(__name__)

LOG_SECONDS = 60
"""How often a line is logged where no bar is shown."""


class PredictionProgress:
    """A bar over the bytes of the input; where there is no terminal, a log line every minute.

    Args:
        sources: the files of texts; the time left is unknown if one is the standard input.

    Attributes:
        documents: how many are tagged, those of an earlier attempt not counted.
        tokens: likewise.
        worker_memory: peak resident memory of a worker, in MB; 0 without workers.

    Example::

        with PredictionProgress(sources) as progress:
            progress.update(source, documents=700, tagged=part, is_new=True)
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.documents = self.tokens = 0
        self.worker_memory = 0.0
        self._before: dict[Source, int] = {}
        self._total = self._skipped = self._done = 0
        self._known = all(source.path != STANDARD_INPUT for source in sources)
        for source in sources:
            self._before[source] = self._total
            self._total += source.path.stat().st_size if self._known else 0
        self._start = self._logged = time.monotonic()
        self._bar: Any = None

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def __enter__(self) -> PredictionProgress:
        total = self._total if self._known else None
        self._bar = progress_bar(desc="predicting", total=total, unit="B", unit_scale=True, delay=2)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._bar.close()

    def update(self, source: Source, documents: int, tagged: TaggedPart, is_new: bool) -> None:
        """Show that a part is done.

        Args:
            source: the file of its last text.
            documents: its texts.
            tagged: what is found in them.
            is_new: whether it was tagged now, and not in an earlier attempt.
        """
        done = self._before[source] + position_in(source.path) if self._known else 0
        if is_new:
            self.documents += documents
            self.tokens += tagged.tokens
            self.worker_memory = max(self.worker_memory, tagged.memory)
        else:
            self._skipped = done
        self._bar.set_postfix_str(self.speed(), refresh=False)
        self._bar.update(max(0, done - self._done))
        self._done = max(done, self._done)
        now = time.monotonic()
        if self._bar.disable and now - self._logged >= LOG_SECONDS:
            self._logged = now
            logger.info("%d documents, %s%s", self.documents, self.speed(), self._left())

    def speed(self) -> str:
        """Return the documents and tokens per second so far."""
        seconds = max(self.seconds, 1e-9)
        return f"{self.documents / seconds:.1f} documents/s, {self.tokens / seconds:.0f} tokens/s"

    def memory(self) -> str:
        """Return the peak memory of this process, and of its workers, if there are any."""
        workers = f", {self.worker_memory:.0f} MB in a worker" if self.worker_memory else ""
        return f"peak memory {peak_memory():.0f} MB{workers}"

    def _left(self) -> str:
        new = self._done - self._skipped
        if not self._known or new <= 0:
            return ""
        left = self.seconds * (self._total - self._done) / new
        return f", {tqdm.format_interval(left)} left"
