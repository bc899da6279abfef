
=pod

=head1 NAME

DloadTest - helpers for the TAP tests of dload

=head1 SYNOPSIS

  use strict;
  use warnings;
  use FindBin;
  use lib $FindBin::RealBin;
  use DloadTest;
  use PostgreSQL::Test::Utils;
  use Test::More;

  my $mock = start_mock();
  my $node = new_node('main', conf => "dload.max_workers = 2\n");
  make_server($node, 'api', $mock->url, options => { retries => 0 });

  $mock->script({ path => '/events', status => 503 });
  is(sqlstate($node, 'SELECT * FROM events'), 'HV000', 'fails');
  is($mock->requests('/events'), 1, 'one request');

  my $session = session($node);
  my $pid = start_query($session, $node, 'SELECT * FROM hanging');
  ok(cancel_within($node, $pid, 1), 'cancelled in time');
  $session->quit;

  $node->stop;
  done_testing();

The mock and the node are stopped when the test ends, however it ends.

=cut

package DloadTest;

use strict;
use warnings;

use Cwd ();
use Exporter 'import';
use File::Basename ();
use HTTP::Tiny;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_mock new_node make_server sqlstate error_of
  error_fields session start_query cancel_within wait_until crash_is_over
  backend_memory
  quote_sql option_list write_text launch start_proxy);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $mock_script =
  Cwd::abs_path(File::Basename::dirname(__FILE__)) . '/mock_api.py';

=pod

=head1 FUNCTIONS

=over

=item start_mock(%options)

Starts t/mock_api.py and returns an object; see METHODS OF A MOCK.  Options:
tls => [ cert, key ], client_ca => file, seed => n, port => n.

=cut

sub start_mock
{
	my (%options) = @_;

	return DloadTest::Mock->new($mock_script, %options);
}

=pod

=item new_node($name, %options)

A new cluster, started, with the extension in database postgres.  Options:
conf => text appended to postgresql.conf, preload => 1 for
shared_preload_libraries, extension => 0 to leave it out, init => [ arguments
of PostgreSQL::Test::Cluster::init ].

=cut

sub new_node
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(@{ $options{init} || [] });
	$node->append_conf('postgresql.conf',
		"shared_preload_libraries = 'dload'\n")
	  if $options{preload};
	# roles that are no superusers may ask only public addresses otherwise
	$node->append_conf('postgresql.conf',
		"dload.allowed_hosts = '127.0.0.1, localhost'\n");
	$node->append_conf('postgresql.conf', $options{conf})
	  if defined $options{conf};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION dload')
	  unless defined $options{extension} && !$options{extension};
	return $node;
}

=pod

=item write_text($path, $text)

Writes a file.

=cut

sub write_text
{
	my ($path, $text) = @_;

	open(my $file, '>', $path) or die "could not write $path: $!";
	print $file $text;
	close($file);
	return;
}

=pod

=item launch($log, @command)

Starts a program in a process group of its own, with its output in a file;
returns its pid.  It is killed when the test ends, however it ends: nothing of
it is kept, so there is no need to wait for an orderly shutdown.

=cut

my @children;
my $owner = $$;

sub launch
{
	my ($log, @command) = @_;
	my $pid = fork();

	die "could not fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		setpgrp(0, 0);
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', $log);
		open(STDERR, '>&', \*STDOUT);
		exec(@command) or POSIX::_exit(127);
	}
	push @children, $pid;
	return $pid;
}

END
{
	if (defined $owner && $$ == $owner)
	{
		local $?;

		foreach my $pid (reverse splice @children)
		{
			kill 'KILL', -$pid;
			waitpid($pid, 0);
		}
	}
}

=pod

=item start_proxy()

Starts an HTTP proxy that takes all hosts to be 127.0.0.1; returns its URL and
the file with the requests that it was sent.

=cut

sub start_proxy
{
	my $log = PostgreSQL::Test::Utils::tempdir() . '/proxy.log';
	my $port;

	launch($log, 'python3', "$FindBin::RealBin/proxy.py");
	wait_until(
		sub { $port = $1 if -s $log && slurp_file($log) =~ /^port (\d+)\n/; },
		'the proxy');
	return ("http://127.0.0.1:$port", $log);
}

=pod

=item quote_sql($text)

The text as an SQL literal.

=cut

sub quote_sql
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'" unless $text =~ /\\/;
	$text =~ s/\\/\\\\/g;
	return "E'$text'";
}

=pod

=item option_list(%options)

What stands between the parentheses of OPTIONS (...).

=cut

sub option_list
{
	my (%options) = @_;

	return join(', ',
		map { "$_ " . quote_sql($options{$_}) } sort keys %options);
}

=pod

=item make_server($node, $name, $url, options => {}, mapping => {}, dbname => 'postgres')

CREATE SERVER and a user mapping for the current user.

=cut

sub make_server
{
	my ($node, $name, $url, %params) = @_;
	my %options = (base_url => $url, %{ $params{options} || {} });
	my $sql = "CREATE SERVER $name FOREIGN DATA WRAPPER dload OPTIONS ("
	  . option_list(%options) . ");\n";

	if (defined $params{mapping})
	{
		$sql .= "CREATE USER MAPPING FOR CURRENT_USER SERVER $name OPTIONS ("
		  . option_list(%{ $params{mapping} }) . ");\n";
	}
	$node->safe_psql($params{dbname} || 'postgres', $sql);
	return;
}

=pod

=item error_of($node, $sql, %params)

Runs the statements and returns { ok, stdout, stderr, sqlstate, severity,
message, detail, hint, context } of the first error; the fields are undef
where it had none.  Params: dbname, user, timeout, and those of
PostgreSQL::Test::Cluster::psql.

=cut

sub error_of
{
	my ($node, $sql, %params) = @_;
	my $dbname = delete $params{dbname} || 'postgres';
	my $user = delete $params{user};
	my @extra = @{ delete $params{extra_params} || [] };

	push @extra, '-v', 'VERBOSITY=verbose';
	push @extra, '-U', $user if defined $user;

	my ($status, $stdout, $stderr) = $node->psql($dbname, $sql,
		timeout => $PostgreSQL::Test::Utils::timeout_default,
		%params,
		extra_params => \@extra);
	return {
		ok => $status == 0,
		stdout => $stdout,
		stderr => $stderr,
		error_fields($stderr)
	};
}

=pod

=item error_fields($stderr)

List of (field => value) of the first ERROR or FATAL in a verbose output.

=cut

sub error_fields
{
	my ($stderr) = @_;
	my %fields;
	my $last;

	foreach my $line (split /\n/, $stderr)
	{
		if ($line =~
			/(?:^|: )(ERROR|FATAL|PANIC):\s+(?:([0-9A-Z]{5}): )?(.*)$/)
		{
			last if defined $fields{message};
			@fields{qw(severity sqlstate message)} = ($1, $2, $3);
			$last = 'message';
		}
		elsif (!defined $last)
		{
			next;
		}
		elsif ($line =~ /^(DETAIL|HINT|CONTEXT|LOCATION|LINE \d+):\s+(.*)$/)
		{
			$last = lc $1;
			$fields{$last} = $2;
		}
		elsif ($line =~ /^(?:psql:|NOTICE|WARNING|LOG|INFO)/)
		{
			last;
		}
		else
		{
			$fields{$last} .= "\n$line";
		}
	}
	return map { $_ => $fields{$_} }
	  qw(severity sqlstate message detail hint context);
}

=pod

=item sqlstate($node, $sql, %params)

SQLSTATE of the first error of the statements; '00000' if there was none.

=cut

sub sqlstate
{
	my ($node, $sql, %params) = @_;
	my $error = error_of($node, $sql, %params);

	return '00000' if $error->{ok};
	return $error->{sqlstate} // "no SQLSTATE: $error->{stderr}";
}

=pod

=item session($node, %params)

A psql in the background; query($sql), query_safe($sql), query_until(
$pattern, $sql), quit as of PostgreSQL::Test::BackgroundPsql.  Errors do not
end it unless on_error_stop => 1.

=cut

sub session
{
	my ($node, %params) = @_;
	my $dbname = delete $params{dbname} || 'postgres';

	return $node->background_psql($dbname, on_error_stop => 0, %params);
}

=pod

=item start_query($session, $node, $sql)

Sends statements without waiting for them, and returns the session's backend
once it is at work on them.

=cut

sub start_query
{
	my ($session, $node, $sql) = @_;
	my $pid = $session->query('SELECT pg_backend_pid()');

	$pid =~ s/\s//g;
	$sql =~ s/;?\s*$/;\n/;
	$session->query_until(qr/query sent/, "\\echo query sent\n$sql");
	$node->poll_query_until('postgres',
		"SELECT state = 'active' AND query !~ 'pg_backend_pid'"
		  . " FROM pg_stat_activity WHERE pid = $pid")
	  or die "the query did not start";
	return $pid;
}

=pod

=item cancel_within($node, $pid, $seconds, $function)

Cancels what the backend does (or calls another function, for instance
'pg_terminate_backend') and says whether it stopped in time.

=cut

sub cancel_within
{
	my ($node, $pid, $seconds, $function) = @_;

	$function //= 'pg_cancel_backend';
	return $node->safe_psql(
		'postgres', qq{
DO \$\$
BEGIN
	PERFORM $function($pid);
	FOR i IN 1 .. 100 LOOP
		PERFORM pg_sleep($seconds / 100.0);
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
							  WHERE pid = $pid AND state = 'active');
	END LOOP;
END \$\$;
SELECT NOT EXISTS (SELECT FROM pg_stat_activity
				   WHERE pid = $pid AND state = 'active');}) eq 't';
}

=pod

=item wait_until($code, $what)

Calls the code until it returns something true, at most for the time that
PG_TEST_TIMEOUT_DEFAULT gives; dies with $what otherwise.

=cut

sub wait_until
{
	my ($code, $what) = @_;
	my $end = time() + $PostgreSQL::Test::Utils::timeout_default;

	while (time() < $end)
	{
		my $result = $code->();
		return $result if $result;
		sleep(0.05);
	}
	die "timed out: " . ($what // 'condition');
}

=pod

=item crash_is_over($node, $logged)

Waits until the server has started anew after a process of it was killed;
$logged is the size that its log had before.  Until it has noticed, it takes
connections as ever, and then ends them.

=cut

sub crash_is_over
{
	my ($node, $logged) = @_;

	return $node->wait_for_log(
		qr/all server processes terminated; reinitializing.*ready to accept connections/s,
		$logged);
}

=pod

=item backend_memory($pid)

Private memory of a process in kB (Linux), or undef.

=cut

sub backend_memory
{
	my ($pid) = @_;
	my $sum = 0;

	open(my $file, '<', "/proc/$pid/smaps_rollup") or return undef;
	while (my $line = <$file>)
	{
		$sum += $1 if $line =~ /^Private_(?:Clean|Dirty):\s+(\d+)/;
	}
	close($file);
	return $sum;
}

=pod

=back

=cut

package DloadTest::Mock;

use strict;
use warnings;

use HTTP::Tiny;
use Time::HiRes qw(sleep time);

my @running;

=pod

=head1 METHODS OF A MOCK

=over

=item url, other_url, port, other_port, pid

The address, and the one of the other origin with the same content.

=cut

sub new
{
	my ($class, $script, %options) = @_;
	my @command = ('python3', $script, '--port', $options{port} || 0);
	my $self = bless { pid => undef, url => undef }, $class;

	push @command, '--seed', $options{seed} if defined $options{seed};
	push @command, '--tls', @{ $options{tls} } if defined $options{tls};
	push @command, '--client-ca', $options{client_ca}
	  if defined $options{client_ca};
	$self->{pid} = open($self->{output}, '-|', @command)
	  or die "could not start the mock API: $!";

	my ($port, $other) = map {
		my $line = readline($self->{output}) // '';
		$line =~ /^\w+ (\d+)$/ or die "the mock API did not start";
		$1
	} 1 .. 2;
	my $scheme = defined $options{tls} ? 'https' : 'http';

	$self->{port} = $port;
	$self->{other_port} = $other;
	$self->{url} = "$scheme://127.0.0.1:$port";
	$self->{other_url} = "$scheme://127.0.0.1:$other";
	$self->{http} =
	  HTTP::Tiny->new(timeout => 60, verify_SSL => 0, max_redirect => 0);
	$self->{owner} = $$;
	push @running, $self;

	# HTTP::Tiny needs a module that may be missing to speak TLS.
	$self->{client} = [ 'python3', $script ] if $scheme eq 'https';
	return $self;
}

sub url { return $_[0]->{url}; }
sub other_url { return $_[0]->{other_url}; }
sub port { return $_[0]->{port}; }
sub other_port { return $_[0]->{other_port}; }
sub pid { return $_[0]->{pid}; }

=pod

=item get($path), post($path, $data)

The decoded answer; dies if it is not a success.

=cut

sub get
{
	my ($self, $path) = @_;

	return $self->call('GET', $path);
}

sub post
{
	my ($self, $path, $data) = @_;

	return $self->call('POST', $path, $data);
}

sub call
{
	my ($self, $method, $path, $data) = @_;
	my $content = defined $data ? $json->encode($data) : undef;
	my $text;

	if (defined $self->{client})
	{
		open(my $pipe, '-|', @{ $self->{client} }, '--' . lc $method,
			$self->{url}, $path, defined $content ? $content : ())
		  or die "could not run the client: $!";
		$text = do { local $/; <$pipe> };
		close($pipe) or die "mock API: $method $path: $text";
	}
	else
	{
		my $reply = $self->{http}->request(
			$method,
			$self->{url} . $path,
			defined $content
			? {
				content => $content,
				headers => { 'content-type' => 'application/json' }
			  }
			: {});

		die "mock API: $method $path: $reply->{status} $reply->{content}"
		  unless $reply->{success};
		$text = $reply->{content};
	}
	return $json->decode($text);
}

=pod

=item reset(), script(@faults), clear_script()

As new; faults for the next requests, each a hash: see mock_api.py.

=cut

sub reset { return $_[0]->post('/_reset'); }
sub clear_script { return $_[0]->post('/_script/clear'); }

sub script
{
	my ($self, @faults) = @_;

	return $self->post('/_script', \@faults);
}

=pod

=item grow($count, new_field => 1, type_change => 1), change($count, set => {})

More events at the head of the feed; changes to the newest ones (or to those
of ids => []).

=cut

sub grow
{
	my ($self, $count, %options) = @_;

	return $self->post('/_events/grow', { count => $count + 0, %options });
}

sub change
{
	my ($self, $count, %options) = @_;

	return $self->post('/_events/change', { count => $count + 0, %options });
}

=pod

=item journal($text), requests($text), clear_journal()

Requests so far, as hashes, or how many: all, or those with the text (or
matched by the pattern) in path and query.

=cut

sub journal
{
	my ($self, $text) = @_;
	my $list = $self->get('/_journal');

	return $list unless defined $text;
	$text = qr/\Q$text\E/ unless ref $text;
	return [ grep { $_->{path} =~ $text } @$list ];
}

sub requests
{
	my ($self, $text) = @_;

	return scalar @{ $self->journal($text) };
}

sub clear_journal { return $_[0]->post('/_journal/clear'); }

=pod

=item stop()

Ends it; also done at the end of the test.

=back

=cut

sub stop
{
	my ($self) = @_;

	return unless defined $self->{pid} && $self->{owner} == $$;

	local ($?, $!);
	kill 'TERM', $self->{pid};
	close($self->{output});
	$self->{pid} = undef;
	return;
}

END
{
	$_->stop foreach @running;
}

1;
