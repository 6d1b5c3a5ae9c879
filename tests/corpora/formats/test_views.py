"""Documents with their entities to look at: a page and a table."""

import csv
import html
import io
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.entity_page import entity_page
from neuroner_tl.corpora.formats.entity_table import COLUMNS, entity_table
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.messages.shown_text import escaped


class Page(HTMLParser):
    """What a browser makes of a page: names of elements, and the texts of articles and marks."""

    def __init__(self, content):
        super().__init__()
        self.elements, self.texts, self.marks, self.titles = set(), [], [], []
        self._inside = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.elements.add(tag)
        if tag == "meta":
            return
        self._inside.append(tag)
        if tag == "p":
            self.texts.append("")
        if tag == "mark" and "p" in self._inside:
            self.marks.append("")
            self.titles.append(found["title"])

    def handle_endtag(self, tag):
        assert self._inside.pop() == tag

    def handle_data(self, data):
        if "p" in self._inside:
            self.texts[-1] += data
            if "mark" in self._inside:
                self.marks[-1] += data


def page(*documents):
    return "".join(entity_page(documents, ImportReport()))


def table(*documents):
    content = "".join(entity_table(documents, ImportReport()))
    return list(csv.reader(io.StringIO(content), dialect="excel-tab"))


@st.composite
def annotated(draw):
    alphabet = st.characters(codec="utf-8") | st.sampled_from("<>&\"'\r\n\t =𝛼\u0301\u202e")
    text = draw(st.text(alphabet, min_size=1, max_size=60))
    entities = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        share = draw(st.none() | st.floats(0, 1))
        kind = draw(st.sampled_from(["Disease", '"><script>', "a'b&"]))
        entities.append(Entity(kind, ((start, end),), text[start:end], share))
    return Document(draw(st.text(alphabet, min_size=1, max_size=9)), text, tuple(entities))


@given(st.lists(annotated(), max_size=3))
def test_a_page_holds_every_text_whatever_is_in_it(documents):
    """No text, type or name makes an element or leaves its place; overlaps lose no character."""
    found = Page(page(*documents))
    expected = [escaped(d.text.replace("\r\n", "\n").replace("\r", "\n")) for d in documents]
    # A line break of two characters may be divided by a mention.
    assert [t.replace("\n", "") for t in found.texts] == [t.replace("\n", "") for t in expected]
    allowed = {"html", "head", "meta", "title", "style", "body", "article", "h2", "p", "mark"}
    assert found.elements <= allowed | {"aside", "span"}


def test_marks():
    text = "BRCA1 & gout"
    gene = Entity("Gene", ((0, 5),), "BRCA1", 0.875)
    gout = Entity("Disease", ((8, 12),), "gout")
    content = page(Document("1", text, (gene, gout)))
    found = Page(content)
    assert found.marks == ["BRCA1", "gout"]
    assert found.titles == ["Gene, confidence 0.875", "Disease"]
    assert 'style="--p:0.875"' in content and "--c: 0,114,178" in content
    legend = content.partition('<aside class="legend">')[2]
    assert "1 document<" in legend and ">Gene</mark> 1<" in legend and ">Disease</mark> 1" in legend


def test_overlapping_mentions_are_all_named():
    long = Entity("Disease", ((0, 13),), "breast cancer", 0.5)
    short = Entity("Organ", ((0, 6),), "breast", 0.25)
    found = Page(page(Document("1", "breast cancer", (long, short))))
    assert found.marks == ["breast", " cancer"]
    assert html.unescape(found.titles[0]) == "Organ, confidence 0.250; Disease, confidence 0.500"


@given(st.lists(annotated(), max_size=3))
def test_a_table_has_a_line_for_each_entity(documents):
    heading, *rows = table(*documents)
    assert tuple(heading) == COLUMNS
    assert len(rows) == sum(len(d.entities) for d in documents)
    assert all(len(row) == len(COLUMNS) for row in rows)


def test_the_sentence_of_an_entity():
    text = "Gout hurts. Flu\tpasses. It =2+2 fails."
    entities = [((0, 4), 0.5), ((12, 15), None), ((6, 15), 0.25), ((27, 31), 1.0)]
    document = Document(
        "1", text, tuple(Entity("D", ((s, e),), text[s:e], p) for (s, e), p in entities)
    )
    assert table(document)[1:] == [
        ["1", "0", "4", "Gout", "D", "0.5000", "Gout hurts."],
        ["1", "6", "15", "urts. Flu", "D", "0.2500", "Gout hurts. Flu passes."],
        ["1", "12", "15", "Flu", "D", "", "Flu passes."],
        ["1", "27", "31", "'=2+2", "D", "1.0000", "It =2+2 fails."],
    ]


def test_a_gap_is_said():
    report = ImportReport()
    entity = Entity("D", ((0, 3), (8, 12)), "low pain")
    lines = list(entity_table([Document("1", "low and pain", (entity,))], report))
    assert lines[1].startswith("1\t0\t12\tlow pain\t")
    (reason,) = report.by_reason
    assert "discontinuous" in reason
