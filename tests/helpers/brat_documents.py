"""Single brat documents, written."""

from neuroner_tl.corpora.formats.brat_writer import BratWriter


def write_brat_document(document, folder):
    """Write ``ID.txt`` and ``ID.ann`` of one document."""
    with BratWriter(folder) as writer:
        writer.add(document)
