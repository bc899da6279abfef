# A server that never comes to the end of its response's head, or makes it too
# long: an error in time, and the next statement works in the same session.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

# What follows the status line, by path; "slow" sends a line now and then.
my %head = (
	good => "Content-Length: 10\r\n\r\n[{\"id\":1}]",
	line => 'X: ' . ('x' x 200_000) . "\r\n\r\n[]",
	lines => ("X: " . ('x' x 2000) . "\r\n") x 200 . "\r\n[]");

my $listener = IO::Socket::INET->new(
	LocalAddr => '127.0.0.1',
	Listen => 5) or die "could not listen: $!";
my $pid = fork() // die "could not fork: $!";

if ($pid == 0)
{
	local $SIG{PIPE} = 'IGNORE';
	while (my $client = $listener->accept)
	{
		my ($path) = <$client> =~ m{^GET /(\w+)};

		while (<$client>) { last if $_ eq "\r\n" }
		print $client "HTTP/1.1 200 OK\r\n", $head{$path} // '';
		$client->flush;
		for (1 .. 100)
		{
			last if defined $head{$path} || !print $client "X: y\r\n";
			$client->flush;
			sleep 0.05;
		}
		close $client;
	}
	exit 0;
}

my $node = new_node('main');

make_server($node, 'head', 'http://127.0.0.1:' . $listener->sockport,
	options => { max_retries => 0, request_timeout => '300ms' });
$node->safe_psql('postgres', "CREATE FOREIGN TABLE $_ (id int) SERVER head OPTIONS (path '/$_')")
  foreach qw(good line lines slow);

foreach my $case (
	[ 'line', '54000', 'limit of libcurl' ],
	[ 'lines', '54000', 'response headers are too large' ],
	[ 'slow', 'HV00N', 'no response within 300 ms' ])
{
	my ($table, $sqlstate, $message) = @$case;
	my ($status, $out, $err) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nSELECT * FROM $table;\nSELECT * FROM good;",
		on_error_stop => 0);

	like($err, qr/ERROR:  $sqlstate: .*$message/, "$table: error");
	is($out, '1', "$table: the next statement");
}

kill 'KILL', $pid;
waitpid($pid, 0);
$node->stop;
done_testing();
