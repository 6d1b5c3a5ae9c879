"""A flat corpus written out as train, valid and test, split at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.reader import Corpus, read_corpus
from neuroner_tl.corpora.splits import DEFAULT_PERCENTAGES
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.paths import StrPath


def split_corpus(
    folder: StrPath,
    output: StrPath,
    percentages: Sequence[float] = DEFAULT_PERCENTAGES,
    seed: int = 0,
) -> Corpus:
    """Write a flat corpus split into train, valid and test; the folder appears whole or not at all.

    Args:
        folder: a flat folder of brat files.
        output: the folder to make.
        percentages: documents of train, valid and test, in percent.
        seed: of the split.

    Returns:
        The split corpus, read from its original folder.

    Raises:
        CorpusError: the corpus cannot be used or has parts, or the output cannot be created.
        ParameterError: the percentages are out of range.
    """
    corpus = read_corpus(folder, split_percentages=percentages, split_seed=seed, hold_out=False)
    if not corpus.is_flat:
        raise CorpusError(
            f"{folder}: already has parts ({', '.join(corpus.parts)}); expected a flat folder of "
            "brat files"
        )
    write_brat_parts(Path(output), corpus.parts)
    return corpus
