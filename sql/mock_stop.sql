--
-- mock_stop: end the mock REST API that mock_start started.
--
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --stop results/mock.pid && echo stopped
\! test -e results/mock.pid && echo "results/mock.pid is still there"
