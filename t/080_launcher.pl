
# Copyright (c) the dload contributors
#
# The launcher: due runs happen once or are recorded as skipped, runs in the
# background, pauses, backoff, settings changed by reload, and what it needs.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DloadTest;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $mock = start_mock();
my $node = new_node(
	'main',
	preload => 1,
	conf => "dload.max_workers = 4\nmax_worker_processes = 12\n"
	  . "log_min_messages = notice\n");

# A database with server "api" and foreign tables.
sub prepare
{
	my ($dbname) = @_;

	make_server($node, 'api', $mock->url, dbname => $dbname,
		options => { max_retries => 0 });
	$node->safe_psql(
		$dbname, q{
CREATE FOREIGN TABLE items (id int, name text) SERVER api OPTIONS (path '/items?count=5');
CREATE FOREIGN TABLE slow (id int) SERVER api OPTIONS (path '/slow?ms=2500&count=5');
CREATE FOREIGN TABLE broken (id int) SERVER api OPTIONS (path '/status/404');
CREATE FOREIGN TABLE hang (id int) SERVER api OPTIONS (path '/hang');
CREATE FUNCTION make(name text, source regclass, schedule text DEFAULT NULL, after text DEFAULT NULL, max_failures int DEFAULT 10)
	RETURNS void LANGUAGE sql AS $$
	SELECT dload.create_pipeline(name, source, 'public.t_' || name,
		write_disposition => 'merge', primary_key => ARRAY['id'],
		schedule => schedule, time_zone => 'UTC', after => after,
		max_failures => max_failures);
$$;
});
}

sub set_conf
{
	my (%settings) = @_;

	$node->append_conf('postgresql.conf', "$_ = $settings{$_}")
	  for keys %settings;
	$node->reload;
}

sub sql
{
	my ($sql, $dbname) = @_;

	return $node->safe_psql($dbname // 'postgres', $sql);
}

# Wait until a query says t.
sub becomes
{
	my ($sql, $what, $dbname) = @_;

	ok($node->poll_query_until($dbname // 'postgres', $sql), $what);
}

sub launcher_pid
{
	return sql("SELECT pid FROM pg_stat_activity"
		  . " WHERE backend_type = 'dload launcher'");
}

sub proc_state
{
	my ($pid) = @_;
	my $status = slurp_file("/proc/$pid/status");
	my @fds = glob("/proc/$pid/fd/*");

	$status =~ /^RssAnon:\s+(\d+)/m or die "no RssAnon";
	return ($1, scalar @fds);
}

prepare('postgres');
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', 'CREATE EXTENSION dload');
prepare('second');

#
# What is there
#
is( sql(q{SELECT backend_type, datname IS NULL FROM pg_stat_activity
		WHERE backend_type ~ 'dload'}),
	'dload launcher|t',
	'the launcher is attached to no database');
is(sql('SELECT * FROM dload.launcher_status()'),
	't|running', 'shared memory and launcher');

#
# Requests
#
sql(q{SELECT make('one', 'items'); SELECT make('two', 'items', after => 'one');
	SELECT make('three', 'slow')});
my $id = sql(q{SELECT dload.run_background('one')});
becomes("SELECT outcome = 'complete' FROM dload.runs WHERE run_id = $id",
	'run_background runs');
is(sql('SELECT count(*) FROM t_one'), 5, 'and has loaded');
becomes(
	q{SELECT count(*) = 1 FROM dload.runs WHERE pipeline = 'two'
		AND outcome = 'complete' AND trigger = 'after'},
	'after: runs when the other is complete');
is( sql(q{BEGIN; SELECT dload.run_background('one'); ROLLBACK;
		SELECT pg_sleep(0.5); SELECT count(*) FROM dload.runs
		WHERE pipeline = 'one'}) =~ s/.*\n//sr,
	1, 'a request rolled back is none');
is( sql(q{SELECT count(DISTINCT dload.run_background('three'))
		FROM generate_series(1, 3)}),
	1, 'a pipeline is queued once');
becomes(q{SELECT state = 'running' FROM dload.status WHERE pipeline = 'three'},
	'state running');
is( sql(q{SELECT pipeline, phase, pages, pid = (SELECT pid FROM pg_stat_activity
		WHERE application_name = 'dload run three' AND backend_type = 'dload worker'
		AND wait_event IS NOT NULL AND query ~ 'three') FROM dload.progress}),
	'three|fetching|0|t',
	'progress, application_name, backend_type and wait event');
$id = sql(q{SELECT run_id FROM dload.runs WHERE pipeline = 'three'});
is(sql("SELECT dload.cancel_run($id)"), 't', 'cancel_run');
becomes("SELECT outcome = 'cancelled' FROM dload.runs WHERE run_id = $id",
	'cancelled');
is(sql("SELECT dload.cancel_run($id)"), 'f', 'a run that ended');
is(sql('SELECT count(*) FROM dload.progress'), 0, 'no progress left');
is( sql(q{SELECT failures FROM dload.status WHERE pipeline = 'three'}),
	0, 'a cancel is no failure');
# cancelled when its worker is there already, but has not begun
my $blocker = session($node);
$blocker->query_safe(q{BEGIN; SELECT FROM dload.pipeline_schedule FOR UPDATE});
$id = sql(q{SELECT dload.run_background('three')});
becomes(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
	AND application_name = 'dload run three'}, 'a worker that waits');
is(sql("SELECT dload.cancel_run($id)"), 't', 'cancel_run of a queued run');
$blocker->query_safe('COMMIT');
$blocker->quit;
becomes(q{SELECT count(*) = 0 FROM pg_stat_activity
	WHERE application_name = 'dload run three'}, 'its worker ends');
is( sql("SELECT string_agg(run_id || outcome, ',') FROM dload.runs"
		  . " WHERE run_id >= $id"),
	$id . 'cancelled', 'and runs nothing');
is( sql(q{BEGIN; SELECT count(*) FROM dload.run_all('api'); COMMIT}),
	3, 'run_all');
becomes(q{SELECT count(*) = 0 FROM dload.runs WHERE outcome IN ('queued', 'running')},
	'all have run');
is( sql(q{SELECT count(*) FROM (SELECT DISTINCT ON (pipeline) outcome FROM dload.runs
		ORDER BY pipeline, run_id DESC) AS r WHERE outcome = 'complete'}),
	3, 'and are complete');
is(sqlstate($node, q{SELECT dload.run_all('nothing')}), '42704', 'no server');
is(sqlstate($node, q{SELECT dload.alter_pipeline('one', after => 'two')}),
	'22023', 'no circle of followers');

# with other settings times are written with abbreviations of zones
sql(q{ALTER DATABASE second SET datestyle = 'SQL, DMY';
	ALTER DATABASE second SET timezone = 'Asia/Kolkata'});
$id = sql(q{SELECT make('zone', 'broken'); SELECT dload.run_background('zone')},
	'second') =~ s/.*\n//sr;
becomes("SELECT outcome = 'failed' FROM dload.runs WHERE run_id = $id",
	'a run that fails', 'second');
is( sql(q{SELECT extract(epoch FROM retry_at - now()) BETWEEN -60 AND 60
		FROM dload.pipeline_schedule WHERE failures = 1}, 'second'),
	't', 'is to be tried again soon');
sql(q{SELECT dload.drop_pipeline('zone');
	ALTER DATABASE second RESET ALL}, 'second');
# a foreground run shows itself too
my $session = session($node);
start_query($session, $node, q{CALL dload.run('three')});
becomes(q{SELECT count(*) = 1 FROM dload.progress WHERE pipeline = 'three'},
	'progress of CALL');
$id = sql(q{SELECT run_id FROM dload.progress});
is(sql("SELECT dload.cancel_run($id)"), 't', 'cancel_run of CALL');
becomes("SELECT outcome = 'cancelled' FROM dload.runs WHERE run_id = $id",
	'CALL cancelled');
$session->quit;

# jitter
my $offset = q{SELECT extract(epoch FROM next_run_at - date_trunc('hour', next_run_at))
	FROM dload.status WHERE pipeline = 'jittered'};
my @offsets;
foreach my $i (1, 2)
{
	sql(q{SELECT dload.create_pipeline('jittered', 'items', 'public.jittered',
		schedule => '@hourly', jitter => '10 min')});
	becomes(q{SELECT next_run_at IS NOT NULL FROM dload.status WHERE pipeline = 'jittered'},
		'next_run_at');
	push @offsets, sql($offset);
	sql(q{SELECT dload.drop_pipeline('jittered')});
}
ok($offsets[0] > 0 && $offsets[0] < 600, 'jitter moves the due time');
is($offsets[1], $offsets[0], 'each time by the same');

# privileges
sql(q{CREATE ROLE guest LOGIN});
is(sqlstate($node, q{SELECT dload.pause('one')}, user => 'guest'),
	'42501', 'pause is the owner\'s');
is(sqlstate($node, q{SELECT dload.run_background('one')}, user => 'guest'),
	'42501', 'so is run_background');
is(sqlstate($node, q{SELECT dload.stop_launcher()}, user => 'guest'),
	'42501', 'stop_launcher is for superusers');

#
# NOTIFY
#
my $notes = $node->safe_psql('postgres',
	q{LISTEN dload; SELECT dload.create_pipeline('note', 'items', 'public.note');
	CALL dload.run('note'); SELECT dload.drop_pipeline('note')});
my @events = map { decode_json($_) }
  $notes =~ /"dload" with payload "(.*?)" received/g;
ok((grep { $_->{event} eq 'run' && $_->{pipeline} eq 'note'
			  && $_->{outcome} eq 'complete' && $_->{rows_read} == 5 } @events),
	'notified of the run\'s end');
ok((grep { $_->{event} eq 'schema_change' } @events),
	'notified of schema changes');
sql(q{SELECT dload.drop_pipeline('two'); SELECT dload.drop_pipeline('one');
	SELECT dload.drop_pipeline('three')});

#
# 24 pipelines, ten minutes
#
set_conf('dload.clock_rate' => 30);
sleep(0.5);
foreach my $dbname ('postgres', 'second')
{
	sql(q{SELECT make('p' || i, CASE WHEN i = 1 THEN 'slow'::regclass ELSE 'items' END,
		schedule => '* * * * *') FROM generate_series(1, 12) AS i}, $dbname);
}
my $pid = launcher_pid();
sleep(7);
my ($memory, $fds) = proc_state($pid);
sleep(14);
my ($memory_after, $fds_after) = proc_state($pid);
foreach my $dbname ('postgres', 'second')
{
	sql(q{SELECT dload.pause('p' || i) FROM generate_series(1, 12) AS i},
		$dbname);
	# a worker that was started is seen only once it is connected
	foreach my $look ('quiet', 'stays quiet')
	{
		sleep(1);
		becomes(
			q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'dload worker'
				AND datname = current_database())
				AND NOT EXISTS (SELECT FROM dload.runs WHERE outcome = 'running')},
			"$dbname: $look");
	}
	my $runs = q{(SELECT pipeline, outcome, due_at, extract(epoch FROM due_at - lag(due_at)
			OVER (PARTITION BY pipeline ORDER BY due_at)) AS gap
		FROM dload.runs WHERE trigger = 'schedule') AS r};
	note(sql("SELECT pipeline, outcome, count(*) FROM $runs GROUP BY 1, 2 ORDER BY 1, 2",
			$dbname));
	is( sql("SELECT count(*) FROM $runs WHERE gap <> 60", $dbname),
		0, "$dbname: each due time once, none left out");
	is( sql("SELECT string_agg(pipeline || ': ' || outcome || ': ' || reason, '; ')"
			  . " FROM dload.runs WHERE trigger = 'schedule' AND outcome NOT IN ('complete', 'skipped')",
			$dbname),
		'', "$dbname: complete or skipped");
	is( sql("SELECT count(*) FROM (SELECT pipeline FROM $runs GROUP BY pipeline"
			  . " HAVING count(*) >= 8 AND count(*) FILTER (WHERE outcome = 'complete') >= 2) AS p",
			$dbname),
		12, "$dbname: all 12 had their turns");
	ok( sql("SELECT count(*) FROM $runs WHERE pipeline = 'p1' AND outcome = 'skipped'",
			$dbname) > 0,
		"$dbname: skipped while the slow one ran");
	is( sql(q{SELECT count(*) FROM dload.run_log AS a JOIN dload.run_log AS b
			ON a.pipeline_id = b.pipeline_id AND a.run_id < b.run_id
			AND a.outcome = 'complete' AND b.outcome = 'complete'
			AND a.finished_at > b.started_at}, $dbname),
		0, "$dbname: no overlap");
}
is(launcher_pid(), $pid, 'the same launcher');
cmp_ok($memory_after - $memory, '<', 300, 'launcher: memory is flat');
is($fds_after, $fds, 'launcher: descriptors too');
is(sql(q{SELECT DISTINCT state FROM dload.status}), 'paused', 'paused');
is(sql(q{SELECT paused_reason FROM dload.status LIMIT 1}),
	'paused by a user', 'with a reason');
sql(q{SELECT dload.drop_pipeline('p' || i) FROM generate_series(2, 12) AS i},
	$_) foreach ('postgres', 'second');

#
# Pause and resume, dload.databases, dload.launcher, by reload
#
my $count = q{SELECT count(*) FROM dload.run_log};
set_conf('dload.clock_rate' => 120);
sql(q{SELECT dload.alter_pipeline('p1', schedule => '*/2 * * * *');
	SELECT dload.resume('p1')}, 'second');
my $before = sql($count, 'second');
becomes("SELECT ($count) > $before + 1", 'resumed', 'second');
set_conf('dload.databases' => "'postgres'");
becomes(q{SELECT dload.next_due(1) IS NULL AND NOT EXISTS (SELECT FROM pg_stat_activity
	WHERE backend_type = 'dload worker')}, 'database not wanted', 'second');
# that the launcher has read the setting can be seen by what it no longer does
foreach my $try (1 .. 10)
{
	$before = sql($count, 'second');
	sleep(2);
	last if sql($count, 'second') == $before;
}
is(sql($count, 'second'), $before, 'nothing runs in it');
set_conf('dload.databases' => "''");
becomes("SELECT ($count) > $before + 1", 'wanted again', 'second');
set_conf('dload.launcher' => 'off');
becomes(q{SELECT launcher = 'off' FROM dload.launcher_status()}, 'switched off');
sleep(2);
$before = sql($count, 'second');
sleep(2);
is(sql($count, 'second'), $before, 'nothing runs');
set_conf('dload.launcher' => 'on');
becomes("SELECT ($count) > $before + 1", 'switched on', 'second');
sql(q{SELECT dload.drop_pipeline('p1')}, $_) foreach ('postgres', 'second');

# retention
sql(q{SELECT make('kept', 'items'); SELECT dload.run_background('kept')});
becomes(q{SELECT state = 'idle' AND rows = 5 FROM dload.status}, 'one run');
sql(q{UPDATE dload.run_log SET finished_at = finished_at - interval '91 days'});
sql(q{SELECT dload.run_background('kept')});
becomes(q{SELECT count(*) = 1 AND min(run_id) = (SELECT max(run_id) FROM dload.run_log)
	AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'dload worker')
	FROM dload.run_log}, 'old runs are forgotten');
is(sql(q{SELECT rows FROM dload.status}), 5, 'their rows are not');
sql(q{UPDATE dload.run_log SET finished_at = finished_at - interval '91 days'});
sql(q{CALL dload.run('kept')});
is(sql('SELECT count(*) FROM dload.run_log'), 1, 'after a CALL, too');
is(sql(q{SELECT rows FROM dload.status}), 5, 'nor then');
like(error_of($node, q{ALTER SYSTEM SET dload.keep_runs = 'ever'})->{message},
	qr/invalid value for parameter "dload.keep_runs"/, 'keep_runs is checked');
sql(q{SELECT dload.drop_pipeline('kept')});

#
# Failures: retried sooner than a rare schedule, less often than a frequent
# one, and paused in the end
#
set_conf('dload.clock_rate' => 300);
sql(q{SELECT make('broken', 'broken', schedule => '* * * * *', max_failures => 5)});
becomes(q{SELECT state = 'paused' FROM dload.status}, 'paused after failures');
like(sql(q{SELECT paused_reason FROM dload.status}),
	qr/^5 runs in a row have failed; the last: .*404/, 'with the reason');
is( sql(q{SELECT count(*), bool_and(outcome = 'failed') FROM dload.runs
		WHERE outcome <> 'skipped'}),
	'5|t', 'five failures');
is( sql(q{SELECT bool_and(gap >= wanted) FROM (
		SELECT extract(epoch FROM due_at - lag(due_at) OVER w) AS gap,
			30 * 2 ^ (row_number() OVER w - 2) AS wanted
		FROM dload.runs WHERE outcome = 'failed' WINDOW w AS (ORDER BY run_id)) AS r}),
	't', 'further and further apart');
sql(q{SELECT dload.resume('broken')});
becomes(q{SELECT failures BETWEEN 1 AND 4 FROM dload.status},
	'counted anew after resume');
sql(q{SELECT dload.drop_pipeline('broken');
	SELECT make('rare', 'broken', schedule => '@hourly', max_failures => 4)});
becomes(q{SELECT state = 'paused' FROM dload.status}, 'a rare one, paused');
is( sql(q{SELECT max(due_at) - min(due_at) BETWEEN '3.5 min' AND '1 hour' FROM dload.runs}),
	't', 'a rare one is retried within the hour');
sql(q{SELECT dload.drop_pipeline('rare')});

#
# Without worker slots
#
$node->adjust_conf('postgresql.conf', 'max_worker_processes', 2);
$node->restart;
sql(q{SELECT make('one', 'items', schedule => '* * * * *')});
becomes(q{SELECT launcher = 'out of worker slots' FROM dload.status},
	'out of worker slots is shown');
sleep(2);
my $log = slurp_file($node->logfile);
my $told = () = $log =~ /could not register a background worker/g;
is($told, 1, 'and logged once');
$node->adjust_conf('postgresql.conf', 'max_worker_processes', 8);
$node->restart;
becomes(q{SELECT launcher = 'running' AND last_outcome = 'complete' FROM dload.status},
	'slots again');

#
# What a role may set of dload's settings counts in its runs, not that of others
#
sql(q{CREATE ROLE owner LOGIN; GRANT USAGE ON FOREIGN SERVER api TO owner;
	GRANT ALL ON SCHEMA public TO owner;
	ALTER DATABASE postgres SET dload.allowed_hosts = ''});
$node->safe_psql('postgres', q{
	CREATE FOREIGN TABLE own (id int) SERVER api OPTIONS (path '/items?count=5');
	SELECT dload.create_pipeline('own', 'own', 'public.t_own')},
	extra_params => [ '-U', 'owner' ]);
foreach my $case ([ '', 'failed' ], [ 'ROLE owner', 'complete' ],
	[ 'ROLE owner IN DATABASE postgres', 'failed' ])
{
	my ($whose, $outcome) = @$case;

	sql("ALTER $whose SET dload.allowed_hosts = '"
		  . ($outcome eq 'failed' ? '10.0.0.0/8' : '127.0.0.1') . "'")
	  if $whose;
	$id = sql(q{SELECT dload.run_background('own')});
	becomes("SELECT outcome NOT IN ('queued', 'running') FROM dload.runs WHERE run_id = $id",
		"run with a setting of: $whose");
	is(sql("SELECT outcome FROM dload.runs WHERE run_id = $id"),
		$outcome, "outcome with a setting of: $whose");
}
sql(q{ALTER DATABASE postgres RESET dload.allowed_hosts;
	SELECT dload.drop_pipeline('own'); DROP FOREIGN TABLE own; DROP TABLE t_own});

#
# stop_launcher; start_launcher without preload
#
is(sql(q{SELECT dload.stop_launcher()}), 't', 'stop_launcher');
is(sql(q{SELECT launcher FROM dload.launcher_status()}), 'not running', 'stopped');
is(sql(q{SELECT dload.stop_launcher()}), 'f', 'there is none');
is(sqlstate($node, q{SELECT dload.run_background('one')}), '55000',
	'run_background needs a launcher');
like(error_of($node, q{SELECT dload.run_background('one')})->{hint},
	qr/dload.start_launcher/, 'and says how to get one');
sql(q{SELECT dload.start_launcher()});
becomes(q{SELECT dload.next_due(pipeline_id) IS NOT NULL FROM dload.pipeline},
	'started again');
is(sqlstate($node, q{SELECT dload.start_launcher()}), '55006', 'one is enough');
sql(q{SELECT dload.drop_pipeline('one')});

set_conf('dload.clock_rate' => 60);
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
is(sql(q{SELECT * FROM dload.launcher_status()}), 't|not running', 'no preload');
like(
	(error_of($node, q{SELECT make('last', 'items', schedule => '* * * * *')}))
	->{stderr},
	qr/no launcher is running/,
	'a schedule without launcher is noticed');
sql(q{SELECT dload.start_launcher()});
becomes(q{SELECT last_outcome = 'complete' FROM dload.status}, 'runs without preload');

$node->stop;
done_testing();
