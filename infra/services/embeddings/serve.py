"""Serves all-MiniLM-L6-v2 as POST /v1/embeddings, in the form that OpenAI gave it: serve.py PORT"""

import base64
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from minilm import MiniLM

HOST = "127.0.0.1"
NAME = "all-MiniLM-L6-v2"
MOST_TEXTS = 256
MOST_BYTES = 16 * 1024 * 1024


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def texts_of(request):
    """The texts that a request asks for. Raises Refused where it is not of the form."""
    texts = request.get("input") if isinstance(request, dict) else None
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise Refused(400, "input should be a text or a list of texts")
    if len(texts) > MOST_TEXTS:
        raise Refused(413, f"input has {len(texts)} texts, and may have {MOST_TEXTS}")
    # Half of a pair that JSON can tell and UTF-8 cannot.
    if any(text.encode("utf-8", "replace") != text.encode("utf-8", "surrogatepass") for text in texts):
        raise Refused(400, "input is not Unicode")
    return texts


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise a kept connection waits for an acknowledgement between head and body.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300

    def log_message(self, *_):
        """Texts and addresses are nobody's business."""

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, message):
        self.answer(status, {"error": {"message": message, "type": "invalid_request_error"}})

    def read(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            raise Refused(411, "Content-Length is missing")
        if int(length) > MOST_BYTES:
            self.close_connection = True
            raise Refused(413, f"the body is larger than {MOST_BYTES} bytes")
        try:
            return json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise Refused(400, "the body is not JSON") from error

    def do_GET(self):
        if self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": NAME, "object": "model"}]})
        else:
            self.refuse(404, "there is only /v1/embeddings and /v1/models")

    def do_POST(self):
        try:
            request = self.read()
            if self.path != "/v1/embeddings":
                raise Refused(404, "there is only /v1/embeddings and /v1/models")
            texts = texts_of(request)
            if request.get("model", NAME) != NAME:
                raise Refused(404, f"there is only the model {NAME}")
        except Refused as refused:
            return self.refuse(refused.status, str(refused))
        # One at a time: each computation takes all the threads there are.
        with self.server.turn:
            vectors, tokens = self.server.model.embed(texts)
        packed = request.get("encoding_format") == "base64"
        form = (lambda v: base64.b64encode(v.tobytes()).decode()) if packed else (lambda v: v.tolist())
        data = [{"object": "embedding", "index": at, "embedding": form(v)} for at, v in enumerate(vectors)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        self.answer(200, {"object": "list", "model": NAME, "data": data, "usage": usage})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, model):
        super().__init__((HOST, port), Handler)
        self.model, self.turn = model, threading.Lock()


if __name__ == "__main__":
    Server(int(sys.argv[1]), MiniLM(threads=len(os.sched_getaffinity(0)))).serve_forever()
