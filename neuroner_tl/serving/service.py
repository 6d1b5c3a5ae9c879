"""A service that tags texts over HTTP, for programs, for brat and INCEpTION, and in a browser."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, Any, Optional, Union

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

import neuroner_tl
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import NeuroNERError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.marginals import LabelRoles
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.prediction import load_predictor
from neuroner_tl.serving.inception import CasDocument
from neuroner_tl.serving.limits import BoundedBodies, Limits, Refused
from neuroner_tl.serving.tagging_workers import Workers
from neuroner_tl.system.paths import StrPath

logger = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 8000
_HIGHEST_PORT = (1 << 16) - 1


def _whole_characters(text: str) -> str:
    """Refuse a text with half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start} is half of a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(_whole_characters)]


class Texts(BaseModel):
    """One text or many.

    Example::

        Texts(texts=["Gout is painful."]).min_confidence
    """

    model_config = ConfigDict(extra="forbid")

    text: Optional[Text] = Field(None, description="one text")
    texts: Optional[list[Text]] = Field(None, description="many texts, in place of one")
    min_confidence: float = Field(0.0, ge=0, le=1, description="minimum probability of an entity")


class FoundEntity(BaseModel):
    """An entity; offsets count Unicode code points from 0, the end is exclusive.

    Example::

        FoundEntity(type="DISO", start=0, end=4, text="Gout", probability=0.9).end
    """

    type: str
    start: int
    end: int
    text: str
    probability: Optional[float]


class FoundEntities(BaseModel):
    """The entities of a text, or of each of many.

    Example::

        FoundEntities(entities=[]).documents is None
    """

    entities: Optional[list[FoundEntity]] = None
    documents: Optional[list[list[FoundEntity]]] = None


class CasMetadata(BaseModel):
    """What INCEpTION wants to have predicted.

    Example::

        CasMetadata(layer="custom.Disease", feature="value").feature
    """

    layer: str
    feature: str


class CasContent(BaseModel):
    """A document of INCEpTION.

    Example::

        CasContent(xmi="<xmi:XMI/>").xmi
    """

    xmi: Text


class CasRequest(BaseModel):
    """A request of INCEpTION to an external recommender.

    Example::

        CasRequest(metadata=metadata, document=document, typeSystem=type_system)
    """

    metadata: CasMetadata
    document: CasContent
    typeSystem: str


def make_app(tagger: JointPredictor, limits: Optional[Limits] = None) -> FastAPI:
    """Return the service as an ASGI application.

    Args:
        tagger: one or several models.
        limits: what a request may cost.
    """
    limits = limits or Limits()
    workers = Workers(tagger, limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        workers.close()

    app = FastAPI(
        title="neuroner_tl",
        version=neuroner_tl.__version__,
        description="Named entities in texts, with their probabilities.",
        lifespan=lifespan,
    )
    app.add_middleware(BoundedBodies, limits=limits)
    _add_errors(app)
    page = (files("neuroner_tl") / "serving" / "page.html").read_text("utf-8")

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index() -> str:
        return page

    @app.get("/health", summary="Whether the service answers")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/models", summary="The models and the types that they find")
    async def models() -> list[dict[str, Any]]:
        return [_described(predictor) for predictor in tagger.predictors]

    @app.post("/tag", response_model=FoundEntities, response_model_exclude_none=True)
    async def tag(asked: Texts, request: Request) -> FoundEntities:
        """Find the entities of one text (`text`) or of many (`texts`)."""
        if (asked.text is None) == (asked.texts is None):
            raise Refused(422, "expected either text, a string, or texts, a list of strings")
        texts = [asked.text] if asked.text is not None else asked.texts or []
        found = [
            [_shown(entity) for entity in entities if _sure(entity, asked.min_confidence)]
            for entities in await workers.tag(texts, request.is_disconnected)
        ]
        if asked.text is not None:
            return FoundEntities(entities=found[0])
        return FoundEntities(documents=found)

    @app.post("/brat", summary="Tagger service of brat: plain text in, annotations out")
    async def brat(request: Request) -> dict[str, dict[str, Any]]:
        try:
            text = (await request.body()).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(400, f"byte {error.start}: not UTF-8; send the text as UTF-8") from None
        (entities,) = await workers.tag([text], request.is_disconnected)
        return {f"T{number}": _for_brat(e, text) for number, e in enumerate(entities, 1)}

    @app.post("/inception/predict", summary="External recommender of INCEpTION")
    async def inception(asked: CasRequest, request: Request) -> dict[str, str]:
        cas = CasDocument(asked.document.xmi, asked.typeSystem)
        (entities,) = await workers.tag([cas.text], request.is_disconnected)
        cas.add(asked.metadata.layer, asked.metadata.feature, entities)
        return {"document": cas.to_xmi()}

    return app


def serve(
    model: Union[StrPath, Sequence[StrPath]],
    host: str = HOST,
    port: int = PORT,
    *,
    limits: Optional[Limits] = None,
    min_confidence: float = 0.0,
    word_vectors: Optional[StrPath] = None,
    threads: int = 1,
) -> None:
    """Serve models until the process is interrupted.

    Args:
        model: the folder of a run or of its model, or several.
        host: address to bind to.
        port: TCP port; 0 for a free one.
        limits: what a request may cost.
        min_confidence: minimum probability of an entity.
        word_vectors: see `load_predictor`.
        threads: threads of TensorFlow per request, 0 for as many as there are processors.

    Raises:
        CheckpointError: a model cannot be loaded.
        ParameterError: an option is out of range, or the address cannot be bound to.
    """
    limits = limits or Limits()
    folders = [model] if isinstance(model, (str, os.PathLike)) else list(model)
    with _bound(host, port) as bound:
        predictors = [load_predictor(m, word_vectors, threads=threads) for m in folders]
        tagger = JointPredictor(predictors, min_confidence)
        list(tagger.predict([Document("first", "This compiles the network.")]))
        address, number = bound.getsockname()[:2]
        logger.info(
            "serving %s on http://%s:%d; Ctrl-C stops",
            counted(len(predictors), "model"),
            f"[{address}]" if ":" in address else address,
            number,
        )
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            logger.warning("whoever reaches %s can use this service: it has no log-in", address)
        config = uvicorn.Config(make_app(tagger, limits), log_level="warning", lifespan="on")
        try:
            uvicorn.Server(config).run([bound])
        except KeyboardInterrupt:
            pass  # It has stopped by then, after what it was computing.


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address."""
    if not 0 <= port <= _HIGHEST_PORT:  # Some systems would take what is left of it by 2**16.
        raise ParameterError(f"--port: found {port}, expected a number from 0 to {_HIGHEST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(
            f"--host {host} --port {port}: cannot be bound to ({reason}); give an address of this "
            "machine and another port, or 0 for a free one"
        ) from error
    return bound


def _add_errors(app: FastAPI) -> None:
    """Answer whatever is wrong with a request by one line."""

    def answer(status: int, message: str) -> JSONResponse:
        return JSONResponse({"error": " ".join(message.split())}, status)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return answer(error.status, str(error))

    @app.exception_handler(NeuroNERError)
    async def unusable(request: Request, error: NeuroNERError) -> JSONResponse:
        return answer(422, str(error))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        return answer(500, f"not answered, {type(error).__name__}: {error}"[:250])

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400 and error.__cause__ is not None:
            reason = f"{type(error.__cause__).__name__}: {error.__cause__}"[:150]
            return answer(400, f"cannot be read as JSON in UTF-8 ({reason}); expected an object")
        return answer(error.status_code, f"{request.method} {request.url.path}: {error.detail}")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = "/".join(map(str, first["loc"][1:]))
        if first["type"] == "json_invalid":
            reason = first.get("ctx", {}).get("error", "")
            return answer(400, f"character {place}: not JSON ({reason}); expected an object")
        if not place:
            return answer(
                422,
                "body: found no JSON object, expected one, sent with the header Content-Type: "
                "application/json; /docs describes it",
            )
        return answer(422, f"{place}: {first['msg']}")


def _described(predictor: Predictor) -> dict[str, Any]:
    """Return what a client must know of a model; the folder's path stays here."""
    folder = predictor.model.folder.resolve()
    return {
        "name": folder.parent.name if folder.name == "model" else folder.name,
        "types": list(LabelRoles.of(predictor.vocabulary.labels).types),
        "tokenizer": predictor.tokenizer.identity,
        "temperature": predictor.temperature,
    }


def _sure(entity: Entity, min_confidence: float) -> bool:
    return (entity.probability or 0.0) >= min_confidence


def _shown(entity: Entity) -> FoundEntity:
    return FoundEntity(
        type=entity.type,
        start=entity.start,
        end=entity.end,
        text=entity.text,
        probability=entity.probability,
    )


def _for_brat(entity: Entity, text: str) -> dict[str, Any]:
    """Return an entity as brat reads it: no fragment crosses a line break."""
    offsets, start = [], entity.start
    for line in text[entity.start : entity.end].split("\n"):
        if line:
            offsets.append([start, start + len(line)])
        start += len(line) + 1
    return {
        "type": entity.type,
        "offsets": offsets,
        "texts": [text[s:e] for s, e in offsets],
    }
