
# Copyright (c) the dload contributors
#
# pg_cron as the scheduler: CALL dload.run in a job, overlapping triggers,
# failures in cron.job_run_details and in dload.runs.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DloadTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $libdir = `$ENV{PG_CONFIG} --pkglibdir`;
chomp $libdir;
plan skip_all => "there is no pg_cron in $libdir (Debian: postgresql-15-cron)"
  unless -e "$libdir/pg_cron.so";

my $mock = start_mock();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf(
	'postgresql.conf', "shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.host = '" . $node->host . "'
cron.launch_active_jobs = on
max_worker_processes = 20
");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron; CREATE EXTENSION dload');
make_server($node, 'api', $mock->url, options => { max_retries => 0 });
$node->safe_psql(
	'postgres', q{
CREATE FOREIGN TABLE items (id int) SERVER api OPTIONS (path '/items?count=5');
CREATE FOREIGN TABLE slow (id int) SERVER api OPTIONS (path '/slow?ms=8000&count=5');
CREATE FOREIGN TABLE broken (id int) SERVER api OPTIONS (path '/status/404');
SELECT dload.create_pipeline('good', 'items', 'public.good', write_disposition => 'merge', primary_key => '{id}');
SELECT dload.create_pipeline('slow', 'slow', 'public.slow_rows', write_disposition => 'merge', primary_key => '{id}');
SELECT dload.create_pipeline('bad', 'broken', 'public.bad');
});

# Whatever runs at full minutes: the jobs are made well before one.
sleep(1) while (time() % 60 > 55);

# Two jobs of one pipeline are due at once.
$node->safe_psql(
	'postgres', q{
SELECT cron.schedule('good', '* * * * *', $$CALL dload.run('good')$$);
SELECT cron.schedule('bad', '* * * * *', $$CALL dload.run('bad')$$);
SELECT cron.schedule('slow 1', '* * * * *', $$CALL dload.run('slow')$$);
SELECT cron.schedule('slow 2', '* * * * *', $$CALL dload.run('slow')$$);
});
my $done = time() + 120;
while (time() < $done)
{
	last
	  if $node->safe_psql(
		'postgres', q{
SELECT count(DISTINCT jobid) = 4 AND bool_and(status IN ('succeeded', 'failed'))
FROM cron.job_run_details}) eq 't';
	sleep(0.3);
}
$node->safe_psql('postgres', 'SELECT cron.unschedule(jobid) FROM cron.job');

my $jobs = q{(SELECT j.command, d.status, d.return_message
	FROM cron.job_run_details AS d JOIN (VALUES
		('good'), ('bad'), ('slow')) AS v (name) ON d.command ~ v.name
	JOIN LATERAL (SELECT v.name AS command) AS j ON true) AS r};

is( $node->safe_psql('postgres',
		"SELECT DISTINCT status FROM $jobs WHERE command = 'good'"),
	'succeeded', 'a job that runs a pipeline succeeds');
is($node->safe_psql('postgres', 'SELECT count(*) FROM good'),
	5, 'and has loaded');
is( $node->safe_psql('postgres',
		q{SELECT DISTINCT outcome FROM dload.runs WHERE pipeline = 'good'}),
	'complete', 'dload.runs has it');
is( $node->safe_psql('postgres',
		"SELECT DISTINCT status FROM $jobs WHERE command = 'bad'"),
	'failed', 'a failed run is a failed job');
like( $node->safe_psql('postgres',
		"SELECT return_message FROM $jobs WHERE command = 'bad' LIMIT 1"),
	qr/404/, 'with the message');
is( $node->safe_psql('postgres',
		q{SELECT DISTINCT outcome, reason ~ '404' FROM dload.runs WHERE pipeline = 'bad'}),
	'failed|t', 'dload.runs has it too');
is( $node->safe_psql('postgres',
		q{SELECT string_agg(DISTINCT outcome, ',' ORDER BY outcome) FROM dload.runs WHERE pipeline = 'slow'}),
	'complete,skipped', 'of two triggers at once one is skipped');
is( $node->safe_psql('postgres',
		"SELECT DISTINCT status FROM $jobs WHERE command = 'slow'"),
	'succeeded', 'which is no failure');
is($node->safe_psql('postgres', 'SELECT count(*) FROM slow_rows'),
	5, 'and its rows are there once');

$node->stop;
done_testing();
