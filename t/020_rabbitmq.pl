
# A real API: the queues of RabbitMQ's management plugin, read live and loaded
# with merge.  The node is private to this test: loopback, free ports, own
# directories; the machine's service, if there is one, is left alone.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use File::Spec;
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(:sys_wait_h);
use Test::More;

my $server = '/usr/lib/rabbitmq/bin/rabbitmq-server';

plan skip_all => 'rabbitmq-server is not installed' unless -x $server;
plan skip_all => 'rabbitmq-server does not run as root' if $> == 0;

# RabbitMQ wants a short name of its host in every path of its own.
my $base = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir);
my %port = map { $_ => PostgreSQL::Test::Cluster::get_free_port() }
  qw(amqp dist epmd http);
my $api = "http://guest:guest\@127.0.0.1:$port{http}/api";
my $http = HTTP::Tiny->new(timeout => 30);
my $json = JSON::PP->new->utf8;

sub start_rabbitmq
{
	mkdir "$base/$_" foreach qw(home db log);
	write_text("$base/enabled_plugins", "[rabbitmq_management].\n");
	write_text("$base/rabbitmq.conf", <<"END");
listeners.tcp.1 = 127.0.0.1:$port{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = $port{http}
disk_free_limit.absolute = 1MB
END
	write_text("$base/env.conf", '');

	local %ENV = (
		%ENV,
		HOME => "$base/home",
		ERL_EPMD_ADDRESS => '127.0.0.1',
		ERL_EPMD_PORT => $port{epmd},
		RABBITMQ_CONF_ENV_FILE => "$base/env.conf",
		RABBITMQ_NODENAME => 'dload@localhost',
		RABBITMQ_NODE_IP_ADDRESS => '127.0.0.1',
		RABBITMQ_NODE_PORT => $port{amqp},
		RABBITMQ_DIST_PORT => $port{dist},
		RABBITMQ_BASE => $base,
		RABBITMQ_CONFIG_FILE => "$base/rabbitmq.conf",
		RABBITMQ_CONFIG_FILES => "$base/no.d",
		RABBITMQ_ADVANCED_CONFIG_FILE => "$base/advanced.config",
		RABBITMQ_GENERATED_CONFIG_DIR => "$base/db/config",
		RABBITMQ_MNESIA_BASE => "$base/db",
		RABBITMQ_LOG_BASE => "$base/log",
		RABBITMQ_LOGS => "$base/log/node.log",
		RABBITMQ_PID_FILE => "$base/db/pid",
		RABBITMQ_ENABLED_PLUGINS_FILE => "$base/enabled_plugins",
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS =>
		  '-kernel inet_dist_use_interface {127,0,0,1}');
	delete @ENV{qw(RABBITMQ_USE_LONGNAME NOTIFY_SOCKET)};

	# Without one of its own the node would leave a port mapper behind.
	launch("$base/log/epmd", 'epmd', '-port', $port{epmd},
		'-address', '127.0.0.1');
	my $pid = launch("$base/log/start", $server);

	eval {
		wait_until(
			sub {
				die "it ended" if waitpid($pid, WNOHANG) != 0;
				return $http->get("$api/overview")->{success};
			},
			"RabbitMQ's management API");
		1;
	} or do
	{
		my $why = $@;
		foreach my $log ("$base/log/start", "$base/log/node.log")
		{
			diag(slurp_file($log)) if -e $log;
		}
		die "RabbitMQ did not start: $why";
	};
	return;
}

sub api_call
{
	my ($method, $path, $data) = @_;
	my $reply = $http->request(
		$method,
		"$api/$path",
		defined $data
		? {
			content => $json->encode($data),
			headers => { 'content-type' => 'application/json' }
		  }
		: {});

	die "$method $path: $reply->{status} $reply->{content}"
	  unless $reply->{success};
	return;
}

sub queue_name
{
	my ($number) = @_;

	return sprintf('queue-%04d', $number);
}

sub declare_queue
{
	my ($number, $ttl) = @_;

	api_call(
		'PUT',
		'queues/%2F/' . queue_name($number),
		{
			durable => $number % 2 ? JSON::PP::true : JSON::PP::false,
			arguments =>
			  { 'x-message-ttl' => $ttl + 0, 'x-max-length' => $number + 0 }
		});
	return;
}

start_rabbitmq();
declare_queue($_, 60000) foreach 1 .. 250;

my $node = new_node('main');

make_server(
	$node, 'rabbitmq',
	"http://127.0.0.1:$port{http}",
	options => { auth => 'basic' },
	mapping => { username => 'guest', password => 'guest' });

my $paging = q{paginate 'page', page_param 'page', page_size '100',
	page_size_param 'page_size', records_path 'items',
	total_path 'filtered_count'};

$node->safe_psql(
	'postgres', qq{
CREATE FOREIGN TABLE queues (
	vhost text,
	name text OPTIONS (param 'name'),
	durable boolean,
	arguments__x_message_ttl bigint,
	max_length bigint OPTIONS (json_path 'arguments."x-max-length"'),
	arguments jsonb)
SERVER rabbitmq OPTIONS (path '/api/queues', $paging);
CREATE FOREIGN TABLE queues_of (
	vhost text OPTIONS (param 'vhost', in 'path'),
	name text)
SERVER rabbitmq OPTIONS (path '/api/queues/{vhost}', $paging);
CREATE FOREIGN TABLE queues_like (
	part text OPTIONS (param 'name', echo 'true'),
	name text)
SERVER rabbitmq OPTIONS (path '/api/queues', $paging);});

#
# Live
#

is( $node->safe_psql(
		'postgres',
		'SELECT count(*), count(DISTINCT name), min(name), max(name)'
		  . ' FROM queues'),
	'250|250|queue-0001|queue-0250',
	'all pages are read live');
is( $node->safe_psql(
		'postgres',
		'SELECT count(*) FILTER (WHERE durable),'
		  . ' sum(arguments__x_message_ttl), sum(max_length),'
		  . q{ sum((arguments->>'x-max-length')::int) FROM queues}),
	'125|15000000|31375|31375',
	'nested values by name, by path and as jsonb');
is( $node->safe_psql(
		'postgres',
		q{SELECT count(*), max(name) FROM queues_like WHERE part = 'queue-00'}),
	'99|queue-0099',
	"a condition goes to the API's filter");
is( $node->safe_psql(
		'postgres',
		q{SELECT count(*), max(max_length) FROM queues}
		  . q{ WHERE name IN ('queue-0017', 'queue-00')}),
	'1|17',
	'which matches parts of names, so it is checked here too');
is( $node->safe_psql(
		'postgres', q{SELECT count(*) FROM queues_of WHERE vhost = '/'}),
	'250',
	'a slash in a path parameter is escaped');

$node->safe_psql('postgres',
	q{ALTER USER MAPPING FOR CURRENT_USER SERVER rabbitmq
	  OPTIONS (SET password 'not-the-passw0rd')});
my $error = error_of($node, 'SELECT count(*) FROM queues');
like($error->{stderr}, qr/401/, 'a wrong password is refused');
unlike($error->{stderr}, qr/not-the-passw0rd/, 'and not shown');
$node->safe_psql('postgres',
	q{ALTER USER MAPPING FOR CURRENT_USER SERVER rabbitmq
	  OPTIONS (SET password 'guest')});

#
# Loaded
#

$node->safe_psql(
	'postgres', q{
SELECT dload.create_pipeline('queues', source => 'queues',
	target => 'rmq.queues', write_disposition => 'merge',
	primary_key => ARRAY['vhost', 'name'])});
$node->safe_psql('postgres', q{CALL dload.run('queues')});

is( $node->safe_psql(
		'postgres',
		'SELECT count(*), count(DISTINCT name),'
		  . ' sum(arguments__x_message_ttl), sum(arguments__x_max_length)'
		  . ' FROM rmq.queues'),
	'250|250|15000000|31375',
	'the first run loads all queues, nested objects flattened');
is( $node->safe_psql(
		'postgres', q{
SELECT string_agg(attname, ',' ORDER BY array_position(conkey, attnum))
FROM pg_constraint JOIN pg_attribute
	ON attrelid = conrelid AND attnum = ANY (conkey)
WHERE conrelid = 'rmq.queues'::regclass AND contype = 'p'}),
	'vhost,name',
	'under a primary key');

my $ids = $node->safe_psql('postgres',
	'SELECT sum(_dload_id) FROM rmq.queues');

declare_queue($_, 60000) foreach 251 .. 260;
foreach my $number (1 .. 10)
{
	api_call('DELETE', 'queues/%2F/' . queue_name($number));
	declare_queue($number, 90000);
}
$node->safe_psql('postgres', q{CALL dload.run('queues')});

is( $node->safe_psql(
		'postgres',
		'SELECT count(*), count(DISTINCT name) FROM rmq.queues'),
	'260|260',
	'the second run adds the new ones');
is( $node->safe_psql(
		'postgres', q{
SELECT count(*), min(name), max(name), sum(arguments__x_max_length)
FROM rmq.queues WHERE arguments__x_message_ttl = 90000}),
	'10|queue-0001|queue-0010|55',
	'and has the values of the changed ones');
is( $node->safe_psql(
		'postgres',
		q{SELECT sum(_dload_id) FROM rmq.queues WHERE name <= 'queue-0250'}),
	$ids,
	'merged rows keep their ids');
is( $node->safe_psql(
		'postgres', q{
SELECT string_agg(outcome || ':' || rows_read || ':' || rows_inserted, ' '
				  ORDER BY run_id)
FROM dload.runs WHERE pipeline = 'queues'}),
	'complete:250:250 complete:260:10',
	'the runs say so');
is( $node->safe_psql(
		'postgres', q{
SELECT rows_updated >= 10
	   AND rows_updated + rows_unchanged = 250 AND rows_rejected = 0
FROM dload.runs WHERE pipeline = 'queues' ORDER BY run_id DESC LIMIT 1}),
	't',
	'and every row is accounted for');

$node->stop;
done_testing();
