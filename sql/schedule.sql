--
-- schedule: cron expressions and intervals, by dload.next_run.  Nothing here
-- runs anything.
--
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

-- The next times, one after the other.
CREATE FUNCTION next_runs(schedule text, after timestamptz, n int, zone text DEFAULT 'UTC')
	RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. n LOOP
		after := dload.next_run(schedule, after, zone);
		RETURN NEXT to_char(after AT TIME ZONE zone, 'Dy YYYY-MM-DD HH24:MI:SS')
			|| to_char(after, ' (HH24:MI"Z")');
	END LOOP;
END $$;

--
-- Fields
--
SELECT * FROM next_runs('* * * * *', '2026-03-01 10:00:30Z', 2);
-- strictly after
SELECT * FROM next_runs('0 * * * *', '2026-03-01 10:00Z', 2);
SELECT * FROM next_runs('*/20 * * * *', '2026-03-01 10:00Z', 4);
SELECT * FROM next_runs('7-59/20 9-10 * * *', '2026-03-01 10:00Z', 4);
SELECT * FROM next_runs('5/25 0 * * *', '2026-03-01 10:00Z', 4);
SELECT * FROM next_runs('0,30 8,20 * * *', '2026-03-01 10:00Z', 4);
SELECT * FROM next_runs('0 0 1 jan,JUL *', '2026-03-01 10:00Z', 3);
SELECT * FROM next_runs('15 6 * * mon-wed', '2026-03-01 10:00Z', 4);
SELECT * FROM next_runs('15 6 * * 0', '2026-03-01 10:00Z', 2);
SELECT * FROM next_runs('15 6 * * 7', '2026-03-01 10:00Z', 2);
SELECT * FROM next_runs('15 6 * * fri-sun', '2026-03-01 10:00Z', 4);
SELECT * FROM next_runs('0 0 31 * *', '2026-03-01 10:00Z', 3);
-- both days restricted: either
SELECT * FROM next_runs('0 0 13 * fri', '2026-02-12 10:00Z', 6);
-- one begins with a star: both
SELECT * FROM next_runs('0 0 */2 * fri', '2026-02-12 10:00Z', 4);
SELECT * FROM next_runs('0 0 29 2 *', '2026-03-01 10:00Z', 2);
SELECT * FROM next_runs('0 0 29 2 *', '2096-03-01 10:00Z', 1);
SELECT * FROM next_runs('0 0 29 2 */7', '2026-03-01 10:00Z', 1);
SELECT m, (SELECT * FROM next_runs(m, '2026-03-01 10:00Z', 1))
FROM unnest('{@yearly,@annually,@monthly,@weekly,@daily,@midnight,@hourly,@HOURLY}'::text[]) AS m;

-- Every minute of a day is found once.
SELECT count(DISTINCT dload.next_run('* * * * *', t)), min(dload.next_run('* * * * *', t) - t),
	max(dload.next_run('* * * * *', t) - t)
FROM generate_series('2026-05-01Z'::timestamptz, '2026-05-01 23:59:59Z', '1 s') AS t;

--
-- Time zones.  In Berlin clocks go from 2:00 to 3:00 on March 29 (at 1:00Z),
-- and from 3:00 to 2:00 on October 25 (at 1:00Z).
--
SELECT * FROM next_runs('30 2 * * *', '2026-03-27 12:00Z', 4, 'Europe/Berlin');
SELECT * FROM next_runs('0,30 2 * * *', '2026-03-28 12:00Z', 3, 'Europe/Berlin');
SELECT * FROM next_runs('0,30 2-3 * * *', '2026-03-29 0:00Z', 3, 'Europe/Berlin');
SELECT * FROM next_runs('30 2 * * *', '2026-10-23 12:00Z', 3, 'Europe/Berlin');
-- within the repeated hour
SELECT * FROM next_runs('30 2 * * *', '2026-10-25 0:40Z', 1, 'Europe/Berlin');
SELECT * FROM next_runs('30 2 * * *', '2026-10-25 1:10Z', 1, 'Europe/Berlin');
-- a star goes by elapsed time
SELECT * FROM next_runs('*/30 * * * *', '2026-03-29 0:00Z', 4, 'Europe/Berlin');
SELECT * FROM next_runs('*/30 * * * *', '2026-10-25 0:00Z', 5, 'Europe/Berlin');
SELECT * FROM next_runs('@hourly', '2026-10-25 0:00Z', 3, 'Europe/Berlin');
SELECT * FROM next_runs('@daily', '2026-10-24 0:00Z', 3, 'Europe/Berlin');
-- half an hour's change; midnight that does not exist; a day that does not
SELECT * FROM next_runs('15 2 * * *', '2026-10-02 0:00Z', 3, 'Australia/Lord_Howe');
SELECT * FROM next_runs('30 0 * * *', '2026-09-05 0:00Z', 3, 'America/Santiago');
SELECT * FROM next_runs('0 12 * * *', '2011-12-29 0:00Z', 3, 'Pacific/Apia');
SELECT * FROM next_runs('0 9 * * *', '2026-03-01Z', 1, 'Asia/Kathmandu');
-- A year of days: one run each, whatever the clocks do.
SELECT zone, count(*), count(DISTINCT (t AT TIME ZONE zone)::date)
FROM unnest('{Europe/Berlin,America/New_York,Australia/Lord_Howe,America/Santiago}'::text[]) AS zone,
	LATERAL (WITH RECURSIVE r (t) AS (
			SELECT dload.next_run('30 2 * * *', '2026-01-01 0:00Z', zone)
			UNION ALL SELECT dload.next_run('30 2 * * *', t, zone) FROM r WHERE t < '2026-12-31Z')
		SELECT t FROM r) AS r
GROUP BY zone ORDER BY zone COLLATE "C";
-- The session's zone is the default.
SET TimeZone = 'America/New_York';
SELECT dload.next_run('0 9 * * *', '2026-03-07 12:00Z');
SELECT dload.next_run('0 9 * * *', '2026-03-07 15:00Z');
SET TimeZone = 'UTC';

--
-- Intervals are counted from the time given.
--
SELECT * FROM next_runs('15 minutes', '2026-03-01 10:03:07Z', 2);
SELECT * FROM next_runs('1 day', '2026-03-28 10:00Z', 2, 'Europe/Berlin');
SELECT * FROM next_runs('24 hours', '2026-03-28 10:00Z', 2, 'Europe/Berlin');
SELECT * FROM next_runs('1 month', '2026-01-31 10:00Z', 3);
SELECT * FROM next_runs('1 year 2 months 3 days', '2026-01-31 10:00Z', 1);
SELECT * FROM next_runs('PT90S', '2026-01-31 10:00Z', 1);

--
-- Nothing
--
SELECT dload.next_run(NULL), dload.next_run('* * * * *', NULL), dload.next_run('* * * * *', 'infinity');

--
-- Errors
--
\set VERBOSITY terse
SELECT dload.next_run('');
SELECT dload.next_run('* * * *');
SELECT dload.next_run('* * * * * *');
SELECT dload.next_run('60 * * * *');
SELECT dload.next_run('* 24 * * *');
SELECT dload.next_run('* * 0 * *');
SELECT dload.next_run('* * * 13 *');
SELECT dload.next_run('* * * * 8');
SELECT dload.next_run('5-1 * * * *');
SELECT dload.next_run('*/0 * * * *');
SELECT dload.next_run('*/ * * * *');
SELECT dload.next_run('1, * * * *');
SELECT dload.next_run('1- * * * *');
SELECT dload.next_run('*5 * * * *');
SELECT dload.next_run('* * * foo *');
SELECT dload.next_run('* * * * monday');
SELECT dload.next_run('0 0 30 2 *');
SELECT dload.next_run('0 0 31 4,6,9,11 *');
SELECT dload.next_run('@reboot');
SELECT dload.next_run('soon');
SELECT dload.next_run('0 seconds');
SELECT dload.next_run('-1 day');
SELECT dload.next_run('1 month -1 day');
SELECT dload.next_run('10 ms');
SELECT dload.next_run('1 day ago');
SELECT dload.next_run(repeat('1,', 100) || '1 * * * *');
SELECT dload.next_run('* * * * *', now(), 'Mars/Olympus');
\set VERBOSITY default
SELECT dload.next_run('* * 0 * *');

DROP FUNCTION next_runs(text, timestamptz, int, text);
