
# What the machine and its environment bring along: an address of the machine's
# own is no public one, proxies that the environment names are not used, and
# a setting made before the library is loaded gives nobody more rights.
#
# The address is given to the loopback interface of a network namespace, in
# which the file runs itself once more.

use strict;
use warnings;

our $own;

# before the modules of the tests redirect what is printed
BEGIN
{
	# public, but nothing leaves the namespace
	$own = '9.9.9.9';
	my @enter = ('unshare', '-U', '--map-current-user', '-n', '--keep-caps',
		'sh', '-c');
	my $prepare = "ip link set lo up && ip addr add $own/32 dev lo";

	if (!$ENV{DLOAD_TEST_NAMESPACE}
		&& system(@enter, "($prepare) >/dev/null 2>&1") == 0)
	{
		local $ENV{DLOAD_TEST_NAMESPACE} = 1;
		exec @enter, "$prepare && exec \"\$@\"", 'sh', $^X,
		  (map { "-I$_" } @INC), $0
		  or die "could not enter a namespace: $!";
	}
}

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;

# Answers with one record, whoever asks.
my $listener = IO::Socket::INET->new(LocalAddr => '0.0.0.0', Listen => 5)
  or die "could not listen: $!";
my $port = $listener->sockport;
my $pid = fork() // die "could not fork: $!";

if ($pid == 0)
{
	while (my $client = $listener->accept)
	{
		while (<$client>) { last if $_ eq "\r\n" }
		print $client
		  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[{\"id\":1}]";
		close $client;
	}
	exit 0;
}

END
{
	kill 'KILL', $pid if $pid;
}

# Nothing listens there: who uses it fails.
my $proxy = 'http://127.0.0.1:1';
my $node;
{
	local @ENV{qw(http_proxy https_proxy all_proxy HTTP_PROXY ALL_PROXY)} =
	  ($proxy) x 5;
	local $ENV{no_proxy} = '';

	$node = new_node('main');
}

make_server($node, 'local', "http://127.0.0.1:$port",
	options => { max_retries => 0 });
$node->safe_psql('postgres',
	"CREATE FOREIGN TABLE t (id int) SERVER local OPTIONS (path '/')");
is($node->safe_psql('postgres', 'SELECT id FROM t'),
	1, 'a proxy that the environment names is not asked');

#
# The machine's own address
#

$node->safe_psql('postgres', 'CREATE ROLE guest LOGIN; GRANT SELECT ON t TO guest');

# With the setting as a client would like it to be.
sub ask
{
	my ($user, $setting) = @_;
	local $ENV{PGOPTIONS} = $setting ? "-c dload.allowed_hosts=$setting" : '';

	return error_of($node, 'SELECT id FROM t', user => $user);
}

sub allow
{
	$node->safe_psql('postgres',
		"ALTER SYSTEM SET dload.allowed_hosts = '$_[0]'; SELECT pg_reload_conf()");
	return;
}

SKIP:
{
	skip 'no network namespaces', 4 if !$ENV{DLOAD_TEST_NAMESPACE};

	$node->safe_psql('postgres',
		"ALTER SERVER local OPTIONS (SET base_url 'http://$own:$port')");
	is(ask()->{stdout}, 1, 'own address: a superuser');
	like(ask('guest')->{message}, qr/address \Q$own\E is not public/,
		'own address: refused');
	allow("$own/32");
	is(ask('guest')->{stdout}, 1, 'own address: listed');
	allow('127.0.0.1');
	# what is listed is no own address, where it is another one
	like(ask('guest')->{message}, qr/address \Q$own\E is not public/,
		'own address: another one is listed');
}

#
# A setting that comes before the library
#

$node->safe_psql('postgres',
	"ALTER SERVER local OPTIONS (SET base_url 'http://127.0.0.1:$port')");
allow('');
like(ask('guest', '*')->{message}, qr/address 127.0.0.1 is not public/,
	'the setting of a client that may not set it');
like(
	error_of(
		$node, "SET dload.allowed_hosts = '*'; SELECT id FROM t",
		user => 'guest')->{stderr},
	qr/address 127.0.0.1 is not public/,
	'the same by SET');
is(ask(undef, '*')->{stdout}, 1, 'a superuser may');
allow('127.0.0.1');
is(ask('guest')->{stdout}, 1, 'what the superuser lists holds');

$node->stop;
done_testing();
