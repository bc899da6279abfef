#!/usr/bin/env python3
"""Workload generator for the loader benchmark (standard library only, deterministic).

Writes under OUT:
  www/pages/N.json     page N (1-based): a bare JSON array of PER_PAGE events
  www/few/N.json       the same page, "public" false in every 100th event
  www/all/N.json       the same page, "payload.action" changed in every event
  www/wrapped/N.json   the same array as {"data":[...],"next":"<url>"|null}
  flat/events.copy     the flattened parent rows      (COPY text format)
  flat/topics.copy     child: payload__pull_request__base__repo__topics
  flat/labels.copy     child: payload__pull_request__labels
  flat/all.json        every page body, one after another, newline between them
  nginx.maps.conf      map: $arg_page -> number of the next page
  workload.txt         counts and bytes

The flattening is dlt-style: nested objects joined with "__", lists of values or
objects in child tables with _dlt_parent_id/_dlt_list_idx/_dlt_id.
"""
import argparse
import json
import os
import random
import datetime as dt

ap = argparse.ArgumentParser()
ap.add_argument("out")
ap.add_argument("--rows", type=int, default=200_000)
ap.add_argument("--per-page", type=int, default=100)
ap.add_argument("--pr-share", type=float, default=0.20)
ap.add_argument("--org-share", type=float, default=0.35)
ap.add_argument("--seed", type=int, default=20251219)
ap.add_argument("--base-url", default="",
                help="put before the next links; relative ones fit any port")
a = ap.parse_args()

R = random.Random(a.seed)
for d in ("www/pages", "www/few", "www/all", "www/wrapped", "flat"):
    os.makedirs(os.path.join(a.out, d), exist_ok=True)

WORDS = ("api async auth backup batch cache cli cloud cluster codec config crypto csv data "
         "deploy diff disk docs driver edge engine event fast file filter flow forge fuzz "
         "geo graph grid hash heap http index ingest io job json kernel lake lang layer lens "
         "link lint list load lock log map mesh meta mini mock model net node notes open pack "
         "parse patch peer pg pipe plan pool port proxy pulse query queue rest ring route "
         "rpc rust scan schema search seed shard shell sign sketch slot socket solve sort "
         "spark sql stack state store stream sync table tensor test text tile time token "
         "tool trace tree type ui unit vault vec view vm wasm web wire work yaml zone").split()
PUNCT = ["\"quoted\"", "C:\\tmp", "naïve", "résumé", "东京", "emoji 🚀", "Größe", "50%", "<b>&amp;</b>"]
LABELS = [(1000 + i, n, c, i < 3, d) for i, (n, c, d) in enumerate([
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", None),
    ("help wanted", "008672", "Extra attention is needed"),
    ("perf", "fbca04", "Tab\there, and a \"quote\""),
    ("dependencies", "0366d6", "Pull requests that update a dependency file\nsee docs"),
    ("needs-triage", "ededed", ""),
])]
PLAIN_TYPES = ["WatchEvent"] * 10 + ["ForkEvent", "IssuesEvent", "ReleaseEvent", "PublicEvent"]

ALPH = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def uniq():  # 14 chars, as dlt's random row ids
    b = R.getrandbits(84)
    return "".join(ALPH[(b >> (6 * i)) & 63] for i in range(14))


def w(n):
    return "-".join(R.choice(WORDS) for _ in range(n))


def title():
    s = " ".join(R.choice(WORDS) for _ in range(R.randint(4, 9))).capitalize()
    if R.random() < 0.15:
        s += " " + R.choice(PUNCT)
    return s


# populations
USERS = [(R.randint(1_000, 240_000_000), w(2) + str(R.randint(1, 9999))) for _ in range(40_000)]
ORGS = [(R.randint(1_000, 240_000_000), w(2) + "-org") for _ in range(4_000)]
REPOS = []
for _ in range(60_000):
    owner = R.choice(USERS)[1] if R.random() < 0.65 else R.choice(ORGS)[1]
    REPOS.append((R.randint(10_000, 1_100_000_000), owner + "/" + w(R.randint(1, 3)),
                  [R.choice(WORDS) + ("-" + R.choice(WORDS) if R.random() < .4 else "") for _ in range(6)]))


def esc(v):
    """value -> COPY text field"""
    if v is None:
        return "\\N"
    if v is True:
        return "t"
    if v is False:
        return "f"
    if isinstance(v, int):
        return str(v)
    if "\\" in v:
        v = v.replace("\\", "\\\\")
    return v.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


LOAD_ID = "1766158831.1234567"
pages = a.rows // a.per_page
t0 = dt.datetime(2025, 12, 19, 15, 40, 31)
eid = 5_415_617_638
n_ev = n_top = n_lab = n_pr = n_org = 0
b_pages = b_wrapped = 0
fe = open(os.path.join(a.out, "flat/events.copy"), "w", encoding="utf-8", newline="\n")
ft = open(os.path.join(a.out, "flat/topics.copy"), "w", encoding="utf-8", newline="\n")
fl = open(os.path.join(a.out, "flat/labels.copy"), "w", encoding="utf-8", newline="\n")
fa = open(os.path.join(a.out, "flat/all.json"), "wb")

for p in range(1, pages + 1):
    rows = []
    for _ in range(a.per_page):
        eid += R.randint(1, 7)
        t0 += dt.timedelta(seconds=R.randint(0, 3))
        ts = t0.strftime("%Y-%m-%dT%H:%M:%SZ")
        uid, login = R.choice(USERS)
        rid, rname, topics = R.choice(REPOS)
        is_pr = R.random() < a.pr_share
        has_org = R.random() < a.org_share
        ev = {
            "id": str(eid),
            "type": "PullRequestEvent" if is_pr else R.choice(PLAIN_TYPES),
            "actor": {
                "id": uid, "login": login, "display_login": login, "gravatar_id": "",
                "url": "https://api.github.com/users/" + login,
                "avatar_url": "https://avatars.githubusercontent.com/u/%d?" % uid,
            },
            "repo": {"id": rid, "name": rname, "url": "https://api.github.com/repos/" + rname},
        }
        did = uniq()
        if is_pr:
            n_pr += 1
            labs = R.sample(LABELS, R.randint(0, 4))
            pr = {
                "id": R.randint(10 ** 9, 3 * 10 ** 9),
                "state": R.choice(("open", "closed")),
                "title": title(),
                "base": {"ref": R.choice(("main", "main", "master", "develop")),
                         "repo": {"id": rid, "full_name": rname, "topics": topics}},
                "labels": [{"id": l[0], "name": l[1], "color": l[2], "default": l[3],
                            "description": l[4]} for l in labs],
            }
            ev["payload"] = {"action": R.choice(("opened", "closed", "synchronize")),
                             "number": R.randint(1, 20000), "pull_request": pr}
            for i, t in enumerate(topics):
                ft.write("\t".join((esc(t), did, str(i), uniq())) + "\n")
            n_top += len(topics)
            for i, l in enumerate(labs):
                fl.write("\t".join([esc(x) for x in l] + [did, str(i), uniq()]) + "\n")
            n_lab += len(labs)
        else:
            pr = None
            ev["payload"] = {"action": "started"}
        ev["public"] = True
        ev["created_at"] = ts
        if has_org:
            n_org += 1
            oid, olog = R.choice(ORGS)
            ev["org"] = {"id": oid, "login": olog, "gravatar_id": "",
                         "url": "https://api.github.com/orgs/" + olog,
                         "avatar_url": "https://avatars.githubusercontent.com/u/%d?" % oid}
        rows.append(ev)
        A, P, G, O = ev["actor"], ev["repo"], ev["payload"], ev.get("org") or {}
        b = pr["base"] if pr else {"repo": {}}
        pr = pr or {}
        fe.write("\t".join(esc(x) for x in (
            ev["id"], ev["type"],
            A["id"], A["login"], A["display_login"], A["gravatar_id"], A["url"], A["avatar_url"],
            P["id"], P["name"], P["url"],
            G["action"], G.get("number"), pr.get("id"), pr.get("state"), pr.get("title"),
            b.get("ref"), b["repo"].get("id"), b["repo"].get("full_name"),
            True, ts,
            O.get("id"), O.get("login"), O.get("gravatar_id"), O.get("url"), O.get("avatar_url"),
            LOAD_ID, did)) + "\n")
        n_ev += 1
    # every other page escapes non-ASCII as \uXXXX, the others are raw UTF-8
    def write(kind):
        body = json.dumps(rows, separators=(",", ":"), ensure_ascii=bool(p & 1)).encode()
        with open(os.path.join(a.out, "www/%s/%d.json" % (kind, p)), "wb") as f:
            f.write(body)
        return body

    body = write("pages")
    for i, ev in enumerate(rows):
        ev["public"] = (n_ev - len(rows) + i + 1) % 100 != 0
    write("few")
    for ev in rows:
        ev["public"] = True
        ev["payload"]["action"] = "changed"
    write("all")
    nxt = '"%s/wrapped?page=%d"' % (a.base_url, p + 1) if p < pages else "null"
    wb = b'{"data":' + body + b',"next":' + nxt.encode() + b"}"
    with open(os.path.join(a.out, "www/wrapped/%d.json" % p), "wb") as f:
        f.write(wb)
    fa.write(body + b"\n")
    b_pages += len(body)
    b_wrapped += len(wb)

for f in (fe, ft, fl, fa):
    f.close()
with open(os.path.join(a.out, "nginx.maps.conf"), "w") as f:
    f.write("map_hash_max_size 16384;\nmap_hash_bucket_size 256;\n")
    f.write("map $arg_page $last_page { default %d; }\n" % pages)
    f.write("map $arg_page $next_page {\n    default '';\n    '' %s;\n" % ("2" if pages > 1 else "''"))
    for p in range(1, pages):
        f.write("    %d %d;\n" % (p, p + 1))
    f.write("}\n")
sz = {n: os.path.getsize(os.path.join(a.out, "flat", n)) for n in ("events.copy", "topics.copy", "labels.copy")}
with open(os.path.join(a.out, "workload.txt"), "w") as f:
    print("pages", pages, "rows", n_ev, "pr_rows", n_pr, "org_rows", n_org, "topics_rows", n_top,
          "labels_rows", n_lab, "total_rows", n_ev + n_top + n_lab, file=f)
    print("json_bytes", b_pages, "wrapped_bytes", b_wrapped, "per_row", round(b_pages / n_ev, 1), file=f)
    print("copy_bytes", sz, "sum", sum(sz.values()), file=f)
print(open(os.path.join(a.out, "workload.txt")).read(), end="")
