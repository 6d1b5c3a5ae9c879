"""Texts to train word vectors on: files and folders, read as a stream of documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.bioc import iterate_bioc_json, iterate_bioc_xml
from neuroner_tl.corpora.formats.json_lines import iterate_json_lines
from neuroner_tl.corpora.formats.pubtator import iterate_pubtator
from neuroner_tl.corpora.formats.text_files import ending_of, read_blocks
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.sentences import segment
from neuroner_tl.corpora.text.tokenizers import Tokenizer
from neuroner_tl.errors import CorpusError

# A .txt file of any size is read in blocks of about this many characters, cut at line ends.
BLOCK = 1 << 20


def iterate_plain_text(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield a text file as documents of about a million characters each, cut at line ends.

    Raises:
        CorpusError: the file cannot be read or is not UTF-8.
    """
    for number, block in enumerate(read_blocks(path, BLOCK)):
        report.documents += 1
        yield Document(f"{path.stem}.{number}", block)


READERS = {
    ".json": iterate_bioc_json,
    ".jsonl": iterate_json_lines,
    ".pubtator": iterate_pubtator,
    ".txt": iterate_plain_text,
    ".xml": iterate_bioc_xml,
}
_ENDINGS = (
    ".txt, .jsonl (an object with id and text per line), .xml or .json (BioC) or .pubtator, each "
    "optionally with .gz"
)


def find_text_files(sources: Sequence[Path]) -> list[Path]:
    """Return the files to read: those given, and those in the folders given, at any depth.

    Files of a folder come in the order of their paths; hidden ones and those with an ending that
    no reader has, such as brat's ``.ann``, are left out.

    Raises:
        CorpusError: a source is missing, has an unknown ending, or is a folder without texts.
    """
    files: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            inside = sorted(
                path
                for path in source.rglob("*")
                if ending_of(path) in READERS
                and not any(part.startswith(".") for part in path.relative_to(source).parts)
                and path.is_file()
            )
            if not inside:
                raise CorpusError(f"{source}: no texts in this folder; expected files {_ENDINGS}")
            files += inside
        elif not source.exists():
            raise CorpusError(f"{source}: no such file or folder; give texts: {_ENDINGS}")
        elif ending_of(source) not in READERS:
            raise CorpusError(
                f"{source}: found the ending {ending_of(source)!r}, expected {_ENDINGS}; rename or "
                "convert the file"
            )
        else:
            files.append(source)
    return files


def iterate_token_sentences(
    files: Sequence[Path], tokenizer: Tokenizer, lowercase: bool, report: ImportReport
) -> Iterator[list[str]]:
    """Yield the tokens of every sentence, segmented as for training a tagger.

    Args:
        files: as :func:`find_text_files` returns them.
        tokenizer: the one that the tagger will use.
        lowercase: lower-case every token.
        report: counts documents, sentences and tokens.

    Raises:
        CorpusError: a file cannot be used; the message names file and line.
    """
    for path in files:
        for document in READERS[ending_of(path)](path, ImportReport()):
            report.documents += 1
            for sentence in segment(document, tokenizer, protect_entities=False):
                tokens = [document.text[token.start : token.end] for token in sentence.tokens]
                report.sentences += 1
                report.tokens += len(tokens)
                yield [token.lower() for token in tokens] if lowercase else tokens
