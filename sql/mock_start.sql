--
-- mock_start: start the mock REST API for the tests after this one.
--
-- $DLOAD_MOCK_URL names a mock that runs already; otherwise one is started in
-- the background: its address is in results/mock.url, its process in
-- results/mock.pid, and mock_stop ends it (or it ends itself when idle).
--
-- A test that needs the address begins with the line
--     \set mock_url `cat results/mock.url`
-- and talks to the mock (routes, faults, journal: see t/mock_api.py) by
--     \! python3 t/mock_api.py --post /_reset
--     \! python3 t/mock_api.py --post /_script '{"path": "/events", "status": 503}'
--     \! python3 t/mock_api.py --requests /events
-- The extension itself is created by pg_regress (see Makefile), which runs
-- psql in the directory of the build.
--
\! mkdir -p results && python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --stop results/mock.pid
\! if test -n "$DLOAD_MOCK_URL"; then echo "$DLOAD_MOCK_URL" >results/mock.url; else python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --daemon --quiet --url-file results/mock.url --pid-file results/mock.pid; fi
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --get "$(cat results/mock.url)" /_ready
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset
\set mock_url `cat results/mock.url`
SELECT :'mock_url' ~ '^https?://127\.0\.0\.1:[0-9]+$' AS "address is known";
-- Roles that are no superusers may ask only public addresses otherwise.
SELECT format('ALTER DATABASE %I SET dload.allowed_hosts = %L', current_database(), '127.0.0.1') AS "addresses of the tests"
\gexec
