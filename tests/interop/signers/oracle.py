"""An HTTP server that accepts a request only if botocore would have signed the very same bytes.

    oracle.py REGION SERVICE     serves on a free port of loopback, prints it as JSON, and ends with its standard input
    oracle.py --self-test        proves that good requests pass and that each kind of bad one does not

Accepted: 200 and what arrived, as JSON. Refused: 403, the reason and the canonical request of our side.
"""

import asyncio
import base64
import datetime
import hashlib
import json
import sys
import unittest.mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEYS = {"AKIDEXAMPLE": ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None),
        "ASIAEXAMPLE": ("K7MDENG/bPxRfiCYEXAMPLEKEYwJalrXUtnFEMI+", "token/with+odd=characters")}
SKEW_SECONDS = 300
# What may change on the way, and therefore must not be signed.
NEVER_SIGNED = {"authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
                "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
                "via", "accept-encoding", "content-length", "x-forwarded-for", "x-forwarded-proto",
                "x-forwarded-host", "x-forwarded-port"}


class Refused(Exception):
    """Why a request is not accepted."""


def check(method, target, headers, body, region, service):
    """Recomputes the signature of a request from what arrived; `headers` are pairs, names as sent."""
    values = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)

    def one(name):
        found = values.get(name, [])
        if len(found) != 1:
            raise Refused(f"{name} is there {len(found)} times")
        return found[0]

    algorithm, _, rest = one("authorization").partition(" ")
    if algorithm != "AWS4-HMAC-SHA256":
        raise Refused("another algorithm")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    key, *scope = parts["Credential"].split("/")
    timestamp = one("x-amz-date")
    if scope != [timestamp[:8], region, service, "aws4_request"]:
        raise Refused(f"scope {scope}")
    moment = datetime.datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()) > SKEW_SECONDS:
        raise Refused("clock skew")
    if key not in KEYS:
        raise Refused("unknown key")
    secret, token = KEYS[key]
    if values.get("x-amz-security-token", []) != ([token] if token else []):
        raise Refused("session token")
    signed = parts["SignedHeaders"].split(";")
    if signed != sorted(set(signed)):
        raise Refused("signed headers are not sorted")
    if "host" not in signed:
        raise Refused("host is not signed")
    unsigned = [name for name in values if name.startswith("x-amz-") and name not in signed]
    if unsigned:
        raise Refused(f"not signed: {unsigned}")
    if NEVER_SIGNED & set(signed):
        raise Refused(f"signed: {NEVER_SIGNED & set(signed)}")
    if "x-amz-content-sha256" in values and one("x-amz-content-sha256") not in (digest(body), "UNSIGNED-PAYLOAD"):
        raise Refused("payload hash")

    request = AWSRequest(method=method, url=f"http://{one('host')}{target}", data=body)
    for name in signed:
        if name not in values:
            raise Refused(f"signed but not sent: {name}")
        for value in values[name]:
            request.headers[name] = value
    request.context["timestamp"] = timestamp
    signer = SigV4Auth(Credentials(secret_key=secret, access_key=key, token=token), service, region)
    canonical = signer.canonical_request(request)
    if signer.signature(signer.string_to_sign(request, canonical), request) != parts["Signature"]:
        raise Refused(f"signature; canonical request here:\n{canonical}")


def digest(body):
    return hashlib.sha256(body).hexdigest()


async def read_body(reader, headers):
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        raise Refused("a body without a length")
    return await reader.readexactly(int(lengths[0])) if lengths else b""


async def serve(reader, writer, region, service):
    """One connection: requests until the other side ends it."""
    try:
        while line := await reader.readline():
            method, target, _ = line.decode("latin-1").rstrip("\r\n").split(" ")
            headers = []
            while (line := await reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
                headers.append((name, value.strip(" \t")))
            status, answer = "200 OK", {}
            try:
                body = await read_body(reader, headers)
                check(method, target, headers, body, region, service)
                answer = {"method": method, "target": target, "headers": headers,
                          "body": base64.b64encode(body).decode()}
            except (Refused, KeyError, ValueError) as error:
                status, answer = "403 Forbidden", {"refused": str(error) or repr(error), "target": target}
            text = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            writer.write(head.encode() + (b"" if method == "HEAD" else text))
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def start(region, service):
    return await asyncio.start_server(lambda r, w: serve(r, w, region, service), "127.0.0.1", 0, limit=1 << 20)


async def run(region, service):
    server = await start(region, service)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def self_test():
    server = await start("eu-west-1", "execute-api")
    port = server.sockets[0].getsockname()[1]
    host = f"127.0.0.1:{port}"

    async def outcome(method="GET", target="/", body=b"", key="AKIDEXAMPLE", secret=None, region="eu-west-1", extra=(),
                     sent_target=None, sent_body=None, drop=None, sent_extra=(), minutes_ago=0):
        known, token = KEYS.get(key, ("unknown", None))
        request = AWSRequest(method=method, url=f"http://{host}{target}", data=body, headers=dict(extra))
        moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes_ago)
        with unittest.mock.patch("botocore.auth.get_current_datetime", lambda: moment):
            SigV4Auth(Credentials(key, secret or known, token), "execute-api", region).add_auth(request)
        lines = [("host", host), ("content-length", str(len(sent_body or body)))]
        lines += [pair for pair in request.headers.items() if pair[0].lower() != drop] + list(sent_extra)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{method} {sent_target or target} HTTP/1.1\r\n{head}\r\n".encode() + (sent_body or body))
        head = await reader.readuntil(b"\r\n\r\n")
        answer = json.loads(await reader.readexactly(int(head.split()[-1])))
        writer.close()
        return answer.get("refused", "accepted")

    every_byte = bytes(range(256))
    wrong = False
    for expected, what, arguments in [
        ("accepted", "plain", {}),
        ("accepted", "encoded path", {"target": "/a%20b/%E1%88%B4/x%2Fy@z"}),
        ("accepted", "odd query", {"target": "/?with%20space=a%2Fb%20c&multi=m2&multi=m1&flag=&a=%2A&a-=x"}),
        ("accepted", "bytes", {"method": "POST", "body": every_byte}),
        ("accepted", "temporary keys", {"key": "ASIAEXAMPLE"}),
        ("accepted", "an x-amz header", {"extra": [("x-amz-meta", "a  b")]}),
        ("signature", "wrong secret", {"secret": "wrong"}),
        ("unknown key", "unknown key", {"key": "AKIDOTHER", "secret": "wrong"}),
        ("scope", "wrong region", {"region": "us-east-1"}),
        ("signature", "tampered body", {"method": "POST", "body": every_byte, "sent_body": every_byte[::-1]}),
        ("signature", "tampered path", {"target": "/a", "sent_target": "/b"}),
        ("signature", "lower-case escape", {"target": "/x%2Fy", "sent_target": "/x%2fy"}),
        ("signature", "+ where %20 was signed", {"target": "/?a=b%20c", "sent_target": "/?a=b+c"}),
        ("session token", "no token", {"key": "ASIAEXAMPLE", "drop": "x-amz-security-token"}),
        ("x-amz-date is there 0", "no date", {"drop": "x-amz-date"}),
        ("authorization is there 0", "no signature", {"drop": "authorization"}),
        ("not signed", "an x-amz header that is not signed", {"sent_extra": [("x-amz-invocation-type", "Event")]}),
        ("signed:", "a header that changes on the way", {"extra": [("accept-encoding", "gzip")]}),
        ("clock skew", "an old date", {"minutes_ago": 6}),
    ]:
        got = await outcome(**arguments)
        if not got.startswith(expected):
            wrong = True
            print(f"{what}: {got} instead of {expected}")
    server.close()
    if wrong:
        sys.exit(1)
    print("the oracle is right about itself")


if __name__ == "__main__":
    asyncio.run(self_test() if sys.argv[1:] == ["--self-test"] else run(*sys.argv[1:]))
