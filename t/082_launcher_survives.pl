
# Copyright (c) the dload contributors
#
# What launcher and workers survive: databases, extension, tables and roles
# that go away or are renamed, shutdowns, crashes, and standbys.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DloadTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $mock = start_mock();
my $node = new_node(
	'main',
	init => [ allows_streaming => 1 ],
	preload => 1,
	conf => "max_worker_processes = 12\nrestart_after_crash = on\n"
	  . "dload.clock_rate = 60\n");

sub prepare
{
	my ($dbname) = @_;

	make_server($node, 'api', $mock->url, dbname => $dbname,
		options => { max_retries => 0 });
	$node->safe_psql(
		$dbname, q{
CREATE FOREIGN TABLE items (id int, name text) SERVER api OPTIONS (path '/items?count=5');
CREATE FOREIGN TABLE hang (id int) SERVER api OPTIONS (path '/hang');
CREATE FUNCTION make(name text, source regclass, schedule text DEFAULT NULL, max_failures int DEFAULT 10, schema text DEFAULT 'public')
	RETURNS void LANGUAGE sql AS $$
	SELECT dload.create_pipeline(name, source, schema || '.t_' || name,
		write_disposition => 'merge', primary_key => ARRAY['id'],
		schedule => schedule, time_zone => 'UTC', max_failures => max_failures);
$$;
});
}

sub sql
{
	my ($sql, $dbname) = @_;

	return $node->safe_psql($dbname // 'postgres', $sql);
}

sub becomes
{
	my ($sql, $what, $dbname) = @_;

	ok($node->poll_query_until($dbname // 'postgres', $sql), $what);
}

# Start a run in the background that waits for the network.
sub start_hanging
{
	my ($dbname) = @_;
	my $id = sql(q{SELECT dload.run_background('hang')}, $dbname);

	$node->poll_query_until($dbname // 'postgres',
		q{SELECT count(*) = 1 FROM dload.progress WHERE pipeline = 'hang'})
	  or die 'the run did not start';
	return $id;
}

sub worker_pid
{
	return sql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'dload run hang'
		AND backend_type = 'dload worker'});
}

prepare('postgres');

#
# DROP DATABASE
#
sql('CREATE DATABASE doomed');
sql('CREATE EXTENSION dload', 'doomed');
prepare('doomed');
sql(q{SELECT make('hang', 'hang'); SELECT make('busy', 'items', schedule => '* * * * *')},
	'doomed');
start_hanging('doomed');
my $begin = time();
sql('DROP DATABASE doomed');
cmp_ok(time() - $begin, '<', 5, 'DROP DATABASE does not wait for a run');
is(sql(q{SELECT launcher FROM dload.launcher_status()}),
	'running', 'the launcher goes on');

#
# DROP EXTENSION
#
sql('CREATE DATABASE bare');
sql('CREATE EXTENSION dload', 'bare');
prepare('bare');
sql(q{SELECT make('hang', 'hang'); SELECT make('busy', 'items', schedule => '* * * * *')},
	'bare');
start_hanging('bare');
sql('DROP EXTENSION dload CASCADE', 'bare');
my $pid = worker_pid();
sql("SELECT pg_cancel_backend($pid)");
becomes(q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity
	WHERE backend_type = 'dload worker' AND datname = 'bare')},
	'DROP EXTENSION during a run');
sleep(2);
is( sql(q{SELECT count(*) FROM pg_stat_activity
		WHERE backend_type = 'dload worker' AND datname = 'bare'}),
	0, 'nothing is started for what is gone');
sql('CREATE EXTENSION dload', 'bare');
sql(q{DROP TABLE IF EXISTS t_busy; DROP FUNCTION make}, 'bare');
prepare('bare');
sql(q{SELECT make('busy', 'items', schedule => '* * * * *')}, 'bare');
becomes(q{SELECT last_outcome = 'complete' FROM dload.status},
	'it comes back', 'bare');
sql('DROP DATABASE bare');

#
# ALTER ... RENAME
#
sql(q{CREATE SCHEMA here; SELECT make('moved', 'items', schedule => '* * * * *', schema => 'here')});
becomes(q{SELECT last_outcome = 'complete' FROM dload.status}, 'runs');
sql(q{ALTER TABLE here.t_moved RENAME TO t_other; ALTER SCHEMA here RENAME TO there;
	ALTER FOREIGN TABLE items RENAME TO things});
my $runs = sql('SELECT max(run_id) FROM dload.runs');
becomes("SELECT count(*) > 1 FROM dload.runs WHERE run_id > $runs + 1 AND outcome = 'complete'",
	'after ALTER ... RENAME of table, schema and foreign table it runs');
is(sql('SELECT count(*) FROM there.t_other'), 5, 'into the same table');
is(sql(q{SELECT to_regnamespace('here') IS NULL}), 't', 'and nothing else');
sql(q{ALTER FOREIGN TABLE things RENAME TO items; SELECT dload.drop_pipeline('moved')});

#
# DROP ROLE of the owner; NOLOGIN owners
#
sql(q{CREATE ROLE owner NOLOGIN; GRANT CREATE ON SCHEMA public TO owner;
	GRANT USAGE ON FOREIGN SERVER api TO owner; GRANT SELECT ON items TO owner;
	SET ROLE owner; SELECT make('owned', 'items', schedule => '* * * * *')});
becomes(q{SELECT last_outcome = 'complete' FROM dload.status}, 'owner may be NOLOGIN');
is(sql(q{SELECT tableowner FROM pg_tables WHERE tablename = 't_owned'}),
	'owner', 'and owns the table');
is(sqlstate($node, 'DROP ROLE owner'), '2BP01', 'DROP ROLE is refused');
sql(q{DROP OWNED BY owner; DROP ROLE owner});
becomes(q{SELECT state = 'paused' AND paused_reason ~ 'owner' FROM dload.status},
	'a pipeline without owner is paused');
sql(q{SELECT dload.drop_pipeline('owned')});

#
# Shutdowns during network waits
#
sql(q{SELECT make('hang', 'hang')});
foreach my $mode (qw(smart fast immediate))
{
	my $id = start_hanging();

	$begin = time();
	$node->stop($mode);
	cmp_ok(time() - $begin, '<', 5, "$mode shutdown does not wait");
	$node->start;
	is( sql("SELECT outcome FROM dload.runs WHERE run_id = $id"),
		$mode eq 'immediate' ? 'failed' : 'cancelled',
		"$mode shutdown: outcome");
	is( sql(q{SELECT failures FROM dload.pipeline_schedule}),
		$mode eq 'immediate' ? 1 : 0, "$mode shutdown: failures");
}
sql(q{SELECT dload.resume('hang')});

# pg_terminate_backend is like a shutdown, and the launcher comes back
my $id = start_hanging();
sql('SELECT pg_terminate_backend(' . worker_pid() . ')');
becomes("SELECT outcome = 'cancelled' FROM dload.runs WHERE run_id = $id",
	'a terminated run is cancelled');
my $launcher = sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dload launcher'});
sql("SELECT pg_terminate_backend($launcher)");
becomes("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dload launcher'"
	  . " AND pid <> $launcher", 'a terminated launcher comes back');

#
# SIGKILL of a worker: the postmaster starts all anew
#
sub crash
{
	my ($id) = @_;
	my $worker = worker_pid();
	my $logged = -s $node->logfile;

	kill 'KILL', $worker;
	crash_is_over($node, $logged);
	$node->poll_query_until('postgres', "SELECT pg_postmaster_start_time() IS NOT NULL"
		  . " AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $worker)"
		  . " AND EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'dload launcher')")
	  or die 'the server did not come back';
	return;
}

$id = start_hanging();
crash();
is( sql("SELECT outcome, reason FROM dload.runs WHERE run_id = $id"),
	'failed|the process that ran it ended before the run did',
	'SIGKILL of a worker: failed');
is(sql('SELECT count(*) FROM dload.progress'), 0, 'no progress left');
is(sql('SELECT failures FROM dload.pipeline_schedule'), 1, 'counted');
sql(q{SELECT make('well', 'items', schedule => '* * * * *')});
becomes(q{SELECT last_outcome = 'complete' FROM dload.status WHERE pipeline = 'well'},
	'others run');
sql(q{SELECT dload.drop_pipeline('hang')});

# One whose runs always end like that is given up.
sql(q{SELECT make('hang', 'hang', schedule => '* * * * *', max_failures => 3)});
foreach my $i (1 .. 3)
{
	becomes(q{SELECT count(*) = 1 FROM dload.progress WHERE pipeline = 'hang'},
		"crash $i");
	crash();
	# its backoff is in the launcher's time
	sql(q{UPDATE dload.pipeline_schedule SET retry_at = clock_timestamp()
		WHERE failures > 0});
}
becomes(q{SELECT state = 'paused' FROM dload.status WHERE pipeline = 'hang'},
	'a crash loop is given up');
is( sql(q{SELECT paused_reason FROM dload.status WHERE pipeline = 'hang'}),
	'3 runs in a row have failed; the last ended with its process.',
	'with the reason');
becomes(q{SELECT count(*) > 1 FROM dload.runs WHERE pipeline = 'well'
	AND started_at > now() - interval '3 s' AND outcome = 'complete'}, 'others run still');

# A backup that is restored: schedules, pauses and all come along.
my $dump = "$PostgreSQL::Test::Utils::tmp_check/dump.sql";
$node->command_ok(
	[ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'dump');
sql('CREATE DATABASE restored');
$node->command_ok(
	[ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ],
	'restore');
is(sql(q{SELECT pipeline, state, schedule FROM dload.status ORDER BY 1}, 'restored'),
	sql(q{SELECT pipeline, CASE state WHEN 'running' THEN 'idle' ELSE state END, schedule FROM dload.status ORDER BY 1}),
	'schedules and pauses are dumped');
sql('DROP DATABASE restored');

#
# Promotion
#
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', 'SELECT * FROM dload.launcher_status()'),
	't|standby', 'idle on a standby');
is( $standby->safe_psql('postgres',
		q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'dload'}),
	0, 'no process either');
is( sqlstate($standby, 'SELECT dload.start_launcher()'),
	'55000', 'and none can be started');
sql(q{SELECT make('far', 'hang'); SELECT dload.run_background('far')});
ok( $node->poll_query_until('postgres',
		q{SELECT state = 'running' FROM dload.status WHERE pipeline = 'far'}),
	'a run on the primary');
$node->wait_for_catchup($standby);
is( $standby->safe_psql('postgres',
		q{SELECT state, r.outcome, reason FROM dload.status AS s
			JOIN dload.runs AS r USING (pipeline) WHERE pipeline = 'far'}),
	'running|running|', 'and on its standby it has not failed');
is(sqlstate($standby, q{CALL dload.run('far')}),
	'25006', 'where nothing is loaded');
sql(q{SELECT dload.cancel_run(run_id) FROM dload.runs WHERE pipeline = 'far'});
$node->stop('immediate');
my $last = $standby->safe_psql('postgres', 'SELECT max(run_id) FROM dload.runs');
$standby->promote;
ok( $standby->poll_query_until('postgres',
		"SELECT count(*) > 1 FROM dload.runs WHERE run_id > $last AND outcome = 'complete'"),
	'active after promotion');
$standby->stop;

foreach my $server ($node, $standby)
{
	unlike(slurp_file($server->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
		$server->name . ': nothing else has crashed');
}
done_testing();
