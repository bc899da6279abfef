
# Tokens that change: one renewal for all sessions, and no refresh token lost,
# whatever becomes of who asked.  Secrets of every kind of auth stay where they
# are.  Client certificates.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use IPC::Run ();
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node(
	'main',
	init => [ allows_streaming => 1 ],
	conf => "log_min_messages = debug1\nlog_error_verbosity = verbose\n"
	  . "log_statement = none\nlog_min_error_statement = panic\n"
	  . "max_connections = 50\nrestart_after_crash = on\nautovacuum = off\n"
	  . "wal_level = logical\n");
my $mock = start_mock();
my $mock_auth = "$FindBin::RealBin/mock_auth.py";
my %client = (client_id => 'my app:1', client_secret => 'p@ss w+rd%:/');

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

sub config
{
	$mock->post('/oauth2/config', {@_});
	return;
}

sub counts
{
	my $count = $mock->get('/oauth2/count');

	return "$count->{requests} $count->{refreshed} "
	  . ($count->{revoked} ? 'revoked' : 'good');
}

sub make_table
{
	my ($name, $path, $options, $mapping, $more) = @_;

	make_server(
		$node, $name,
		$mock->url,
		options => { max_retries => 1, %$options },
		mapping => $mapping);
	sql(    "CREATE FOREIGN TABLE t_$name (id bigint) SERVER $name OPTIONS ("
		  . "path '$path', paginate 'link', page_size '40',"
		  . " page_size_param 'per_page'"
		  . ($more // '') . ")");
	return;
}

sub oauth
{
	my (%more) = @_;

	return {
		auth => 'oauth2',
		oauth2_token_url => $mock->url . '/oauth2/token',
		%more
	};
}

make_table(
	'refresh', '/oauth2/items',
	oauth(oauth2_grant => 'refresh_token'),
	{ %client, refresh_token => 'refresh-0' });
make_table('client', '/oauth2/items', oauth(), {%client});
my $query = 'SELECT count(*) FROM t_refresh';

#
# Sixteen sessions, one renewal
#

is(sql($query), 100, 'with the first refresh token');
is(counts(), '1 1 good', 'one request to the token endpoint');

sub crowd
{
	my ($statement) = @_;
	my @runs;

	foreach my $n (1 .. 16)
	{
		my ($out, $err) = ('', '');
		my $run = {};

		$run->{handle} = IPC::Run::start(
			[
				'psql', '-XAtq', '-d', $node->connstr('postgres'),
				'-c', $statement
			],
			'<',
			\undef,
			'>',
			\$run->{out},
			'2>',
			\$run->{err});
		push @runs, $run;
	}
	$_->{handle}->finish foreach @runs;
	return join ' ', map { ($_->{out} // '') =~ s/\s//gr || $_->{err} } @runs;
}

config(delay => 0.5);
$mock->post('/oauth2/revoke');
is(crowd($query), join(' ', (100) x 16), 'sixteen sessions at once');
is(counts(), '2 2 good', 'a refused token is renewed once');
sql("UPDATE dload.token SET expires_at = now(), issued_at = now() - interval '1 hour'");
is(crowd($query), join(' ', (100) x 16), 'sixteen sessions, token at its end');
is(counts(), '3 3 good', 'it is renewed once');
sql('SELECT count(*) FROM t_client');
is(counts(), '4 3 good', 'client credentials');
sql("UPDATE dload.token SET expires_at = now(), issued_at = now() - interval '1 hour'");
is(crowd('SELECT count(*) FROM t_client'),
	join(' ', (100) x 16), 'sixteen sessions by client credentials');
is(counts(), '5 3 good', 'they are asked for once');

# A failure is told to all who wait, and not asked for again by each.
config(error => { status => 403, times => 99, body => {} }, delay => 0.5);
$mock->post('/oauth2/revoke');
{
	my $before = (split / /, counts())[0];
	my $out = crowd($query);

	is(scalar(() = $out =~ /could not get an access token/g),
		16, 'sixteen sessions are told why');
	cmp_ok((split / /, counts())[0] - $before,
		'<=', 8, 'fewer requests than sessions');
}
config();
is(sql($query), 100, 'and after it works again');

#
# A renewal is done with the settings that its user has
#

{
	my $as = sub {
		return error_of($node, 'SELECT count(*) FROM t_client', user => 'guest');
	};

	sql(    'CREATE ROLE guest LOGIN; GRANT SELECT ON t_client TO guest;'
		  . "CREATE USER MAPPING FOR guest SERVER client OPTIONS (client_id 'my app:1',"
		  . " client_secret 'p\@ss w+rd%:/');"
		  . "ALTER DATABASE postgres SET dload.allowed_hosts = ''");
	like($as->()->{message}, qr/is not public/, 'a role that may not ask');
	sql("ALTER ROLE guest SET dload.allowed_hosts = '127.0.0.1'");
	is($as->()->{stdout}, 100, 'a role that may, and so does its renewal');
	sql('ALTER DATABASE postgres RESET dload.allowed_hosts; DROP OWNED BY guest; DROP ROLE guest');
}

#
# Who asked gives up, or dies
#

foreach my $function ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $session = session($node);
	my $pid;
	my $before = counts();
	my ($requests, $refreshed) = split / /, $before;

	config(delay => 2);
	$mock->post('/oauth2/revoke');
	$pid = start_query($session, $node, "BEGIN; $query; ROLLBACK;");
	wait_until(
		sub {
			$node->safe_psql('postgres',
				"SELECT count(*) FROM pg_stat_activity"
				  . " WHERE backend_type = 'dload token worker'") > 0;
		},
		'the worker');
	ok(cancel_within($node, $pid, 1, $function), "$function: ends at once");
	eval { $session->{run}->finish; } if $function =~ /terminate/;
	eval { $session->quit; } if $function =~ /cancel/;
	is(sql($query), 100, "$function: the next session");
	is( counts(),
		join(' ', $requests + 1, $refreshed + 1, 'good'),
		"$function: uses the token that the first one asked for");
	config();
}

# The token that a transaction asked for outlives it, and its process.
{
	my $session = session($node);
	my $pid;
	my ($requests, $refreshed) = split / /, counts();

	$mock->post('/oauth2/revoke');
	$pid = $session->query_safe('SELECT pg_backend_pid()') =~ s/\s//gr;
	$session->query_safe("BEGIN; $query");
	is( sql("SELECT pid = $pid FROM pg_stat_activity"
			  . " WHERE state = 'idle in transaction'"),
		't', 'the transaction is still open');
	my $logged = -s $node->logfile;
	kill 'KILL', $pid;
	eval { $session->{run}->finish; };
	crash_is_over($node, $logged);
	is(sql($query), 100, 'after the process was killed');
	is( counts(),
		join(' ', $requests + 1, $refreshed + 1, 'good'),
		'the token is there');
	$mock->post('/oauth2/revoke');
	is(sql($query), 100, 'and so is the next refresh token');
	is( counts(),
		join(' ', $requests + 2, $refreshed + 2, 'good'),
		'which is good');
}

# A shutdown waits for the answer.
{
	my $session = session($node);
	my ($requests, $refreshed) = split / /, counts();

	config(delay => 2);
	$mock->post('/oauth2/revoke');
	start_query($session, $node, $query);
	wait_until(sub { (split / /, counts())[0] == $requests ||
			$mock->requests('/oauth2/token') > $requests }, 'the request');
	sleep 1;
	$node->restart;
	eval { $session->{run}->finish; };
	config();
	is(sql($query), 100, 'after a fast shutdown');
	is( counts(),
		join(' ', $requests + 1, $refreshed + 1, 'good'),
		'nothing was lost');
}

#
# A standby: it uses the tokens of the primary, but cannot keep new ones
#

{
	my $standby = PostgreSQL::Test::Cluster->new('standby');

	$node->backup('base');
	$standby->init_from_backup($node, 'base', has_streaming => 1);
	$standby->start;
	sql('SELECT count(*) FROM t_client');
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $query), 100, 'standby: stored token');
	$mock->post('/oauth2/revoke');
	is( $standby->safe_psql('postgres', 'SELECT count(*) FROM t_client'),
		100, 'standby: client credentials');
	is(sqlstate($standby, $query), '55000', 'standby: no refresh token');
	is(sql($query), 100, 'the primary renews it');
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $query), 100, 'and the standby has it');
	$standby->stop;
}

#
# Runs of pipelines
#

sql("SELECT dload.create_pipeline('p', source => 't_refresh',"
	  . " target => 'public.rows')");
$mock->post('/oauth2/revoke');
sql("CALL dload.run('p', max_pages => 1)");
$mock->post('/oauth2/revoke');
sql("CALL dload.run('p')");
is(sql('SELECT count(*) FROM rows'), 100, 'a run with two renewals');

# in the middle of a read: the second page is refused
$mock->post('/oauth2/revoke');
is(sql($query), 100, 'before');
$mock->script(
	{
		path => 'page=2&',
		status => 401,
		body => { error => 'invalid_token' }
	},
	{
		path => 'page=2',
		status => 401,
		body => { error => 'invalid_token' }
	});
{
	my ($requests, $refreshed) = split / /, counts();

	is(sql($query), 100, 'a page that is refused');
	is( counts(),
		join(' ', $requests + 1, $refreshed + 1, 'good'),
		'is asked for again with a new token');
}
$mock->clear_script;

#
# A token that was given is kept, whatever is in the way of that
#

{
	my ($requests, $refreshed) = split / /, counts();

	sql(q{
CREATE SEQUENCE tries;
CREATE FUNCTION in_the_way() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN
		IF nextval('public.tries') = 1 THEN RAISE 'no space left'; END IF;
		RETURN NULL;
	END $$;
CREATE TRIGGER in_the_way BEFORE DELETE ON dload.token
	EXECUTE FUNCTION in_the_way();
ALTER DATABASE postgres SET default_transaction_read_only = on;
ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'});
	$mock->post('/oauth2/revoke');
	is(sql($query), 100, 'a token that is stored at the second attempt');
	is( counts(),
		join(' ', $requests + 1, $refreshed + 1, 'good'),
		'it was asked for once');
	is(sql('SELECT last_value FROM tries'), 2, 'both attempts were made');
	sql('SET default_transaction_read_only = off;'
		  . 'ALTER DATABASE postgres RESET ALL; DROP TRIGGER in_the_way ON dload.token');
	$mock->post('/oauth2/revoke');
	is(sql($query), 100, 'and so is the next one');
}

#
# No place for a worker
#

$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->restart;
$mock->post('/oauth2/revoke');
is( sql('SELECT count(*) FROM t_client'),
	100, 'client credentials need no worker');
{
	my $error = error_of($node, $query);

	is($error->{sqlstate}, '53000', 'a refresh token does');
	like($error->{hint}, qr/max_worker_processes/, 'what to do');
}
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
is(sql($query), 100, 'with a place for it');

#
# A dump has no tokens
#

{
	my ($tokens) = sql(
		"SELECT string_agg(concat_ws(' ', access_token, refresh_token), ' ')"
		  . ' FROM dload.token');
	my ($out, $err) =
	  run_command([ 'pg_dump', '-d', $node->connstr('postgres') ]);

	cmp_ok(length $tokens, '>', 20, 'there are tokens');
	like($out, qr/CREATE SERVER refresh/, 'a dump');
	ok(index($out, $_) < 0, "without token") foreach split / /, $tokens;
}

#
# Nor has logical replication, of all tables that there are
#

{
	my $changes =
	  "pg_logical_slot_get_binary_changes('all', NULL, NULL, 'proto_version', '1', 'publication_names', 'all')";

	sql("CREATE PUBLICATION \"all\" FOR ALL TABLES; CREATE TABLE published (t text);"
		  . "SELECT pg_create_logical_replication_slot('all', 'pgoutput')");
	is( sql("SELECT count(*) FROM pg_publication_tables"
			  . " WHERE tablename IN ('token', 'published')"),
		2, 'both tables are published');
	for (1 .. 2)
	{
		$mock->post('/oauth2/revoke');
		is(sql($query), 100, 'a token that is renewed');
	}
	# one that cannot be renewed leaves the row, with what was said
	config(error => { status => 400, times => 9, body => { error => 'no' } });
	$mock->post('/oauth2/revoke');
	sqlstate($node, $query);
	config();

	# long ones are stored elsewhere
	my $long = join '', map { sprintf '%08x', rand(2**32) } 1 .. 2000;

	config(token => $long);
	sql('SELECT count(*) FROM t_client');
	config();
	$mock->post('/oauth2/revoke');
	is(sql($query), 100, 'a token once more');
	sql("INSERT INTO published SELECT 'what is seen'");

	my $seen = sql("SELECT string_agg(encode(data, 'escape'), ' ') FROM $changes");

	ok($seen =~ /what is seen/, 'changes that were seen');
	foreach my $token (
		split / /,
		sql("SELECT string_agg(concat_ws(' ', access_token, refresh_token), ' ')"
			  . ' FROM dload.token'))
	{
		ok(index($seen, substr($token, 0, 20)) < 0,
			'a token is not among them');
	}
	ok($seen !~ /access\/\d|refresh-\d/, 'nor is one of before');
	sql("SELECT pg_drop_replication_slot('all'); DROP PUBLICATION \"all\"; DROP TABLE published");
}

#
# Secrets
#

my $rsa = `python3 $mock_auth --key rsa`;
my %kind = (
	client => [ '/oauth2/items', oauth(), {%client} ],
	body => [
		'/oauth2/items', oauth(oauth2_client_auth => 'body'), {%client}
	],
	refreshing => [
		'/oauth2/items',
		oauth(oauth2_grant => 'refresh_token'),
		{ %client, refresh_token => 'refresh-0' }
	],
	bearer => [
		'/oauth2/items',
		oauth(oauth2_grant => 'jwt_bearer', jwt_issuer => 'me'),
		{ private_key => $rsa }
	],
	jwt => [
		'/jwt/items',
		{ auth => 'jwt', jwt_issuer => 'me' },
		{ private_key => $rsa }
	],
	sigv4 => [
		'/sigv4/x',
		{
			auth => 'sigv4',
			sigv4_region => 'eu-test-1',
			sigv4_service => 'execute-api'
		},
		{
			access_key_id => 'AKIDEXAMPLE',
			secret_access_key => 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
			session_token => 'sess10n/token+of=sts=='
		}
	],
	hmac => [
		'/hmac/binance',
		{
			auth => 'hmac',
			hmac_template => '{query}',
			hmac_in => 'query',
			hmac_name => 'sgn',
			hmac_timestamp_param => 'timestamp',
			hmac_headers => '{"X-MBX-APIKEY": "{key}"}'
		},
		{ hmac_secret => 'hm4c-s3cret', api_key => 'k3y-value' }
	],
	cookie => [
		'/sec/cookie',
		{ auth => 'api_key', api_key_in => 'cookie', api_key_name => 'sid' },
		{ api_key => 'k3y-value' }
	]);
my $shown = '';

# All that the client sees of statements that fail and of those that do not.
sub statement
{
	my ($sql) = @_;
	my $got = error_of($node,
		"SET client_min_messages = debug1;\n\\set SHOW_CONTEXT always\n$sql");

	$shown .= "$got->{stdout}\n$got->{stderr}\n";
	return $got->{ok} ? '00000' : $got->{sqlstate} // $got->{stderr};
}

sub percent
{
	return $_[0] =~ s/([^A-Za-z0-9._~-])/sprintf('%%%02X', ord $1)/ger;
}

my %secret;

sub remember
{
	foreach my $text (@_)
	{
		next if !defined $text || length $text < 8;
		$secret{$_} = 1
		  foreach $text, percent($text), encode_base64($text, '') =~ s/=+$//r;
	}
	return;
}

# What went over the wire, from the mock's own record.
sub remember_journal
{
	foreach my $entry (@{ $mock->journal })
	{
		my $sent = $entry->{headers}->{authorization} // '';

		remember($1) if $sent =~ /^(?:Bearer|Basic) (.*)$/;
		remember($1) if $sent =~ /Signature=(\w+)/;
		remember(
			"$entry->{path}&$entry->{body}" =~ /[?&]
				(?:sgn|assertion|client_assertion|client_secret|refresh_token)
				=([^&]+)/gx);
	}
	return;
}

remember('p@ss w+rd%:/', 'refresh-0', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
	'sess10n/token+of=sts==', 'hm4c-s3cret', 'k3y-value', 'wrong-secret-1');
$secret{$_} = 1 foreach grep { !/^-/ } split /\n/, $rsa;

foreach my $kind (sort keys %kind)
{
	my ($path, $options, $mapping) = @{ $kind{$kind} };
	my $secret = (grep { exists $mapping->{$_} }
		  qw(secret_access_key hmac_secret client_secret api_key private_key))[0];

	$mock->post('/_reset');
	config(client_auth => 'body') if $kind eq 'body';
	make_table("s_$kind", $path, $options, $mapping,
		$kind eq 'hmac' ? q(, query_params '{"recvWindow": "9999999999"}') : '');
	sql("ALTER SERVER s_hmac OPTIONS (ADD hmac_timestamp_unit 'ms')")
	  if $kind eq 'hmac';
	sql("SELECT dload.create_pipeline('s_$kind', source => 't_s_$kind',"
		  . " target => 'public.s_$kind')");
	is(statement("SELECT count(*) FROM t_s_$kind"), '00000', "$kind: scan");
	is(statement("CALL dload.run('s_$kind', max_pages => 1)"),
		'00000', "$kind: run");
	statement("EXPLAIN (VERBOSE, ANALYZE) SELECT * FROM t_s_$kind");
	statement("SELECT dload.preview_request('t_s_$kind')");

	# the API sends everything back
	foreach my $status (400, 401, 403, 500)
	{
		$mock->script(
			{
				path => $path,
				status => $status,
				times => 0,
				body => {
					error => 'invalid_token',
					message => join(' ', 'sent', values %$mapping)
				}
			});
		isnt(statement("SELECT count(*) FROM t_s_$kind"),
			'00000', "$kind: status $status");
		$mock->clear_script;
	}
	remember_journal();

	# and it does so with what it was sent last
	if ($kind eq 'jwt')
	{
		config(claims => { iss => 'somebody else' });
	}
	elsif ($kind !~ /^(?:client|body|refreshing|bearer)$/)
	{
		sql("ALTER USER MAPPING FOR CURRENT_USER SERVER s_$kind"
			  . " OPTIONS (SET $secret 'wrong-secret-1')");
	}
	else
	{
		$mock->post('/oauth2/revoke');
		config(ttl => 0, $kind eq 'body' ? (client_auth => 'body') : ());
	}
	is(statement("SELECT count(*) FROM t_s_$kind"), '28000', "$kind: refused");
	remember_journal();

	# the token endpoint sends back what it was sent
	if ($kind =~ /^(?:client|body|refreshing|bearer)$/)
	{
		config(client_auth => 'jwt');
		$mock->post('/oauth2/revoke');
		$secret eq 'private_key'
		  ? config(algorithm => 'ES256')
		  : sql("ALTER USER MAPPING FOR CURRENT_USER SERVER s_$kind"
			  . " OPTIONS (SET client_secret 'wrong-secret-1')");
		sql('DELETE FROM dload.token');
		is(statement("SELECT count(*) FROM t_s_$kind"),
			'28000', "$kind: refused by the token endpoint");
		statement("CALL dload.run('s_$kind')");
		remember_journal();
	}
}

{
	my $tables = '';

	foreach my $relation (
		split /\n/,
		sql(    "SELECT c.oid::regclass FROM pg_class AS c"
			  . " WHERE relnamespace = 'dload'::regnamespace"
			  . " AND relname <> 'token' AND relkind IN ('r', 'v')"))
	{
		$tables .= sql("SELECT t::text FROM $relation AS t") . "\n";
	}
	$tables .= sql("SELECT concat_ws(' ', message, detail, hint) FROM dload.token")
	  . "\n";
	like($tables, qr/recvWindow/, 'tables have saved requests');

	my $log = slurp_file($node->logfile);
	my %place = (shown => $shown, log => $log, tables => $tables);

	cmp_ok(scalar(keys %secret), '>', 60, 'there are secrets');
	foreach my $where (sort keys %place)
	{
		my @leaks = grep { index($place{$where}, $_) >= 0 } sort keys %secret;

		cmp_ok(length $place{$where}, '>', 1000, "$where: something to search");
		is("@leaks", '', "$where: no secret");
		unlike($place{$where}, qr/eyJhbGci[\w-]+\.[\w-]+\./, "$where: no JWT");
	}
	like($shown, qr/\Qreceived grant_type=client_credentials\E/,
		'the token endpoint did repeat what was sent');
	like($shown, qr/\Qreceived $_\E/, "and so did the API: $_")
	  foreach ('sid=***', 'Bearer ***', '*** ***', '*** /hmac/binance?',
		'*** *** /sigv4/x');
}

#
# Client certificates and private authorities
#

{
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $make = sub {
		system(@_) == 0 or die "could not make certificates: @_";
	};
	my $run = sub {
		$make->('sh', '-c', "cd $dir && ($_[0]) >/dev/null 2>&1");
	};

	$run->("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=ca'"
		  . ' -keyout ca.key -out ca.pem');
	foreach my $name ('server', 'user')
	{
		$run->("openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1'"
			  . " -keyout $name.key -out $name.csr && "
			  . "printf 'subjectAltName=IP:127.0.0.1' >$name.ext && "
			  . "openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key"
			  . " -CAcreateserial -days 2 -extfile $name.ext -out $name.pem");
	}
	my $tls = start_mock(
		tls => [ "$dir/server.pem", "$dir/server.key" ]);
	my $mutual = start_mock(
		tls => [ "$dir/server.pem", "$dir/server.key" ],
		client_ca => "$dir/ca.pem");

	make_server($node, 'tls', $tls->url, options => { max_retries => 0 });
	sql("CREATE FOREIGN TABLE t_tls (id bigint) SERVER tls OPTIONS (path '/items')");
	isnt(sqlstate($node, 'SELECT count(*) FROM t_tls'),
		'00000', 'a private authority is not trusted by itself');
	sql("ALTER SERVER tls OPTIONS (ADD ca 'file:$dir/ca.pem')");
	is(sql('SELECT count(*) FROM t_tls'), 100, 'but with the option "ca"');
	sql('ALTER SERVER tls OPTIONS (SET ca '
		  . quote_sql(slurp_file("$dir/ca.pem")) . ')');
	is(sql('SELECT count(*) FROM t_tls'), 100, 'also as a text');

	# through a proxy, which sees names but nothing of what is sent
	my ($proxy, $log) = start_proxy();
	sql("ALTER SERVER tls OPTIONS (ADD proxy '$proxy')");
	is(sql('SELECT count(*) FROM t_tls'), 100, 'through a proxy');
	is(slurp_file($log) =~ s/^port.*\n//r,
		'CONNECT 127.0.0.1:' . $tls->port . "\n", 'in a tunnel');
	sql('ALTER SERVER tls OPTIONS (DROP proxy)');

	sql("ALTER SERVER tls OPTIONS (SET base_url '" . $mutual->url . "')");
	isnt(sqlstate($node, 'SELECT count(*) FROM t_tls'),
		'00000', 'without a client certificate');
	sql(    "CREATE USER MAPPING FOR CURRENT_USER SERVER tls OPTIONS ("
		  . "client_cert 'file:$dir/user.pem', client_key "
		  . quote_sql(slurp_file("$dir/user.key")) . ')');
	is(sql('SELECT count(*) FROM t_tls'), 100, 'with a client certificate');

	# In one session, where the connection is still open.
	my ($status, $out) = $node->psql(
		'postgres',
		'SELECT count(*) FROM t_tls; BEGIN; ALTER USER MAPPING FOR'
		  . ' CURRENT_USER SERVER tls OPTIONS (SET client_key '
		  . quote_sql(slurp_file("$dir/server.key"))
		  . '); SELECT count(*) FROM t_tls;',
		on_error_stop => 1);
	is($out, '100', 'who knows the certificate but not its key gets nothing');
	sql(    'ALTER USER MAPPING FOR CURRENT_USER SERVER tls OPTIONS'
		  . ' (SET client_key '
		  . quote_sql(slurp_file("$dir/server.key")) . ')');
	isnt(sqlstate($node, 'SELECT count(*) FROM t_tls'),
		'00000', 'with a key that is not its own');
	sql('ALTER USER MAPPING FOR CURRENT_USER SERVER tls'
		  . ' OPTIONS (DROP client_cert, DROP client_key)');
	isnt(sqlstate($node, 'SELECT count(*) FROM t_tls'),
		'00000', 'the connection of before is not used without it');
	$tls->stop;
	$mutual->stop;
}

#
# The environment
#

$node->stop;
{
	local $ENV{DLOAD_TEST_KEY} = 'k3y-value';

	$node->start;
}
sql("ALTER USER MAPPING FOR CURRENT_USER SERVER s_cookie OPTIONS (SET api_key 'env:DLOAD_TEST_KEY')");
is(sql('SELECT count(*) FROM t_s_cookie'), 100, 'a key from the environment');

$mock->stop;
$node->stop;
done_testing();
