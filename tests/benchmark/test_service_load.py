"""Load on a small server of the test's own; no figure of speed is asserted."""

import json
import math
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.benchmark.service_load import Load, load_text, measure_service
from neuroner_tl.errors import CorpusError, NeuroNERError, ParameterError


class Handler(BaseHTTPRequestHandler):
    """Answers every text that has a full stop, refuses one that has none."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/tag"
        self.server.texts.append(body["text"])
        content = b"{}"
        self.send_response(200 if body["text"].endswith(".") else 503)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.texts = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def address(server):
    return f"http://127.0.0.1:{server.server_port}"


def texts(folder, *texts):
    lines = [json.dumps({"id": str(i), "text": text}) for i, text in enumerate(texts)]
    (folder / "texts.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder / "texts.jsonl"


def test_answers_and_refusals_are_counted(server, address, tmp_path):
    given = texts(tmp_path, "One.", "Two.", "three")
    one, four = measure_service(address, given, clients=[1, 4], seconds=0.3)
    assert (one.clients, four.clients) == (1, 4)
    for load in (one, four):
        assert len(load.latencies) >= 2 and set(load.refused) == {503}
        assert abs(len(load.latencies) - 2 * load.refused[503]) <= 2 * load.clients
        assert load.characters == 4 * len(load.latencies)
        assert 0 < load.median <= load.slow <= max(load.latencies)
        assert load.seconds >= 0.3
    # The first request tells whether a service is there.
    counted = sum(len(load.latencies) + load.refused[503] for load in (one, four))
    assert len(server.texts) == counted + 1 and set(server.texts) == {"One.", "Two.", "three"}


def test_a_service_that_goes_is_counted_as_no_answer(server, address, tmp_path):
    given = texts(tmp_path, "One.")
    stop = threading.Timer(0.2, lambda: (server.shutdown(), server.server_close()))
    server.protocol = Handler.protocol_version
    Handler.protocol_version = "HTTP/1.0"  # A connection a request, so that it is noticed.
    try:
        stop.start()
        (load,) = measure_service(address, given, clients=[2], seconds=0.6, timeout=0.5)
    finally:
        Handler.protocol_version = "HTTP/1.1"
    assert load.refused[0] >= 1 and load.latencies


def test_the_command(address, tmp_path, capsys):
    given = str(texts(tmp_path, "One."))
    command = ["benchmark", "service", address, "--input", given, "--seconds", "0.1"]
    assert main([*command, "--clients", "2", "--json"]) == 0
    (load,) = json.loads(capsys.readouterr().out)["loads"]
    assert load["clients"] == 2 and load["requests"] >= 1 and load["refused"] == {}
    assert main([*command, "--clients", "1"]) == 0
    assert "99 % ms" in capsys.readouterr().out
    assert main([*command, "--clients", "many"]) == 2
    assert "--clients: found 'many'" in capsys.readouterr().err


def test_figures():
    load = Load(2, 4.0, [0.01 * n for n in range(1, 201)], 800)
    assert load.requests_per_second == 50
    assert load.slow == pytest.approx(1.98)
    assert load.median == pytest.approx(1.005)
    assert math.isnan(Load(1).slow) and math.isnan(Load(1).median)
    assert "2 x 503" in load_text([Load(1, 1.0, [0.1], 5, type(load.refused)({503: 2}))])


def test_what_cannot_be_measured_is_refused(server, address, tmp_path):
    given = texts(tmp_path, "One.")
    no_ports = ("http://127.0.0.1:99999", "http://127.0.0.1:80O0", "http://[::1")
    for wrong in ("https://127.0.0.1", "127.0.0.1:8000", "http://", *no_ports):
        with pytest.raises(ParameterError, match="is no address"):
            measure_service(wrong, given)
    with pytest.raises(ParameterError, match="clients"):
        measure_service(address, given, clients=[0])
    with pytest.raises(ParameterError, match="seconds"):
        measure_service(address, given, seconds=0)
    with pytest.raises(CorpusError, match="no documents"):
        measure_service(address, texts(tmp_path))
    with pytest.raises(NeuroNERError, match="answered the first text with HTTP status 503"):
        measure_service(address, texts(tmp_path, "none"))
    server.shutdown()
    server.server_close()
    with pytest.raises(NeuroNERError, match="no service answers .*neuroner-tl serve"):
        measure_service(address, texts(tmp_path, "One."))
    with pytest.raises(NeuroNERError, match="no service answers"):
        measure_service("http://two..dots", texts(tmp_path, "One."))


def test_a_server_that_does_not_speak_http_is_no_service(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                connection.recv(1 << 16)

        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(NeuroNERError, match="no service answers .*SSH") as refused:
            measure_service(
                f"http://127.0.0.1:{server.getsockname()[1]}", texts(tmp_path, "One."), timeout=10
            )
    assert len(str(refused.value).splitlines()) == 1
