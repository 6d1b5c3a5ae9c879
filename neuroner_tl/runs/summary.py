"""The scores of a run as a few lines of text."""

from __future__ import annotations

from typing import Any

from neuroner_tl.messages.numbers import fixed
from neuroner_tl.messages.screen import table_lines


def run_summary(results: dict[str, Any]) -> str:
    """Return status, best epoch and scores of a run.

    Args:
        results: the content of ``results.json``.
    """
    status, reason = results["status"], results["reason"]
    lines = [reason if reason.startswith(status) else f"{status}: {reason}"]
    if results.get("best_epoch") is not None:
        mode = results["parameters"]["main_evaluation_mode"]
        lines.append(
            f"best epoch {results['best_epoch']} of {results['epochs']}, "
            f"valid F1 {fixed(100 * results['best_score'])} ({mode}, on tags)"
        )
    if results.get("scores"):
        rows = []
        for part, scores in results["scores"].items():
            micro = scores["documents"]["micro"]
            rates = [
                micro["precision"],
                micro["recall"],
                micro["f1"],
                scores["conll"]["micro"]["f1"],
            ]
            rows.append([part, *(fixed(100 * rate) for rate in rates)])
        columns = ("part", "precision", "recall", "F1", "F1 on tags")
        lines += table_lines(columns, rows, (False, True, True, True, True))
        if all(row[3] == fixed(0) for row in rows):
            lines.append(
                "no entity was found correctly in any part: train for more epochs, or check the "
                "corpus and the learning rate"
            )
        measures = results["measures"]
        lines.append(f"precision, recall, F1: {measures['documents']}")
        lines.append(f"F1 on tags: {measures['conll']}")
    return "\n".join(lines)
