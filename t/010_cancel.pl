
# Every wait of a live scan ends at once on cancel, statement_timeout and
# terminate: for the first byte, within a body, before a retry (Retry-After and
# backoff), for the rate limit, and for a name server that does not answer.
# The session is as good as before, and nothing is left behind in it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

# What "at once" means here, in milliseconds.
my $limit = 100;

# The time after which statement_timeout fires.
my $timeout = 300;

my $node = new_node('main', conf => "log_error_verbosity = verbose\n");
my $mock = start_mock();

# Wait until the session's backend waits for the network.
sub at_rest
{
	my ($pid) = @_;

	wait_until(
		sub {
			$node->safe_psql('postgres',
				"SELECT wait_event_type = 'Extension' FROM pg_stat_activity"
				  . " WHERE pid = $pid") eq 't';
		},
		'the scan waits');
	return;
}

# Milliseconds from the call of a signal function to the end of the statement,
# by the server's clock: starting a psql takes longer than what is measured.
sub stop_backend
{
	my ($function, $pid) = @_;

	return $node->safe_psql('postgres', "SELECT took('$function', $pid)");
}

sub prepare
{
	$node->safe_psql(
		'postgres', q{
CREATE FUNCTION took(function text, target int) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE format('SELECT %I($1)', function) USING target;
	WHILE clock_timestamp() < start + interval '10 s' LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
							  WHERE pid = target AND state = 'active');
		PERFORM pg_sleep(0.001);
	END LOOP;
	RETURN round(1000 * extract(epoch FROM clock_timestamp() - start), 1);
END $$;});
	return;
}

sub make_table
{
	my ($name, $server, $path, $options) = @_;

	$node->safe_psql('postgres',
		"CREATE FOREIGN TABLE $name (id text) SERVER $server OPTIONS ("
		  . join(', ', "path '$path'", $options // ()) . ')');
	return;
}

# The session's backend works, has no transfer left open, and is the same.
sub still_works
{
	my ($session, $pid, $after, $what) = @_;

	is($session->query("SELECT pg_backend_pid() || ' ' || ($after)"),
		"$pid 1", "$what: the next statement works");
	return;
}

# One wait, ended in three ways.  "setup" is run first, "after" after each, and
# gives 1.
sub check_wait
{
	my ($what, $sql, %params) = @_;
	my $after = $params{after} // 'SELECT 1 FROM good';
	my $session = session($node);
	my $took;
	my $pid;

	$session->query($params{setup}) if defined $params{setup};

	# cancel, twice: the second time in a session that has seen one
	foreach my $turn (1, 2)
	{
		$pid = start_query($session, $node, $sql);
		at_rest($pid);
		$took = stop_backend('pg_cancel_backend', $pid);
		cmp_ok($took, '<', $limit, "$what: cancelled in $took ms ($turn)");
		is($session->query('\echo :LAST_ERROR_SQLSTATE'),
			'57014', "$what: SQLSTATE of cancel");
		like(
			$session->{stderr},
			qr/canceling statement due to user request/,
			"$what: message of cancel");
		still_works($session, $pid, $after, $what);
	}

	# statement_timeout
	$session->query("SET statement_timeout = $timeout");
	$session->{stderr} = '';
	$pid = start_query($session, $node, $sql);
	wait_until(
		sub {
			$node->safe_psql('postgres',
				"SELECT state = 'idle' FROM pg_stat_activity"
				  . " WHERE pid = $pid") eq 't';
		},
		'statement_timeout');
	$took = $node->safe_psql('postgres',
		"SELECT round(1000 * extract(epoch FROM state_change - query_start)"
		  . " - $timeout, 1) FROM pg_stat_activity WHERE pid = $pid");
	cmp_ok($took, '<', $limit, "$what: timed out after $took ms more");
	is($session->query('\echo :LAST_ERROR_SQLSTATE'),
		'57014', "$what: SQLSTATE of statement_timeout");
	like(
		$session->{stderr},
		qr/canceling statement due to statement timeout/,
		"$what: message of statement_timeout");
	$session->query('RESET statement_timeout');
	still_works($session, $pid, $after, $what);

	# terminate
	$pid = start_query($session, $node, $sql);
	at_rest($pid);
	$took = stop_backend('pg_terminate_backend', $pid);
	cmp_ok($took, '<', $limit, "$what: terminated in $took ms");
	$session->{run}->finish;
	like(
		$session->{stderr},
		qr/terminating connection due to administrator command/,
		"$what: message of terminate");
	return;
}

prepare();

make_server(
	$node, 'api', $mock->url,
	options => {
		request_timeout => '10 min',
		idle_timeout => '10 min',
		max_retries => 20
	});
make_table('good', 'api', '/items/1');
make_table('hang', 'api', '/hang');
make_table('stall', 'api', '/stall');
make_table('later', 'api', '/status/503?retry_after=60');
make_table('retried', 'api', '/status/503');

make_server(
	$node, 'limited', $mock->url,
	options => { rate_limit => '1/5 min' });
make_table('rationed', 'limited', '/items/1');

check_wait('first byte', 'SELECT * FROM hang');
check_wait('body', 'SELECT count(*) FROM stall');
check_wait('Retry-After', 'SELECT * FROM later');
check_wait('backoff', 'SELECT * FROM retried');

# The budget of one request is spent first.
check_wait('rate limit', 'SELECT * FROM rationed',
	setup => 'SELECT * FROM rationed');

# A block that catches the error goes on with the same handles.
{
	my $session = session($node);

	$session->query("SET statement_timeout = $timeout");
	is( $session->query(q{
DO $$
BEGIN
	PERFORM FROM stall;
EXCEPTION WHEN query_canceled THEN
	PERFORM set_config('a.caught', (SELECT id FROM good), false);
END $$;
SELECT current_setting('a.caught')}), '1', 'caught in a block');
	$session->quit;
}

# A name server that takes queries and is silent needs name spaces of one's
# own: the cluster is started again inside them.  The socket on which nobody
# reads is inherited by the postmaster, and lives as long.
my $black_hole = <<'PERL';
use strict;
use warnings;
use Fcntl;
use Socket;
my ($conf, @command) = @ARGV;
socket(my $s, AF_INET, SOCK_DGRAM, 0) or exit 77;
# SIOCSIFFLAGS: loopback up (IFF_UP | IFF_LOOPBACK | IFF_RUNNING)
my $up = pack('Z16 s x22', 'lo', 0x49);
ioctl($s, 0x8914, $up) or exit 77;
bind($s, pack_sockaddr_in(53, INADDR_LOOPBACK)) or exit 77;
fcntl($s, F_SETFD, 0) or exit 77;
system('mount', '--bind', $conf, '/etc/resolv.conf') == 0 or exit 77;
exec(@command ? @command : 'true') or exit 77;
PERL

my $dir = PostgreSQL::Test::Utils::tempdir;
my $conf = "$dir/resolv.conf";
my $script = "$dir/black_hole.pl";
PostgreSQL::Test::Utils::append_to_file($conf, "nameserver 127.0.0.1\n");
PostgreSQL::Test::Utils::append_to_file($script, $black_hole);
my @inside = (
	'unshare', '--map-current-user', '--keep-caps', '--mount',
	'--net', $^X, $script, $conf);
my $restarted = 0;

sub pg_ctl
{
	my ($action) = @_;

	return ('pg_ctl', '--wait', '--pgdata', $node->data_dir, '--log',
		$node->logfile, '--mode', 'fast', $action);
}

SKIP:
{
	skip 'no name spaces of one\'s own here', 1
	  unless $^O eq 'linux' && system("@inside true 2>/dev/null") == 0;

	$node->stop;
	PostgreSQL::Test::Utils::system_log(@inside, pg_ctl('start')) == 0
	  or die 'could not start the cluster in name spaces';
	$restarted = 1;

	make_server(
		$node, 'nowhere', 'http://api.example.com',
		options => { connect_timeout => '10 min', max_retries => 0 });
	make_table('unresolved', 'nowhere', '/items');
	check_wait('name server', 'SELECT * FROM unresolved',
		after => 'SELECT 1');

	# connect_timeout holds for it, too
	$node->safe_psql('postgres',
		"ALTER SERVER nowhere OPTIONS (SET connect_timeout '200ms')");
	like(
		error_of($node, 'SELECT * FROM unresolved')->{message} // '',
		qr/Resolving timed out/,
		'name server: connect_timeout');

	PostgreSQL::Test::Utils::system_log(pg_ctl('stop'));
	$restarted = 0;
	$node->start;
}

unlike(
	slurp_file($node->logfile),
	qr/was terminated by signal|PANIC/,
	'no process crashed');

$mock->stop;
$node->stop;
done_testing();

END
{
	local $?;
	PostgreSQL::Test::Utils::system_log(pg_ctl('stop')) if $restarted;
}
