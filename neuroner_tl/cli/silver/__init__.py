"""`neuroner-tl silver`: define, build and complete silver corpora, or run one term list."""

from __future__ import annotations

from neuroner_tl.cli.silver import annotate, build, complete, init, report

ACTIONS = {
    "init": init,
    "build": build,
    "complete": complete,
    "report": report,
    "annotate": annotate,
}
