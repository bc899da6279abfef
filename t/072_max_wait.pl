
# Copyright (c) the dload contributors
#
# A wait longer than max_wait ends a run as partial.  It goes on by itself when
# the wait is over, and no worker sits through it.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $mock = start_mock();
my $node = new_node(
	'main',
	preload => 1,
	conf => "dload.max_workers = 1\n");

make_server($node, 'api', $mock->url,
	options => { rate_limit => '2/3s', max_wait => '200ms' });
make_server($node, 'told', $mock->url, options => { max_wait => '1s' });
$node->safe_psql(
	'postgres', q{
CREATE FOREIGN TABLE items () SERVER api OPTIONS (path '/link/items?count=50&per_page=10', paginate 'link');
CREATE FOREIGN TABLE told () SERVER told OPTIONS (path '/items?count=7');
SELECT dload.create_pipeline('items', 'items', 'public.t_items', write_disposition => 'append');
SELECT dload.create_pipeline('told', 'told', 'public.t_told', write_disposition => 'append');
SELECT dload.create_pipeline('scheduled', 'told', 'public.t_scheduled', schedule => '1 day');
});

sub outcomes
{
	my ($pipeline) = @_;

	return $node->safe_psql('postgres',
		"SELECT string_agg(outcome, ' ' ORDER BY run_id) FROM dload.runs"
		  . " WHERE pipeline = '$pipeline'");
}

# While the one worker's pipeline waits, others run.
$node->safe_psql('postgres', "SELECT dload.run_background('items')");
ok($node->poll_query_until('postgres',
		"SELECT retry_at IS NOT NULL AND failures = 0 FROM dload.pipeline_schedule"
		  . " JOIN dload.pipeline USING (pipeline_id) WHERE name = 'items'"),
	'the run is put off');
my $begun = time;
$node->safe_psql('postgres', "SELECT dload.run_background('told')");
ok( $node->poll_query_until(
		'postgres', 'SELECT count(*) = 7 FROM public.t_told'),
	'another pipeline gets the worker');
cmp_ok(time - $begun, '<', 2.5, 'without waiting for the limit of the first');

# It goes on by itself, page after page, and repeats none.
ok( $node->poll_query_until(
		'postgres',
		"SELECT count(*) = 1 FROM dload.runs WHERE pipeline = 'items' AND outcome = 'complete'"
	),
	'the pipeline without a schedule goes on by itself until it is complete');
like(outcomes('items'), qr/^partial( partial)+ complete$/,
	'in several runs, none of which failed');
is( $node->safe_psql(
		'postgres', 'SELECT count(*), count(DISTINCT id) FROM public.t_items'),
	'50|50',
	'each record once');
is( $node->safe_psql(
		'postgres',
		"SELECT failures, retry_at FROM dload.pipeline_schedule JOIN dload.pipeline USING (pipeline_id) WHERE name = 'items'"
	),
	'0|',
	'and nothing is to come');

# Retry-After instead of a budget, with a schedule whose next time is far off.
$mock->script(
	{   path => '/items',
		status => 429,
		headers => { 'Retry-After' => '4' },
		times => 1
	});
$node->safe_psql('postgres', "SELECT dload.run_background('scheduled')");
ok($node->poll_query_until('postgres',
		"SELECT next_run_at < now() + interval '10 s' FROM dload.status WHERE pipeline = 'scheduled'"),
	'due again when the API says so, not a day later');
is(outcomes('scheduled'), 'partial', 'the run was partial');
ok( $node->poll_query_until(
		'postgres',
		"SELECT count(*) = 1 FROM dload.runs WHERE pipeline = 'scheduled' AND outcome = 'complete'"
	),
	'and then complete');
is($node->safe_psql('postgres', 'SELECT count(*) FROM public.t_scheduled'),
	7, 'with all records');
ok($node->poll_query_until('postgres',
		"SELECT next_run_at > now() + interval '20 h' FROM dload.status WHERE pipeline = 'scheduled'"),
	'after which the schedule goes on as before');

# A run in the foreground is put off too.
$mock->script(
	{   path => '/items',
		status => 503,
		headers => { 'Retry-After' => '3' },
		times => 1
	});
my ($ret, $stdout, $stderr) =
  $node->psql('postgres', "CALL dload.run('told')");
is($ret, 0, 'no error');
like($stderr, qr/WARNING:.*"told": partial: 0 pages/, 'but a warning');
like($stderr, qr/server "told" is not available until .*goes on from there/,
	'which says why');
ok( $node->poll_query_until(
		'postgres', 'SELECT count(*) = 14 FROM public.t_told'),
	'the launcher goes on with it');

# A live scan cannot be put off.
$mock->script(
	{   path => '/items',
		status => 429,
		headers => { 'Retry-After' => '3' },
		times => 1
	});
like(error_of($node, "SELECT count(*) FROM told")->{message},
	qr/rate limit of server "told" is used up until/,
	'a query fails');

$node->stop;
done_testing();
