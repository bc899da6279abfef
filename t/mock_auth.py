#!/usr/bin/env python3
"""mock_auth.py - the part of the mock API that checks credentials.

Python standard library only.  mock_api.py imports it; alone it does
  mock_auth.py --self-test       the checkers against published test vectors
  mock_auth.py --key rsa|ec|ed   a private key in PEM, for tests only

API KEYS
  /sec/cookie             /link/items for the cookie sid=k3y-value
  /sec/template           ... for "Authorization: Token token=k3y-value"

OAUTH 2.0: client "my app:1", secret "p@ss w+rd%:/", first refresh token
"refresh-0"; each refresh token is good once, and one used twice revokes them
all (RFC 6819, 5.2.2.3)
  /oauth2/config          POST: settings for the routes below, as an object:
                          client_auth  header | body | jwt
                          expires      what expires_in says (3600); null:
                                       left out
                          ttl          after how many seconds it really ends
                          rotate       false: the refresh token stays
                          delay        seconds before a token reply
                          base_url     instance_url of the token reply
                          require      {parameter: value} of token requests
                          reject       status for a bad token (401)
                          token        the access token, instead of a new one
                          error        {status, body} of the next token
                                       replies, "times" of them (1)
                          algorithm    of assertions (RS256)
                          claims       {claim: value} that assertions have
                          jwt_headers  {header: value} that JWTs have
  /oauth2/token           the token endpoint
  /oauth2/items           /link/items for a bearer token that it gave
  /oauth2/revoke          POST: all access tokens are bad from now on
  /oauth2/count           {requests, refreshed, revoked} of the token endpoint

SIGNED
  /jwt/items              /link/items for a JWT as bearer token
  /sigv4/*, /sigv4/s3/*   ... for AWS Signature Version 4, region eu-test-1,
                          service "execute-api" or "s3", key id AKIDEXAMPLE
  /hmac/binance           ... timestamp (ms) and signature or sgn (hex SHA-256
                          over the query) in the query, key in X-MBX-APIKEY
  /hmac/coinbase          ... CB-ACCESS-SIGN, base64 SHA-256 over timestamp,
                          method, target and body; the secret is in base64
  /hmac/nonce             ... "Authorization: HMAC key:nonce:signature", hex
                          SHA-512 over lines; each nonce is good once
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from urllib.parse import quote, unquote, unquote_plus, urlsplit

API_KEY = "k3y-value"
CLIENT = ("my app:1", "p@ss w+rd%:/")
AWS_KEY = "AKIDEXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AWS_SESSION = "sess10n/token+of=sts=="
HMAC_SECRET = "hm4c-s3cret"
CLOCK_SLACK = 300

# Keys made for these tests; they open nothing.
RSA_N = int(
    "A7E7B0143156E281AEF250215B3354B3F0ECC00CA89C03E162FF836BE847"
    "0E23BB9F7B9B794D6E178715C50F8A1095DAB615310F9FF2DE9AEEDE6CF8"
    "79DAEAD3F3902BA37EC8C376CF4EF4F1EE82C74B975AD4BAE8D6930157A5"
    "709275F460E80B3F584605785C14474FE022EFB8106828BCCDE0F5EE30CB"
    "A2667A2DE8B791A2CCF0835AF80E5BAD9F1E5D738CF890003559331F325F"
    "2C10EEB9ACF84506F54585E165C73B2F2D8861FC7873B9704AFD3D96F87F"
    "B28341A04D5F71EEE1E52C2468FEC7147D7CF0AF1EF5307CA003379C4776"
    "6CEBB52A10EAEF63CFF606542A3E68320654C0088BADD2B1B93728E0E965"
    "B5671A5137574EBF8B77AD0B38F67C13", 16)
RSA_E = 65537
EC_POINT = (int("364880eb9ebae6fb852db6a85055655772e50a6e20c7f0c527a57dcf12bc2318", 16),
            int("d880e8fe36041ca3f8744c0b18b79a3c930d58cd39c943d00279f28e4cc0c86b", 16))

# Kept in parts, so that nobody takes them for keys that matter.
PEM = "-----%s PRIVATE KEY-----\n"
RSA_KEY = """MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCn57AUMVbiga7y
UCFbM1Sz8OzADKicA+Fi/4Nr6EcOI7ufe5t5TW4XhxXFD4oQldq2FTEPn/Lemu7e
bPh52urT85Aro37Iw3bPTvTx7oLHS5da1Lro1pMBV6VwknX0YOgLP1hGBXhcFEdP
4CLvuBBoKLzN4PXuMMuiZnot6LeRoszwg1r4Dlutnx5dc4z4kAA1WTMfMl8sEO65
rPhFBvVFheFlxzsvLYhh/HhzuXBK/T2W+H+yg0GgTV9x7uHlLCRo/scUfXzwrx71
MHygAzecR3Zs67UqEOrvY8/2BlQqPmgyBlTACIut0rG5Nyjg6WW1ZxpRN1dOv4t3
rQs49nwTAgMBAAECggEAEBbbgJPZx4q1wPJ8v8iDbVrA1QZhgdG9X0csyMJRTMGP
0RB/LXiF/CstotyCVmSFuLz/HogtNbeS/C1lAghASF8miYf5NjPExsjCIAzC62YK
8uE/p+An5hEIAWmHdAt1MN65Drync+tdigHoVyBEMjb1IKVV66UxXjaDrrKGJKZV
UTNrVgvdwje0LF6Qgj05a5FRhfTvrf1nqGn9XVEfZfdk2Gl4NxMZd+gDrpQXI8tg
PrEmPgaLb5AWWLNMyNgwt+lfpC5DCHPOITaDKh9L9xM8LEePHpcxHEig8dOIEgyS
N0CznU9CXhghYJPEyOShongHUj/z90BoKVGYeq0LQQKBgQDPb75C9tfHO4srml8U
qelGiYpCcfP+G3CWK9lgIPdywDqn14LvJccAbuJVR7xTDml7sgJD7swfwr84coWf
Mp0xUdIYvBvqHYU4NwdUnShMXSWnRUimiQchZS/zZIjW17SUhxoJo6urVz5yzzj1
jhrMreGzRJJfZeMbbQmebKKIzQKBgQDPNrY70U6Op1aKkL8nuWIXj1MimhDRyAWJ
j2PT2R2qq3+dWs8yQGD3CD02JNLP88BFO/pFlOLFpvNVRhxmZrJurw8F1/o6LJEC
6QTHdJGfAIz38F8WNILJuWsWhENdIryG3/X1v/SIZScE1jdgyht1MYWn2nPMPh/3
oolDNRyYXwKBgAqhwI+wFSkp/R0UAXGOr90kqYh0TLwmbePUhYSuy9/+yELYAeb9
+bAk/sa+MYHUSEXFvuX6dE3gbmqXPBAHyRTBC9KmuYuLTcuuzlpg37LiR07Gd03J
0iq9A/MmoPjZ/3BpaEU8NU1H4HSD+HhleywocVv91L68+yHpucd76+y1AoGBAM53
sIrX2pOvzz5QTffx8viQugCPTNUKneHcO1b6TmIhcg3DTxK+LR/YWM2bUWcddGZI
Be7RFEhnOqysKF4sU/yPd8OV2WGfyHoC3t0ynGq3LL9cBhLlDbCcjUSpU0n486rc
e4J72tcRGxjprdJGb6eNSaTfuWQ4PrgLfwO1ZyG3AoGAGd0fquOS5f5AT330m9ud
yYHc2elg8dVEiOihfT5hHMdRaaFqiIlPwxm6h4uLab1q8MFUVttzvOppqo4QIf3D
BpZttoFfkZyPPgLf+cmQWdxAW+oDNCaUHnhPDmS9YjfEZGHM7x31+idgmd9qTvOY
Zpb9zfFTOPBuM6lsy1+0yAo=
"""
EC_KEY = """MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWFDAGfK5ployxRp7
+w8xxzkG0EUSDsVIjryw7idpleyhRANCAAQ2SIDrnrrm+4UttqhQVWVXcuUKbiDH
8MUnpX3PErwjGNiA6P42BByj+HRMCxi3mjyTDVjNOclD0AJ58o5MwMhr
"""


# RFC 8032, 7.1, test 1
ED_KEY = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
ED_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a"
                          "0ee172f3daa62325af021a68f707511a")


def private_key(kind):
    text = {"ec": EC_KEY, "ed": ED_KEY}.get(kind, RSA_KEY)
    return PEM % "BEGIN" + text + PEM % "END"


# ---------------------------------------------------------------------------
# Signatures
# ---------------------------------------------------------------------------

def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def rsa_verifies(data, signature):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2)."""
    size = (RSA_N.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    encoded = pow(int.from_bytes(signature, "big"), RSA_E, RSA_N)
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    tail = info + hashlib.sha256(data).digest()
    wanted = b"\0\1" + b"\xff" * (size - len(tail) - 3) + b"\0" + tail
    return encoded.to_bytes(size, "big") == wanted


P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = int("ffffffff00000000ffffffffffffffff"
             "bce6faada7179e84f3b9cac2fc632551", 16)
P256_G = (int("6b17d1f2e12c4247f8bce6e563a440f2"
              "77037d812deb33a0f4a13945d898c296", 16),
          int("4fe342e2fe1a7f9b8ee7eb4a7c0f9e16"
              "2bce33576b315ececbb6406837bf51f5", 16))


def ec_add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P256_P == 0:
            return None
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, P256_P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P256_P)
    x = (slope * slope - a[0] - b[0]) % P256_P
    return (x, (slope * (a[0] - x) - a[1]) % P256_P)


def ec_times(number, point):
    total = None
    while number:
        if number & 1:
            total = ec_add(total, point)
        point = ec_add(point, point)
        number >>= 1
    return total


def ec_verifies(data, signature, point=EC_POINT):
    """ECDSA over P-256 with SHA-256, r and s side by side (RFC 7518, 3.4)."""
    if len(signature) != 64:
        return False
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if not (0 < r < P256_N and 0 < s < P256_N):
        return False
    e = int.from_bytes(hashlib.sha256(data).digest(), "big")
    w = pow(s, -1, P256_N)
    found = ec_add(ec_times(e * w % P256_N, P256_G),
                   ec_times(r * w % P256_N, point))
    return found is not None and found[0] % P256_N == r


ED_P = 2**255 - 19
ED_L = 2**252 + 27742317777372353535851937790883648493
ED_D = -121665 * pow(121666, -1, ED_P) % ED_P


def ed_point(text):
    """The point that 32 bytes stand for; None if none does."""
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(ED_D * y * y + 1, -1, ED_P) % ED_P
    x = pow(square, (ED_P + 3) // 8, ED_P)
    if (x * x - square) % ED_P:
        x = x * pow(2, (ED_P - 1) // 4, ED_P) % ED_P
    if y >= ED_P or (x * x - square) % ED_P:
        return None
    return (ED_P - x if x & 1 != sign else x, y)


def ed_add(a, b):
    product = ED_D * a[0] * b[0] * a[1] * b[1] % ED_P
    return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, ED_P) % ED_P,
            (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, ED_P) % ED_P)


def ed_times(number, point):
    total = (0, 1)
    while number:
        if number & 1:
            total = ed_add(total, point)
        point = ed_add(point, point)
        number >>= 1
    return total


def ed_verifies(data, signature, public=ED_PUBLIC):
    """Ed25519 (RFC 8032, 5.1.7)."""
    if len(signature) != 64:
        return False
    r, s = ed_point(signature[:32]), int.from_bytes(signature[32:], "little")
    if r is None or s >= ED_L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + data)
                       .digest(), "little") % ED_L
    base = ed_point((4 * pow(5, -1, ED_P) % ED_P).to_bytes(32, "little"))
    return ed_times(s, base) == ed_add(r, ed_times(k, ed_point(public)))


def read_jwt(text, algorithm, secret=None):
    """(header, claims) of a JWT with a good signature, or None."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    data = (parts[0] + "." + parts[1]).encode()
    try:
        header = json.loads(unbase64url(parts[0]))
        claims = json.loads(unbase64url(parts[1]))
        signature = unbase64url(parts[2])
    except ValueError:
        return None
    if header.get("alg") != algorithm:
        return None
    good = {"RS256": rsa_verifies, "ES256": ec_verifies,
            "HS256": lambda d, s: hmac.compare_digest(
                hmac.new(secret or b"", d, hashlib.sha256).digest(), s)}
    return (header, claims) if good[algorithm](data, signature) else None


def timely(claims, longest=3600):
    now = time.time()
    try:
        return (claims["iat"] <= now + 5 and now < claims["exp"]
                and claims["exp"] - claims["iat"] <= longest)
    except (KeyError, TypeError):
        return False


# ---------------------------------------------------------------------------
# AWS Signature Version 4
# ---------------------------------------------------------------------------

def aws_encode(text, safe=""):
    return quote(text, safe="-_.~" + safe)


def aws_canonical(method, target, headers, signed, payload_hash, service):
    path, _, query = target.partition("?")
    if service == "s3":
        path = aws_encode(unquote(path), "/")
    else:
        path = aws_encode(path, "/")
    pairs = sorted((aws_encode(unquote(k)), aws_encode(unquote(v)))
                   for k, v in (p.partition("=")[::2]
                                for p in query.split("&") if p))
    lines = [method, path or "/", "&".join("%s=%s" % p for p in pairs)]
    for name in signed:
        lines.append("%s:%s" % (name, " ".join(headers[name].split())))
    return "\n".join(lines + ["", ";".join(signed), payload_hash])


def aws_signature(canonical, stamp, region, service, secret=AWS_SECRET):
    scope = "%s/%s/%s/aws4_request" % (stamp[:8], region, service)
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def aws_problem(request, service, region="eu-test-1"):
    """What is wrong with a signed request, or None."""
    sent = request.headers.get("authorization", "")
    if not sent.startswith("AWS4-HMAC-SHA256 "):
        return "MissingAuthenticationToken"
    fields = dict(f.strip().partition("=")[::2]
                  for f in sent.partition(" ")[2].split(","))
    stamp = request.headers.get("x-amz-date", "")
    scope = "%s/%s/%s/aws4_request" % (stamp[:8], region, service)
    if fields.get("Credential") != AWS_KEY + "/" + scope:
        return "IncompleteSignature"
    try:
        when = time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return "IncompleteSignature"
    if abs(when - time.mktime(time.gmtime())) > CLOCK_SLACK:
        return "RequestExpired"
    signed = fields.get("SignedHeaders", "").split(";")
    must = {"host", "x-amz-date"} | {h for h in request.headers
                                     if h.startswith("x-amz-")}
    if "content-type" in request.headers:
        must.add("content-type")
    if not must <= set(signed) or signed != sorted(signed):
        return "SignedHeaders"
    if request.headers.get("x-amz-security-token", AWS_SESSION) != AWS_SESSION:
        return "InvalidClientTokenId"
    payload = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-amz-content-sha256", payload) != payload:
        return "XAmzContentSHA256Mismatch"
    if service == "s3" and "x-amz-content-sha256" not in request.headers:
        return "MissingSecurityHeader"
    canonical = aws_canonical(request.method, request.target, request.headers,
                              signed, payload, service)
    wanted = aws_signature(canonical, stamp, region, service)
    return (None if hmac.compare_digest(wanted, fields.get("Signature", ""))
            else "SignatureDoesNotMatch")


# Of AWS's test suite for Signature Version 4 and of its documentation:
# method, target, headers, payload, service, secret, stamp, signature
EMPTY = hashlib.sha256(b"").hexdigest()
SUITE_HOST = {"host": "example.amazonaws.com",
              "x-amz-date": "20150830T123600Z"}
SUITE_SESSION = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKW"
    "HGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4"
    "IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE"
    "8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yj"
    "c8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==")
UNRESERVED = ("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
              "abcdefghijklmnopqrstuvwxyz")
S3_HOST = {"host": "examplebucket.s3.amazonaws.com",
           "x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z"}
S3_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
AWS_VECTORS = [
    ("GET", "/", SUITE_HOST, b"", "service", AWS_SECRET,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("GET", "/?Param2=value2&Param1=value1", SUITE_HOST, b"", "service",
     AWS_SECRET,
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("GET", "/?Param1=value1", SUITE_HOST, b"", "service", AWS_SECRET,
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    ("GET", "/?Param1=value2&Param1=Value1", SUITE_HOST, b"", "service",
     AWS_SECRET,
     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
    ("GET", "/?Param1=value2&Param1=value1", SUITE_HOST, b"", "service",
     AWS_SECRET,
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
    ("GET", "/?%s=%s" % (UNRESERVED, UNRESERVED), SUITE_HOST, b"", "service",
     AWS_SECRET,
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    ("GET", "/" + UNRESERVED, SUITE_HOST, b"", "service", AWS_SECRET,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    ("GET", "/?%E1%88%B4=bar", SUITE_HOST, b"", "service", AWS_SECRET,
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    ("POST", "/", SUITE_HOST, b"", "service", AWS_SECRET,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("POST", "/?Param1=value1", SUITE_HOST, b"", "service", AWS_SECRET,
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    ("POST", "/",
     dict(SUITE_HOST, **{"content-type": "application/x-www-form-urlencoded"}),
     b"Param1=value1", "service", AWS_SECRET,
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ("POST", "/", dict(SUITE_HOST, **{"my-header1": "VALUE1"}), b"",
     "service", AWS_SECRET,
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    ("GET", "/",
     dict(SUITE_HOST, **{"my-header1": " value1",
                         "my-header2": ' "a   b   c"'}), b"",
     "service", AWS_SECRET,
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("POST", "/", dict(SUITE_HOST, **{"x-amz-security-token": SUITE_SESSION}),
     b"", "service", AWS_SECRET,
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    ("GET", "/?Action=ListUsers&Version=2010-05-08",
     {"content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "host": "iam.amazonaws.com", "x-amz-date": "20150830T123600Z"},
     b"", "iam", AWS_SECRET,
     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
    ("GET", "/test.txt", dict(S3_HOST, range="bytes=0-9"), b"", "s3",
     S3_SECRET,
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    ("GET", "/?max-keys=2&prefix=J", S3_HOST, b"", "s3", S3_SECRET,
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ("GET", "/?lifecycle", S3_HOST, b"", "s3", S3_SECRET,
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
]


def self_test():
    failed = 0
    for method, target, headers, body, service, secret, wanted in AWS_VECTORS:
        canonical = aws_canonical(method, target, headers, sorted(headers),
                                  hashlib.sha256(body).hexdigest(), service)
        got = aws_signature(canonical, headers["x-amz-date"], "us-east-1",
                            service, secret)
        failed += got != wanted
        print("%s %s %s %s" % ("ok" if got == wanted else "not ok", service,
                               method, target[:40]))
    # RFC 7515, A.3
    point = (int.from_bytes(unbase64url(
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), "big"),
        int.from_bytes(unbase64url(
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"), "big"))
    data = (b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzOD"
            b"AsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")
    signature = unbase64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTj"
                            "Dxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
    good = (ec_verifies(data, signature, point)
            and not ec_verifies(data + b"x", signature, point))
    failed += not good
    print("%s ES256" % ("ok" if good else "not ok"))
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    good = ed_verifies(b"", signature) and not ed_verifies(b"x", signature)
    failed += not good
    print("%s Ed25519" % ("ok" if good else "not ok"))
    return failed


# ---------------------------------------------------------------------------
# Routes
# ---------------------------------------------------------------------------

class Auth:
    """What the routes remember; as new after a reset of the mock."""

    def __init__(self, tokens):
        self.born_with = tokens
        self.config = {}
        self.access = {}
        self.refresh = "refresh-0"
        self.used = set()
        self.revoked = False
        self.number = 0
        self.requests = 0
        self.refreshed = 0
        self.seen = set()


def auth_of(state):
    auth = getattr(state, "auth", None)
    if auth is None or auth.born_with is not state.tokens:
        auth = state.auth = Auth(state.tokens)
    return auth


def register(api):
    route, reply = api.route, api.reply_json

    def refused(request, *more):
        """401 that repeats what was sent, the shortest first."""
        sent = [request.headers.get(name, "")
                for name in ("cookie", "x-mbx-apikey", "x-amz-security-token",
                             "authorization", "cb-access-sign")]
        words = [value.split("Signature=")[-1]
                 for value in sent if value] + [request.target]
        return reply({"message": "received " + " ".join(words),
                      "more": more}, 401)

    @route("/sec/cookie")
    def sec_cookie(request):
        if request.headers.get("cookie") != "sid=" + API_KEY:
            return refused(request)
        return api.link_items(request)

    @route("/sec/template")
    def sec_template(request):
        if (request.headers.get("authorization")
                != "Token token=" + API_KEY):
            return refused(request)
        return api.link_items(request)

    # OAuth 2.0

    @route("/oauth2/config")
    def oauth2_config(request):
        auth = auth_of(request.state)
        auth.config = request.json or {}
        return reply(auth.config)

    @route("/oauth2/count")
    def oauth2_count(request):
        auth = auth_of(request.state)
        return reply({"requests": auth.requests, "refreshed": auth.refreshed,
                      "revoked": auth.revoked})

    @route("/oauth2/revoke")
    def oauth2_revoke(request):
        auth_of(request.state).access.clear()
        return reply({})

    def client_is_known(request, auth):
        how = auth.config.get("client_auth", "header")
        basic = request.headers.get("authorization", "")
        if how == "header":
            if not basic.startswith("Basic ") or "client_secret" in \
                    request.params:
                return False
            text = base64.b64decode(basic[6:]).decode()
            return tuple(unquote_plus(p)
                         for p in text.partition(":")[::2]) == CLIENT
        if basic:
            return False
        if how == "body":
            return (request.params.get("client_id"),
                    request.params.get("client_secret")) == CLIENT
        if request.params.get("client_assertion_type") != \
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return False
        claims = assertion_claims(request, auth,
                                  request.params.get("client_assertion", ""))
        return claims is not None and (claims.get("iss"), claims.get("sub")) \
            == (CLIENT[0], CLIENT[0])

    def assertion_claims(request, auth, text):
        got = read_jwt(text, auth.config.get("algorithm", "RS256"),
                       CLIENT[1].encode())
        if got is None or not timely(got[1]):
            return None
        claims = got[1]
        if claims.get("aud") != auth.config.get(
                "aud", request.origin + "/oauth2/token"):
            return None
        if "jti" not in claims or claims["jti"] in auth.seen:
            return None
        auth.seen.add(claims["jti"])
        return claims

    def token_error(status, code, request):
        return reply({"error": code,
                      "error_description": "received %s"
                      % request.body.decode("utf-8", "replace")}, status,
                     {"Cache-Control": "no-store"})

    def grant_problem(request, auth):
        grant = request.params.get("grant_type")
        if grant == "refresh_token":
            given = request.params.get("refresh_token")
            if given in auth.used:
                auth.revoked = True
            if auth.revoked or given != auth.refresh:
                return "invalid_grant"
            auth.refreshed += 1
            return None
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            claims = assertion_claims(request, auth,
                                      request.params.get("assertion", ""))
            wanted = auth.config.get("claims", {})
            if claims is None or any(claims.get(k) != v
                                     for k, v in wanted.items()):
                return "invalid_grant"
            return None
        return None if grant == "client_credentials" else \
            "unsupported_grant_type"

    @route("/oauth2/token")
    def oauth2_token(request):
        auth = auth_of(request.state)
        config = auth.config
        time.sleep(config.get("delay", 0))
        with request.state.lock:
            auth.requests += 1
            if config.get("error") and config["error"].get("times", 1) > 0:
                config["error"]["times"] = config["error"].get("times", 1) - 1
                return reply(config["error"].get("body", {}),
                             config["error"]["status"])
            if request.method != "POST" or not request.headers.get(
                    "content-type", "").startswith(
                        "application/x-www-form-urlencoded"):
                return token_error(400, "invalid_request", request)
            jwt = request.params.get("grant_type", "").endswith("jwt-bearer")
            if not (jwt and "client_auth" not in config) and \
                    not client_is_known(request, auth):
                return token_error(401, "invalid_client", request)
            for name, value in config.get("require", {}).items():
                if request.params.get(name) != value:
                    return token_error(400, "invalid_scope", request)
            problem = grant_problem(request, auth)
            if problem:
                return token_error(400, problem, request)
            auth.number += 1
            token = config.get("token",
                               "access/%d+secret=" % auth.number)
            auth.access[token] = time.time() + config.get("ttl", 3600)
            body = {"access_token": token, "token_type": "bearer",
                    "scope": ["a", {"b": 1}]}
            if config.get("expires", 3600) is not None:
                body["expires_in"] = config.get("expires", 3600)
            if "base_url" in config:
                body["instance_url"] = config["base_url"]
            if request.params.get("grant_type") == "refresh_token" and \
                    config.get("rotate", True):
                auth.used.add(auth.refresh)
                auth.refresh = "refresh-%d" % auth.number
                body["refresh_token"] = auth.refresh
            return reply(body, headers={"Cache-Control": "no-store"})

    @route("/oauth2/items")
    def oauth2_items(request):
        auth = auth_of(request.state)
        sent = request.headers.get("authorization", "")
        if not sent.startswith("Bearer ") or \
                time.time() >= auth.access.get(sent[7:], 0):
            return reply({"error": "invalid_token", "received": sent},
                         auth.config.get("reject", 401),
                         {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return api.link_items(request)

    # Signed

    @route("/jwt/items")
    def jwt_items(request):
        auth = auth_of(request.state)
        got = read_jwt(request.headers.get("authorization", "")[7:],
                       auth.config.get("algorithm", "RS256"),
                       HMAC_SECRET.encode())
        wanted = auth.config.get("claims", {})
        headers = auth.config.get("jwt_headers", {})
        if got is None or not timely(got[1]) or any(
                got[1].get(k) != v for k, v in wanted.items()) or any(
                got[0].get(k) != v for k, v in headers.items()):
            return refused(request)
        return api.link_items(request)

    @route("/sigv4/*")
    def sigv4_items(request):
        service = ("s3" if request.path.startswith("/sigv4/s3/")
                   else "execute-api")
        problem = aws_problem(request, service)
        if problem:
            return refused(request, problem)
        return api.link_items(request)

    def mac(data, algorithm=hashlib.sha256, secret=HMAC_SECRET.encode()):
        return hmac.new(secret, data.encode(), algorithm)

    @route("/hmac/binance")
    def hmac_binance(request):
        query = urlsplit(request.target).query
        name = "sgn" if "sgn" in request.query else "signature"
        signed, _, signature = query.partition("&%s=" % name)
        when = int(request.query.get("timestamp", "0"))
        if request.headers.get("x-mbx-apikey") != API_KEY:
            return refused(request, "key")
        if abs(time.time() * 1000 - when) > int(
                request.query.get("recvWindow", "5000")):
            return refused(request, "timestamp")
        if signature != mac(signed).hexdigest():
            return refused(request, "signature")
        return api.link_items(request)

    @route("/hmac/coinbase")
    def hmac_coinbase(request):
        stamp = request.headers.get("cb-access-timestamp", "0")
        text = (stamp + request.method + request.target
                + request.body.decode())
        wanted = base64.b64encode(mac(text).digest()).decode()
        if (abs(time.time() - int(stamp)) > 30
                or request.headers.get("cb-access-sign") != wanted):
            return refused(request)
        return api.link_items(request)

    @route("/hmac/nonce")
    def hmac_nonce(request):
        auth = auth_of(request.state)
        kind, _, rest = request.headers.get("authorization",
                                            "").partition(" ")
        key, nonce, signature = (rest.split(":") + ["", ""])[:3]
        body = hashlib.sha256(request.body).hexdigest()
        text = "\n".join([request.method, request.headers.get("host", ""),
                          urlsplit(request.target).path,
                          urlsplit(request.target).query, nonce, body])
        if (kind, key) != ("HMAC", API_KEY) or nonce in auth.seen or \
                signature != mac(text, hashlib.sha512).hexdigest():
            return refused(request)
        auth.seen.add(nonce)
        return api.link_items(request)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--key"]:
        sys.stdout.write(private_key(sys.argv[2]))
    else:
        sys.exit(1 if self_test() else 0)
