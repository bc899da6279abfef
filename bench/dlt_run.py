#!/usr/bin/env python3
"""One dlt pipeline run of the workload.  Run by bench.py, in dlt's own venv.

Prints one line of JSON: seconds of extract, normalize and load together (the
interpreter's start and the imports are not counted), and CPU seconds.
Environment: BENCH_URL, BENCH_DATASET, PGHOST, PGPORT; BENCH_COMPILED to give
it a compiled data selector, BENCH_FORMAT for the file format.
"""
import json
import os
import resource
import time

import dlt
from dlt.common import jsonpath
from dlt.sources.rest_api import rest_api_source


def cpu():
    used = [resource.getrusage(who) for who in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main():
    dataset = os.environ["BENCH_DATASET"]
    resource_config = {
        "name": "events",
        "endpoint": {"path": "events"},
        "write_disposition": "append",
    }
    if os.environ.get("BENCH_COMPILED"):
        resource_config["endpoint"]["data_selector"] = \
            jsonpath.compile_path("$")
    if os.environ.get("BENCH_FORMAT"):
        resource_config["file_format"] = os.environ["BENCH_FORMAT"]
    pipeline = dlt.pipeline(
        pipeline_name="bench_" + dataset, dataset_name=dataset,
        destination=dlt.destinations.postgres(
            "postgresql://postgres:none@127.0.0.1:%s/postgres"
            % os.environ["PGPORT"]))
    start, cpu_start = time.perf_counter(), cpu()
    pipeline.extract(rest_api_source({
        "client": {"base_url": os.environ["BENCH_URL"] + "/",
                   "paginator": {"type": "header_link"}},
        "resources": [resource_config]}))
    extracted = time.perf_counter()
    pipeline.normalize()
    normalized = time.perf_counter()
    pipeline.load().raise_on_failed_jobs()
    end = time.perf_counter()
    print(json.dumps({
        "seconds": end - start, "cpu": cpu() - cpu_start,
        "extract": extracted - start, "normalize": normalized - extracted,
        "load": end - normalized}))


if __name__ == "__main__":
    main()
