
# The budget of requests is one for all sessions: the API never refuses a
# request for being one too many, and nearly all that it allows is used.  With
# and without preloading; by rate_limit, and by what the API's headers say.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $sessions = 16;
my $seconds = 4;
my $mock = start_mock();
my $node;

# A server of that name with one table of that name.
sub make_source
{
	my ($name, $path, %options) = @_;

	make_server($node, $name, $mock->url,
		options => { max_retries => 0, %options });
	$node->safe_psql('postgres',
		"CREATE FOREIGN TABLE $name (id bigint) SERVER $name"
		  . " OPTIONS (path '$path', paginate 'none')");
	return;
}

# The view's answer to a question about a server.
sub budget
{
	my ($name, $columns, $condition) = @_;

	return $node->safe_psql('postgres',
		"SELECT $columns FROM dload.budgets WHERE server = '$name'"
		  . (defined $condition ? " AND $condition" : ''));
}

# Many sessions read a table in a loop; the mock's journal of it.  $watch is
# called meanwhile, again and again.
sub crowd
{
	my ($table, $watch) = @_;
	my $sql = "DO \$\$ DECLARE until timestamptz := clock_timestamp()"
	  . " + interval '$seconds s'; n int := 0;\n"
	  . "BEGIN WHILE clock_timestamp() < until LOOP\n"
	  . "PERFORM FROM $table; n := n + 1; END LOOP;\n"
	  . "RAISE NOTICE 'made %', n; END \$\$";
	my @runs;
	my @made;

	$mock->reset;
	for (1 .. $sessions)
	{
		my $run = { out => '' };

		$run->{handle} = IPC::Run::start(
			[
				'psql', '-X', '-q', '-d', $node->connstr('postgres'),
				'-c', $sql
			],
			'>&', \$run->{out});
		push @runs, $run;
	}
	if ($watch)
	{
		my $end = time + $seconds;

		while (time < $end)
		{
			$watch->();
			sleep 0.1;
		}
	}
	for my $run (@runs)
	{
		$run->{handle}->finish;
		push @made, $run->{out} =~ /made (\d+)/ ? $1 : -1;
		diag($run->{out}) if $made[-1] < 0;
	}
	return ($mock->journal, sort { $a <=> $b } @made);
}

# No refusal, nearly everything used, nobody left out.
sub check_crowd
{
	my ($what, $table, $limit) = @_;
	my ($journal, @made) = crowd($table);
	my $first = $journal->[0]{time};
	my $good = grep { $_->{status} == 200 && $_->{time} < $first + $seconds }
	  @$journal;
	my $allowed = $limit * $seconds;

	is((grep { $_->{status} == 429 } @$journal) + 0,
		0, "$what: no request is refused");
	cmp_ok($good, '>=', 0.9 * $allowed,
		"$what: $good of $allowed requests made");
	cmp_ok($made[0], '>', 0, "$what: every session has its share (@made)");
	return;
}

# Half of the requests count as five each, in a budget of 100 units.
sub check_weights
{
	my %tables = (light => 1, heavy => 5);

	make_server($node, 'weighed', $mock->url,
		options => {
			max_retries => 0,
			rate_limit => '100/second, 100/second/5@/ratelimit/heavy'
		});
	foreach my $name (sort keys %tables)
	{
		$node->safe_psql('postgres',
			"CREATE FOREIGN TABLE $name (id bigint) SERVER weighed OPTIONS"
			  . " (path '/ratelimit/$name', paginate 'none', query_params"
			  . " '{\"limit\": 100, \"window\": 1, \"count\": 1,"
			  . " \"weight\": $tables{$name}}')");
	}
	my ($journal, @made) = crowd('light, heavy');
	my $units = 0;

	is((grep { $_->{status} == 429 } @$journal) + 0,
		0, 'weights: no request is refused');
	foreach my $request (@$journal)
	{
		next if $request->{time} >= $journal->[0]{time} + $seconds;
		$units += $request->{path} =~ /heavy/ ? 5 : 1;
	}
	cmp_ok($units, '>=', 0.9 * 100 * $seconds,
		"weights: $units of ${\(100 * $seconds)} units used");
	cmp_ok($units, '<=', 1.06 * 100 * ($seconds + 1), 'weights: nor more');
	cmp_ok($made[0], '>', 0, "weights: every session has its share (@made)");
	$node->safe_psql('postgres',
		q{ALTER SERVER weighed OPTIONS (SET rate_limit '100/second')});
	($journal) = crowd('light, heavy');
	cmp_ok((grep { $_->{status} == 429 } @$journal) + 0,
		'>', 0, 'weights: without them requests are refused');
	return;
}

# More sessions than requests in a second, which only the answers tell: what
# is refused is what was sent before the first of them.
sub check_unknown
{
	my ($style) = @_;
	my %named = (
		remaining => {},
		used => { used_header => 'X-Used-1S', used_limit => 10 });

	make_server($node, $style, $mock->url, options => $named{$style});
	$node->safe_psql('postgres',
		"CREATE FOREIGN TABLE $style (id bigint) SERVER $style OPTIONS"
		  . " (path '/ratelimit?limit=10&window=1&count=1&style=$style',"
		  . " paginate 'none')");
	my ($journal, @made) = crowd($style);
	my $begin = $journal->[0]{time};
	my @refused = grep { $_->{status} == 429 } @$journal;

	cmp_ok(scalar @refused, '<=', $sessions - 10,
		"unknown, $style: " . @refused . ' were sent too many');
	is((grep { $_->{time} > $begin + 0.5 } @refused) + 0,
		0, "unknown, $style: all of them before anything was known");
	cmp_ok(
		(grep { $_->{status} == 200 && $_->{time} < $begin + $seconds }
			  @$journal) + 0,
		'>=', 0.9 * 10 * $seconds,
		"unknown, $style: the budget is used");
	cmp_ok($made[0], '>', 0, "unknown, $style: nobody fails (@made)");
	return;
}

# More sessions than requests in a second.
sub check_scarce
{
	my ($journal) = crowd('scarce');

	is((grep { $_->{status} != 200 } @$journal) + 0,
		0, 'more sessions than requests: none is refused');
	cmp_ok(
		(grep { $_->{time} < $journal->[0]{time} + $seconds } @$journal) + 0,
		'>=', 0.9 * 5 * $seconds,
		'more sessions than requests: the budget is used');
	return;
}

for my $preload (0, 1)
{
	my $kind = $preload ? 'preloaded' : 'not preloaded';

	$node = new_node("node$preload", preload => $preload);
	make_source('rated', '/ratelimit?limit=50&window=1&count=1',
		rate_limit => '50/second');
	make_source('learnt', '/ratelimit?limit=50&window=1&count=1');
	make_source('ietf', '/ratelimit?limit=50&window=1&count=1&style=ietf');
	make_source('scarce', '/ratelimit?limit=5&window=1&count=1',
		rate_limit => '5/second');

	check_crowd("rate_limit, $kind", 'rated', 50);
	is( budget('rated', 'shared, in_flight, requests', 'period IS NOT NULL'),
		't|0|50', "the budget is shared, $kind");
	check_crowd("headers, $kind", 'learnt', 50);
	is(budget('learnt', 'shared, requests', 'period IS NULL'),
		't|50', "what the API said is shared, $kind");
	if ($preload)
	{
		check_unknown($_) foreach qw(remaining used);
		check_weights();
		check_crowd('RateLimit', 'ietf', 50);
		check_scarce();
	}
	$node->stop unless $preload;
}

# max_concurrency holds for all sessions, and the place goes in turn.
{
	my $most = 0;

	make_source('narrow', '/slow?ms=50&count=1', max_concurrency => 3);
	my ($journal, @made) = crowd(
		'narrow',
		sub {
			my $now = budget('narrow', 'max(in_flight)') || 0;

			$most = $now if $now > $most;
		});
	is($most, 3, 'max_concurrency is used and never passed');
	cmp_ok($made[-1], '<=', 2 * $made[0] + 2,
		"places are given in turn (@made)");
	is(budget('narrow', 'in_flight'), 0, 'nothing is left in flight');
}

# Whoever waits for its own requests would wait for ever.
{
	make_source('single', '/items?count=3', max_concurrency => 1);
	is( $node->safe_psql(
			'postgres', 'SELECT count(*) FROM single a, single b'),
		9,
		'a join with itself goes on');
}

# A killed request, a cancelled wait: what they held comes back.
{
	my $session = session($node);
	my $pid;

	make_source('hanging', '/hang', request_timeout => '10 min');
	$pid = start_query($session, $node, 'SELECT * FROM hanging');
	wait_until(sub { budget('hanging', 'in_flight') eq '1' },
		'the request is counted');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	wait_until(sub { budget('hanging', 'in_flight') eq '0' },
		'the request of a terminated session');
	pass('a terminated session leaves nothing in flight');
	$session->{run}->finish;

	make_source('slow', '/items/1', rate_limit => '1/6s');
	my $start = time;
	$node->safe_psql('postgres', 'SELECT * FROM slow');
	for (1 .. 3)
	{
		like(
			error_of($node,
				"SET statement_timeout = '200ms'; SELECT * FROM slow")
			  ->{message} // '',
			qr/statement timeout/,
			'a wait for the budget is cancelled');
	}
	$node->safe_psql('postgres', 'SELECT * FROM slow');
	cmp_ok(time - $start, '<', 9,
		'starts reserved by cancelled waits are given back');
}

# What a path's budget grants while the server's refuses is not used up, however
# often that is asked; and it grants no more than it may.
{
	my $session = session($node);

	make_source('held', '/slow?ms=2500&count=1',
		max_concurrency => 1, rate_limit => '20/10s@/items');
	$node->safe_psql('postgres',
		'CREATE FOREIGN TABLE held_item (id int) SERVER held'
		  . " OPTIONS (path '/items/1')");
	start_query($session, $node, 'SELECT * FROM held');
	wait_until(sub { budget('held', 'max(in_flight)') eq '1' },
		'the request that is waited for');
	$node->safe_psql('postgres', 'SELECT * FROM held_item');
	is(budget('held', 'used', 'scope IS NOT NULL'),
		1, 'one request uses one start of its path');
	$session->quit;
	make_source('scoped', '/ratelimit?limit=50&window=1&count=1',
		max_concurrency => 2, rate_limit => '50/second@/ratelimit');
	check_crowd('a path and few places', 'scoped', 50);
}

# Who sees it.
{
	$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN');
	is( $node->safe_psql(
			'postgres', 'SELECT count(*) FROM dload.budgets',
			extra_params => [ '-U', 'stranger' ]),
		0,
		'budgets of others are not shown');
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM dload.budgets'),
		'>', 3, 'own budgets are');
}

# Changed rates hold for who is there already.
{
	my $session = session($node);

	make_source('changing', '/items/1', rate_limit => '1/10 min');
	$session->query('SELECT * FROM changing');
	is(budget('changing', 'requests, used, remaining'),
		'1|1|0', 'one request of one');
	$node->safe_psql('postgres',
		"ALTER SERVER changing OPTIONS (SET rate_limit '20/10 min, 3/second')"
	);
	is($session->query('SELECT count(*) FROM changing'),
		1, 'a larger budget is at hand at once');
	is( budget('changing', 'requests, period, used'),
		"20|00:10:00|1\n3|00:00:01|1",
		'each rate is counted');
	$session->quit;
}

# A standby reads, too.
{
	$node->append_conf('postgresql.conf',
		"wal_level = replica\nmax_wal_senders = 4\n");
	$node->append_conf('pg_hba.conf', "local replication all trust\n");
	$node->restart;
	$node->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	$standby->init_from_backup($node, 'base');
	$standby->set_standby_mode;
	$standby->start;
	is( $standby->safe_psql(
			'postgres',
			q{SELECT id FROM slow;
SELECT used, shared FROM dload.budgets WHERE server = 'slow'}),
		"1\n1|t",
		'a standby has a budget');
	$standby->stop;
}

# A crash of one process restarts all; then budgets begin anew.
{
	my $session = session($node);

	$node->append_conf('postgresql.conf', "restart_after_crash = on\n");
	$node->reload;
	my $pid = start_query($session, $node, 'SELECT * FROM hanging');
	wait_until(sub { budget('hanging', 'in_flight') eq '1' },
		'a request is on its way');
	my $logged = -s $node->logfile;
	kill('KILL', $pid);
	$session->{run}->finish;
	crash_is_over($node, $logged);
	is($node->safe_psql('postgres', 'SELECT count(*) FROM dload.budgets'),
		0, 'a crash forgets the budgets');
	$node->safe_psql('postgres', 'SELECT id FROM slow');
	is(budget('slow', 'used, shared, in_flight'),
		'1|t|0', 'budgets work after a crash');
}

# A process alone has nobody to share with.
$node->stop;
{
	my $out = '';
	my $in = "SELECT id FROM slow\nSELECT used, shared FROM dload.budgets\n";

	IPC::Run::run([ 'postgres', '--single', '-D', $node->data_dir, 'postgres' ],
		'<', \$in, '>&', \$out);
	like($out, qr/used = "1".*shared = "f"/s, 'single-user mode');
}

$mock->stop;
done_testing();
