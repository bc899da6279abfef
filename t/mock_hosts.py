"""mock_hosts - real APIs, played by the mock.

Every file of t/apis/ plays one API: its paths, parameters, headers and JSON
shapes, with its traps.  https://HOST/PATH of the API is /host/HOST/PATH of the
mock, so that a definition written for the API works here when its origin is
replaced.

    from mock_hosts import Host, reply_json

    github = Host("api.github.com")

    @github.route("/repos/{owner}/{repo}/events")
    def events(request, owner, repo):
        ...

A route gets a Request of mock_api with some more:
    request.base        what stands for https://HOST, for absolute links
    request.pairs       the query as a list of (name, value)
    request.data        a dict of this host's, empty after /_reset
A route for some methods only: @github.route(path, methods=("POST",)).
"""

import importlib
import re
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import mock_api
from mock_api import Reply, reply_json  # noqa: F401, for the APIs

HOSTS = {}
FOLDER = Path(__file__).resolve().parent / "apis"


class Host:
    def __init__(self, name):
        self.name = name
        self.routes = []
        HOSTS[name] = self

    def route(self, pattern, methods=None):
        names = re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}")
        regex = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", names) + r"\Z")

        def register(function):
            self.routes.append((regex, methods, function))
            return function
        return register

    def dispatch(self, request, path):
        for regex, methods, function in self.routes:
            match = regex.match(path)
            if match and (methods is None or request.method in methods):
                names = {k: unquote(v) for k, v in match.groupdict().items()}
                return function(request, **names)
        return mock_api.not_found(request)


def register(api):
    sys.path.insert(0, str(FOLDER))
    for path in sorted(FOLDER.glob("*.py")):
        importlib.import_module(path.stem)
    api.route("/host/*")(dispatch)


def dispatch(request):
    """/host/HOST/PATH"""
    raw = urlsplit(request.target).path
    _, _, name, path = (raw.split("/", 3) + [""])[:4]
    host = HOSTS.get(name)
    if host is None:
        return mock_api.not_found(request)
    request.base = "%s/host/%s" % (request.origin, name)
    request.pairs = parse_qsl(urlsplit(request.target).query,
                              keep_blank_values=True)
    with request.state.lock:
        request.data = request.state.hosts.setdefault(name, {})
    return host.dispatch(request, "/" + path)
