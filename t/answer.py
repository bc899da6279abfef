#!/usr/bin/env python3
"""answer.py PATH BODY [BODY ...] - what the mock API answers to PATH from now on.

For tests whose records are their topic: BODY is sent as it stands, byte by
byte, with status 200.  Several bodies are pages, asked for with page=1, 2 and
so on, whatever the path.  Everything scripted before is forgotten.
"""

import json
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))


def post(path, body):
    with open("results/mock.url") as f:
        url = f.read().strip()
    subprocess.run([sys.executable, os.path.join(here, "mock_api.py"),
                    "--post", url, path, json.dumps(body)],
                   check=True, stdout=subprocess.DEVNULL)


path, bodies = sys.argv[1], sys.argv[2:]
faults = []
for number, body in enumerate(bodies, 1):
    where = path if len(bodies) == 1 else "page=%d" % number
    faults.append({"path": where, "status": 200, "times": 0, "body": body,
                   "headers": {"Content-Type": "application/json"}})
post("/_script/clear", {})
post("/_script", faults)
