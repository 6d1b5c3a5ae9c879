"""A run whose sample of the train part is all of it repeats the run without a sample.

Both train on the same documents in the same order, so their results are equal to the last bit. A
corpus with a train part of 60 % has such a run in every learning curve that ends with 60 %.
"""

from __future__ import annotations

from typing import Optional

from neuroner_tl.studies.records.matching import digest_of
from neuroner_tl.studies.records.store import FINISHED, Record
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.studies.running.record import about, corpus_with, repetition


def repeated_record(job: Job) -> Optional[Record]:
    """Return the record of a run from that of the run that it repeats, and copy its mentions.

    Its time is 0, since nothing is trained.

    Args:
        job: the run, not recorded yet.

    Returns:
        The record; None if the run's sample is not the whole train part, if the other run is not
        finished, or if the run's model is to be kept, which only training makes.
    """
    run = job.run
    if run.whole is None or job.keep_model:
        return None
    wanted = digest_of(run.whole)
    same = [
        record
        for name, record in job.study.store.records().items()
        if record.get("status") == FINISHED and digest_of(name) == wanted
    ]
    if not same or corpus_with(job, "train").left_out:
        return None
    job.study.mentions.repeat(run.id, same[-1]["id"])
    return repetition(same[-1], about(run))
