"""The service: answers that are right, refusals in one line, and it lives on."""

import html
import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
from lxml import etree

from neuroner_tl.corpora.document import Entity

for package in ("fastapi", "uvicorn", "httpx"):
    pytest.importorskip(package, reason="the service is an extra; pip install '.[serve]'")

import uvicorn  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from finds_gout import Fake  # noqa: E402

from neuroner_tl.__main__ import main  # noqa: E402
from neuroner_tl.errors import ParameterError  # noqa: E402
from neuroner_tl.serving import service  # noqa: E402
from neuroner_tl.serving import tagging_workers as workers_module  # noqa: E402
from neuroner_tl.serving.limits import Limits  # noqa: E402
from neuroner_tl.serving.service import make_app  # noqa: E402


def client(tagger=None, **limits):
    return TestClient(make_app(tagger or Fake(), Limits(**limits)))


def refused(answer, status):
    assert answer.status_code == status, answer.text
    (message,) = answer.json().values()
    assert "\n" not in message and len(message) < 300
    return message


def test_one_text_and_many():
    found = client().post("/tag", json={"text": "😀 Gout, not GOUT."}).json()
    assert found == {
        "entities": [
            {"type": "DISO", "start": 2, "end": 6, "text": "Gout", "probability": 0.75},
            {"type": "DISO", "start": 12, "end": 16, "text": "GOUT", "probability": 0.75},
        ]
    }
    found = client().post("/tag", json={"texts": ["gout", "", "x"]}).json()
    assert [len(entities) for entities in found["documents"]] == [1, 0, 0]
    assert client().post("/tag", json={"text": ""}).json() == {"entities": []}
    assert client().post("/tag", json={"texts": []}).json() == {"documents": []}
    sure = {"text": "gout", "min_confidence": 0.8}
    assert client().post("/tag", json=sure).json() == {"entities": []}


def test_health_page_and_description():
    calls = client()
    assert calls.get("/health").json() == {"status": "ok"}
    assert calls.get("/models").json() == []
    page = calls.get("/")
    assert page.headers["content-type"].startswith("text/html") and "<textarea" in page.text
    assert "innerHTML" not in page.text and "http" not in page.text
    assert {"/tag", "/brat", "/inception/predict"} <= set(
        calls.get("/openapi.json").json()["paths"]
    )
    assert calls.get("/docs").status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"{", 400, "not JSON"),
        (b"", 422, "body: found no JSON object"),
        (b"\xff", 400, "cannot be read as JSON in UTF-8"),
        (b"[" * 100_000, 400, "cannot be read as JSON in UTF-8"),
        (b'{"text": "a", "min_confidence": ' + b"9" * 5000 + b"}", 400, "cannot be read as JSON"),
        (b"[]", 422, "body: found no JSON object"),
        (b"{}", 422, "expected either text"),
        (b'{"text": "a", "texts": []}', 422, "expected either text"),
        (b'{"text": 5}', 422, "text: "),
        (b'{"texts": ["a", null]}', 422, "texts/1"),
        (b'{"text": "\\ud800"}', 422, "text: "),
        (b'{"text": "a", "min_confidence": 2}', 422, "min_confidence"),
        (b'{"text": "a", "min_confidence": NaN}', 422, "min_confidence"),
        (b'{"txt": "a"}', 422, "txt"),
    ],
)
def test_what_is_not_a_request(content, status, message):
    calls = client()
    answer = calls.post("/tag", content=content, headers={"Content-Type": "application/json"})
    assert message in refused(answer, status)
    assert calls.get("/health").status_code == 200


def test_the_content_type_that_curl_sends_by_itself():
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client().post("/tag", content=b'{"text": "a"}', headers=headers)
    assert "sent with the header Content-Type: application/json" in refused(answer, 422)


def test_other_places_and_methods():
    assert "Not Found" in refused(client().get("/nowhere"), 404)
    assert "Method Not Allowed" in refused(client().get("/tag"), 405)


def test_ten_thousand_texts():
    texts = {"texts": ["gout"] * 10_000}
    message = refused(client().post("/tag", json=texts), 413)
    assert message.startswith("found 10,000 texts, expected at most 1,000")
    message = refused(client().post("/tag", json={"text": "gout " * 500_000}), 413)
    assert message.startswith("found 2,500,000 characters, expected at most 2,000,000")
    found = client(max_texts=10_000).post("/tag", json=texts).json()
    assert len(found["documents"]) == 10_000


def test_no_time(monkeypatch):
    monkeypatch.setattr(workers_module, "CHARACTERS_AT_ONCE", 1)
    monkeypatch.setattr(workers_module, "POLL_SECONDS", 0.01)
    tagger = Fake(seconds=0.05)
    with client(tagger, timeout=0.1) as calls:
        message = refused(calls.post("/tag", json={"texts": ["gout"] * 100}), 503)
        assert message.startswith("not tagged in 0.1 s")
    assert tagger.texts < 20, "nothing is computed for a request that was refused"


INCEPTION = Path(__file__).parents[1] / "fixtures" / "inception"
XMI = (INCEPTION / "document.xmi").read_text("utf-8")
TYPES = (INCEPTION / "types.xml").read_text("utf-8")
LAYER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"


def ask_inception(xmi=XMI, types=TYPES, layer=LAYER, feature="value"):
    """A request as INCEpTION sends it."""
    metadata = {"layer": layer, "feature": feature, "projectId": 1, "anchoringMode": "tokens"}
    document = {"xmi": xmi, "documentId": 5, "userId": "me"}
    body = {"metadata": metadata, "document": document, "typeSystem": types}
    return client().post("/inception/predict", json=body)


def test_inception():
    answer = ask_inception()
    assert answer.status_code == 200, answer.text
    root = etree.fromstring(answer.json()["document"].encode())
    found = root.findall("{http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore}NamedEntity")
    own, *predicted = [{etree.QName(n).localname: v for n, v in e.attrib.items()} for e in found]
    assert own["value"] == "OTHER" and own["inception_internal_predicted"] == "false"
    # Offsets of UTF-16: the first character is two.
    assert predicted == [
        {
            "id": number,
            "sofa": "1",
            "begin": begin,
            "end": end,
            "value": "DISO",
            "value_score": "0.75",
            "inception_internal_predicted": "true",
        }
        for number, begin, end in (("20", "3", "7"), ("21", "13", "17"))
    ]
    (sofa,) = root.findall("{http:///uima/cas.ecore}Sofa")
    assert sofa.get("sofaString") == "😀 gout <b>\n\tGout"
    assert root.find("{http:///uima/cas.ecore}View").get("members") == "19 20 21"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"xmi": "<a"}, "document/xmi: not well-formed XML"),
        ({"xmi": ""}, "document/xmi: not well-formed XML"),
        ({"types": "no"}, "typeSystem: not well-formed XML"),
        ({"xmi": "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"}, "document type declaration"),
        ({"xmi": XMI.replace("_InitialView", "x")}, "found no text in an initial view"),
        ({"xmi": XMI.replace('sofa="1" members', 'sofa="7" members')}, "found no text"),
        ({"layer": "custom.Other"}, "found the layer 'custom.Other'"),
        ({"layer": "../x"}, "found '../x', expected the name of a layer"),
        ({"feature": "a b"}, "found 'a b', expected the name"),
    ],
)
def test_what_inception_does_not_send(changed, message):
    assert message in refused(ask_inception(**changed), 422)


def test_brat():
    text = "😀 gout\nGout"
    found = client().post("/brat", content=text.encode("utf-8")).json()
    assert found == {
        "T1": {"type": "DISO", "offsets": [[2, 6]], "texts": ["gout"]},
        "T2": {"type": "DISO", "offsets": [[7, 11]], "texts": ["Gout"]},
    }
    assert client().post("/brat", content=b"").json() == {}
    assert "not UTF-8" in refused(client().post("/brat", content=b"gout \xff"), 400)
    across = Entity("DISO", ((0, 8),), "bad\ngout")
    assert service._for_brat(across, "bad\ngout and") == {
        "type": "DISO",
        "offsets": [[0, 3], [4, 8]],
        "texts": ["bad", "gout"],
    }


@pytest.fixture
def served():
    """A function that runs the service on a port of its own, as the command does."""
    servers = []

    def start(tagger, **limits):
        bound = service._bound("127.0.0.1", 0)
        config = uvicorn.Config(make_app(tagger, Limits(**limits)), log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        servers.append((server, thread, bound))
        while not server.started:
            time.sleep(0.01)
        return bound.getsockname()[1]

    yield start
    for server, thread, bound in servers:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
        bound.close()


def get(port, path="/health"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.slow
def test_the_page_in_a_browser(served, tmp_path):
    """Whatever a text holds is text on the page, and offsets are right after astral characters."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium on the PATH; apt install chromium")
    text = "😀 <img src=x onerror=alert(1)> & Gout\nno gout"
    address = f"http://127.0.0.1:{served(Fake())}/?{urllib.parse.urlencode({'text': text})}"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    done = subprocess.run(
        [browser, *options, "--virtual-time-budget=10000", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=120,
    )
    marked = re.search(r"<output[^>]*>(.*?)</output>", done.stdout, re.DOTALL)
    assert marked, done.stderr
    shown = re.sub(
        r"<mark [^>]*title=\"([^\"]*)\"[^>]*>(\w+)<sub>\w+</sub></mark>", r"[\2|\1]", marked[1]
    )
    note = "DISO, probability 0.750"
    assert html.unescape(shown) == text.replace("Gout", f"[Gout|{note}]").replace(
        "gout", f"[gout|{note}]"
    )
    assert "&lt;img" in shown and "2 entities" in done.stdout


def test_a_body_of_a_hundred_megabytes(served):
    port = served(Fake())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = b'{"text": "' + b"gout " * 20_000_000 + b'"}'
    connection.request("POST", "/tag", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"].startswith("found a body of 100,000,012 bytes")
    assert get(port)[0] == 200


def request_of(body, length=None):
    head = "POST /tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {length or len(body)}\r\n\r\n{body}".encode()


def test_clients_that_hang_up(served, monkeypatch):
    monkeypatch.setattr(workers_module, "CHARACTERS_AT_ONCE", 1)
    monkeypatch.setattr(workers_module, "POLL_SECONDS", 0.01)
    tagger = Fake(seconds=0.02)
    port = served(tagger)
    body = json.dumps({"texts": ["gout"] * 500})
    for sent in (request_of(body), request_of(body)[:200], b"POST /tag", b"\x00\xff"):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(sent)
            time.sleep(0.1)
    time.sleep(0.3)
    after = tagger.texts
    time.sleep(0.3)
    assert 0 < tagger.texts == after < 100, "nothing is computed for a client that has gone"
    assert get(port)[0] == 200


def test_a_client_that_does_not_finish(served):
    port = served(Fake(), timeout=0.2)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request_of('{"text": ', 100))
        connection.settimeout(20)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert b" 408 " in answer and b"has not arrived in 0.2 s" in answer


def test_more_requests_than_may_wait(served, monkeypatch):
    monkeypatch.setattr(workers_module, "POLL_SECONDS", 0.01)
    port = served(Fake(seconds=0.3), workers=1, max_waiting=3)
    found = []

    def call():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(
            "POST", "/tag", b'{"text": "gout"}', {"Content-Type": "application/json"}
        )
        found.append(connection.getresponse().status)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200] * 3 + [503] * 5
    assert get(port)[0] == 200


def test_a_text_on_which_tagging_fails():
    """Whatever the reason, the client gets one line, and the service lives on."""

    class Broken(Fake):
        def predict(self, documents):
            raise OverflowError("too\nlong")

    calls = TestClient(make_app(Broken(), Limits()), raise_server_exceptions=False)
    for _ in range(3):  # More often than there are threads.
        message = refused(calls.post("/tag", json={"text": "gout"}), 500)
        assert "OverflowError: too long" in message
    assert calls.get("/health").status_code == 200


def test_a_port_that_is_taken(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--model", str(tmp_path), "--port", port]) == 2
    error = capsys.readouterr().err
    assert "cannot be bound to" in error and error.count("\n") == 1
    assert main(["serve", "--model", str(tmp_path), "--port", "0"]) == 2
    assert "manifest" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["70000", "-1", str(1 << 40)])
def test_a_port_that_there_is_not(capsys, tmp_path, port):
    assert main(["serve", "--model", str(tmp_path), f"--port={port}"]) == 2
    assert f"--port: found {port}, expected a number from 0 to 65535" in capsys.readouterr().err


def test_limits_that_are_not():
    with pytest.raises(ParameterError, match="timeout: found 0"):
        Limits(timeout=0)


def test_a_single_model_may_be_given_by_its_folder(monkeypatch, tmp_path):
    def loaded(folder, *arguments, **options):
        raise ParameterError(f"asked for {folder}")

    monkeypatch.setattr(service, "load_predictor", loaded)
    for folder in (tmp_path, str(tmp_path)):
        with pytest.raises(ParameterError, match=re.escape(f"asked for {tmp_path}") + "$"):
            service.serve(folder, port=0)
