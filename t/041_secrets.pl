
# Secrets are in user mappings and on the wire, and nowhere else: not in what a
# client is told at any verbosity, nor in the server's log, EXPLAIN,
# pg_stat_activity, or any table or view of dload; even where the API sends
# them back, in error bodies, next links and redirects.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node(
	'main',
	conf => "log_min_messages = debug1\nlog_error_verbosity = verbose\n"
	  . "log_statement = none\nlog_min_error_statement = panic\n"
	  . "client_min_messages = debug1\n");
my $mock = start_mock();

# The right ones and wrong ones, with all that needs an escape somewhere.
my %secret = (
	token => 's3cret-token',
	password => 't1ger-pass',
	key => 'k3y-value',
	wrong_token => 'wr0ng/tok+en=="x',
	wrong_password => 'wr0ng p&ss/w%rd"\\',
	wrong_key => 'wr0ng+key/&=%"v');

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# The forms in which a secret can come by.
sub forms
{
	my ($secret) = @_;
	my $encoded = $secret;
	my $lower;
	my $json = $secret;
	my $slashes;

	$encoded =~ s/([^A-Za-z0-9._~-])/sprintf('%%%02X', ord $1)/ge;
	($lower = $encoded) =~ s/(%[0-9A-F]{2})/lc $1/ge;
	$json =~ s/(["\\])/\\$1/g;
	($slashes = $json) =~ s{/}{\\/}g;

	my $every = join '', map { sprintf '%%%02x', ord } split //, $secret;
	my $twice = $encoded =~ s/%/%25/gr;
	my $unicode = join '', map { sprintf '\u%04x', ord } split //, $secret;
	my $html = $secret =~ s/([&<>"'])/sprintf('&#%d;', ord $1)/ger;
	my $base64 = encode_base64($secret, '') =~ s/=+$//r;

	return ($secret, $encoded, $lower, $json, $slashes, $every, $twice,
		$unicode, $html, $base64, $base64 =~ tr{+/}{-_}r);
}

my %forms;
foreach my $secret (values %secret)
{
	$forms{$_} = 1 foreach forms($secret);
}
foreach my $password (@secret{ 'password', 'wrong_password' })
{
	$forms{ encode_base64("scott:$password", '') =~ s/=+$//r } = 1;
}

sub leaks
{
	my ($text) = @_;

	return join ' ', grep { index($text, $_) >= 0 } sort keys %forms;
}

sub no_leak
{
	my ($text, $what) = @_;

	cmp_ok(length $text, '>', 0, "$what: there is something to search");
	is(leaks($text), '', "$what: no secret");
	return;
}

# The search finds what is there.
foreach my $text (
	'a k3y-value', 'api_key=wr0ng%2Bkey%2F%26%3D%25%22v',
	'x wr0ng p&ss\\/w%rd\\"\\\\ y',
	'Basic ' . encode_base64('scott:t1ger-pass', ''))
{
	isnt(leaks($text), '', "found in: $text");
}

#
# Servers: right and wrong credentials of each kind
#

my %server = (
	bearer => { auth => 'bearer' },
	basic => { auth => 'basic' },
	key => { auth => 'api_key' },
	query => {
		auth => 'api_key',
		api_key_in => 'query',
		api_key_name => 'api_key'
	});
my %path = (
	bearer => '/auth/bearer',
	basic => '/auth/basic',
	key => '/auth/key',
	query => '/auth/key');

sub mapping
{
	my ($kind, $prefix) = @_;

	return { token => $secret{"${prefix}token"} } if $kind eq 'bearer';
	return {
		username => 'scott',
		password => $secret{"${prefix}password"}
	  }
	  if $kind eq 'basic';
	return { api_key => $secret{"${prefix}key"} };
}

sub make_table
{
	my ($name, $server, $path, $more) = @_;

	sql(    "CREATE FOREIGN TABLE $name (record jsonb OPTIONS (json_path '\$'),"
		  . " id bigint) SERVER $server OPTIONS (path '$path'"
		  . ", paginate 'link', page_size '20', page_size_param 'per_page'"
		  . ($more // '') . ")");
	return;
}

foreach my $kind (sort keys %server)
{
	foreach my $prefix ('', 'wrong_')
	{
		my $name = "$prefix$kind";

		make_server(
			$node, $name,
			$mock->url,
			options => { %{ $server{$kind} }, max_retries => 1 },
			mapping => mapping($kind, $prefix));
		make_table("t_$name", $name, $path{$kind});
		make_table("other_$name", $name, '/other-host/link');
		make_table("items_$name", $name, '/link/items');
		sql("SELECT dload.create_pipeline('$name', source => 't_$name',"
			  . " target => 'public.rows_$name')");
		sql("SELECT dload.create_pipeline('other_$name', source => 'other_$name',"
			  . " target => 'public.rows_other_$name')");
	}
}

#
# Statements, whatever they end in
#

my $shown = '';

# Run a statement and keep all that the client sees but rows.
sub statement
{
	my ($sql, $state, $what) = @_;
	my $got = error_of($node,
		"SET client_min_messages = debug1;\n\\set SHOW_CONTEXT always\n$sql");

	$shown .= "$got->{stdout}\n$got->{stderr}\n";
	is($got->{ok} ? '00000' : $got->{sqlstate} // $got->{stderr},
		$state, $what);
	no_leak("$got->{stdout}\n$got->{stderr}", $what);
	return;
}

foreach my $kind (sort keys %server)
{
	foreach my $prefix ('', 'wrong_')
	{
		my $name = "$prefix$kind";
		my $state = $prefix ? '28000' : '00000';

		statement("SELECT count(*) FROM t_$name", $state, "$name: scan");
		statement("EXPLAIN (VERBOSE) SELECT * FROM t_$name",
			'00000', "$name: EXPLAIN");
		statement("EXPLAIN (VERBOSE, ANALYZE, SETTINGS) SELECT * FROM t_$name",
			$state, "$name: EXPLAIN ANALYZE");
		statement("ANALYZE VERBOSE t_$name", $state, "$name: ANALYZE");
		statement(
			"SELECT section, item FROM dload.preview('t_$name')",
			$state, "$name: preview");
		statement("SELECT dload.preview_request('t_$name')",
			'00000', "$name: preview_request");
		statement("CALL dload.run('$name', max_pages => 2)",
			$state, "$name: run");

		# A next link that has the key, to another origin: the message names it.
		statement("SELECT count(*) FROM other_$name",
			'HV000', "$name: link to another origin");
		statement("CALL dload.run('other_$name')",
			'HV000', "$name: run with a link to another origin");
	}
}

# With all that the server can log of a statement.
SKIP:
{
	my $all = 'SET auto_explain.log_min_duration = 0;'
	  . join(
		'',
		map { "SET $_ = on;" }
		  qw(auto_explain.log_nested_statements auto_explain.log_analyze
		  auto_explain.log_verbose log_duration debug_print_plan
		  debug_print_parse))
	  . "SET log_min_duration_statement = 0; SET log_statement = 'all'";

	skip 'no auto_explain', 1 if !error_of($node, "LOAD 'auto_explain'")->{ok};
	foreach my $kind (sort keys %server)
	{
		my $got = error_of($node,
			"LOAD 'auto_explain'; $all; SELECT count(*) FROM t_$kind");
		like($got->{stdout}, qr/^100$/m, "$kind: scan with everything logged");
	}
	like(slurp_file($node->logfile), qr/Query Text: SELECT count.*?Request: GET/s,
		'the log has plans');
}

# It was accepted, or the wrong ones would tell nothing.
is( sql("SELECT string_agg(outcome, ' ' ORDER BY run_id) FROM dload.runs"
		  . " WHERE pipeline IN ('basic', 'bearer', 'key', 'query')"),
	'partial partial partial partial',
	'runs with the right credentials');

# The next link of the first page has the key, and so has the second request.
cmp_ok(
	scalar(
		grep { $_->{path} =~ /api_key=k3y-value/ && $_->{path} =~ /&page=2\b/ }
		  @{ $mock->journal('/auth/key') }),
	'>', 0, 'the key was sent with the second page');

#
# What an API can send back
#

foreach my $kind (sort keys %server)
{
	foreach my $prefix ('', 'wrong_')
	{
		my $name = "$prefix$kind";
		my $table = "items_$name";
		my $field =
		  { bearer => 'token', basic => 'password', key => 'key', query => 'key' }
		  ->{$kind};
		my $secret = $secret{"$prefix$field"};
		my ($plain, $encoded) = forms($secret);
		my $basic = encode_base64("scott:$secret", '');

		foreach my $body (
			{ message => "you sent $plain" },
			{ error => { message => "$plain and $encoded, $basic" } },
			{ title => 'no', detail => "Authorization: Bearer $plain" },
			"<html>$plain</html>",
			"plain text: $plain $encoded Basic $basic",
			join(' and ', (forms($secret))[ 1 .. 6 ]),
			join(' and ', (forms($secret))[ 7 .. 10 ]),
			'Basic ' . ($basic =~ s/=+$//r) =~ tr{+/}{-_}r,
			# across the place where a message cuts the body
			'x' x 293 . $plain,
			'x' x (300 - int(length($plain) / 2)) . $plain,
			"\0$plain\0")
		{
			foreach my $status (400, ref $body ? 403 : 500)
			{
				$mock->script(
					{
						path => '/link/items',
						status => $status,
						body => $body,
						times => $status == 500 ? 2 : 1
					});
				statement(
					"SELECT count(*) FROM $table",
					{ 400 => 'HV000', 403 => '42501', 500 => 'HV000' }->{$status},
					"$name: body of status $status");
			}
		}

		# ... in a response that is no error, or says that it is one
		$mock->script(
			{ path => '/link/items', body => "[{\"id\": 1, \"a\": \"$encoded $plain", times => 2 });
		statement("SELECT count(*) FROM $table", '22P02',
			"$name: malformed JSON");
		$mock->script(
			{ path => '/link/items', body => { error => "sent: $plain", data => [] } });
		statement("SELECT count(*) FROM $table", 'HV000',
			"$name: error in the envelope");
		$mock->script({ path => '/link/items', body => { echo => $plain } });
		statement("SELECT count(*) FROM $table",
			'22023', "$name: no list in the envelope");

		# ... in a redirect
		foreach my $location (
			"/nowhere?api_key=$encoded",
			"http://127.0.0.1:1/?k=$encoded",
			"http://user:$encoded\@127.0.0.1:1/")
		{
			$mock->clear_script;
			$mock->script(
				{
					path => '/link/items',
					status => 302,
					headers => { Location => $location }
				});
			statement(
				"SELECT count(*) FROM $table",
				$location =~ /nowhere/ ? 'HV00R' : 'HV000',
				"$name: redirect");
		}
		$mock->clear_script;
	}
}

#
# pg_stat_activity, while a request hangs
#

{
	my $session = session($node);

	$mock->script({ path => '/auth/key', delay => 60, times => 1 });
	start_query($session, $node, 'SELECT count(*) FROM t_query');
	wait_until(sub { $mock->requests('/auth/key') > 0 }, 'the request');
	no_leak(sql('SELECT a::text FROM pg_stat_activity AS a'),
		'pg_stat_activity');
	no_leak(slurp_file("/proc/" . $1 . "/cmdline"), 'title of the process')
	  if sql("SELECT pid FROM pg_stat_activity"
		  . " WHERE query LIKE '%FROM t_query%' AND pid <> pg_backend_pid()") =~
	  /(\d+)/;
	sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		  . " WHERE query LIKE '%FROM t_query%' AND pid <> pg_backend_pid()");
	eval { $session->{run}->finish };
	$mock->clear_script;
}

#
# Tables and views of dload, with runs of every outcome in them
#

is( sql("SELECT string_agg(DISTINCT outcome, ' ' ORDER BY outcome) FROM dload.runs"),
	'failed partial', 'outcomes so far');
is( sql("SELECT count(*) FROM dload.pipeline_cursor WHERE checkpoint ~ '&page=2\\M'"),
	4, 'checkpoints so far');
foreach my $relation (
	split /\n/,
	sql(    "SELECT c.oid::regclass FROM pg_class AS c"
		  . " WHERE relnamespace = 'dload'::regnamespace"
		  . " AND relkind IN ('r', 'v', 'm', 'f', 'p') ORDER BY 1"))
{
	is(leaks(sql("SELECT t::text FROM $relation AS t")), '', "$relation: no secret");
}
no_leak(sql("SELECT s::text FROM pg_foreign_server AS s"), 'pg_foreign_server');
no_leak(sql("SELECT f::text FROM pg_foreign_table AS f"), 'pg_foreign_table');

# The checkpoint has no key, and the run that goes on from it has it again.
$mock->clear_journal;
foreach my $kind (sort keys %server)
{
	statement("CALL dload.run('$kind')", '00000', "$kind: resumed");
	is(sql("SELECT count(*) FROM rows_$kind"), 100, "$kind: all rows");
}
is( scalar(
		grep { $_->{path} =~ /api_key=k3y-value/ && $_->{path} !~ /api_key.*api_key/ }
		  @{ $mock->journal('/auth/key') }),
	4, 'the key was sent, once, with each resumed page');

#
# User mappings, seen by others
#

sql('CREATE ROLE other LOGIN');
{
	my $count = "SELECT count(*) || ' ' || count(umoptions) FROM pg_user_mappings";

	is(sql($count), '8 8', 'options of mappings, seen by a superuser');
	is($node->safe_psql('postgres', $count, extra_params => [ '-U', 'other' ]),
		'8 0', 'options of mappings, seen by another role');
	is( sqlstate($node, 'SELECT * FROM pg_user_mapping', user => 'other'),
		'42501', 'pg_user_mapping, seen by another role');
	is( sqlstate(
			$node,
			'SELECT count(*) FROM t_bearer; SELECT 1',
			user => 'other'),
		'42501',
		"the table, read by another role");
	sql('GRANT SELECT ON t_bearer TO other');
	is( sqlstate($node, 'SELECT count(*) FROM t_bearer', user => 'other'),
		'28000', "another role has not the mapping");
}

#
# Where a secret must not be put, and is not repeated when it is
#

foreach my $option (
	q{headers '{"Authorization": "Bearer hush-hush"}'},
	q{headers '{"X-API-Key": "hush-hush"}'},
	q{base_url 'http://user:hush-hush@127.0.0.1'},
	q{base_url 'http://127.0.0.1/?api_key=hush-hush'},
	q{token 'hush-hush'})
{
	my $base = $option =~ /^base_url/ ? '' : "base_url 'http://127.0.0.1', ";
	my $got = error_of($node,
		"CREATE SERVER bad FOREIGN DATA WRAPPER dload OPTIONS ($base$option)");
	my ($words) = join ' ', map { $got->{$_} // '' } qw(message detail hint);

	ok(!$got->{ok}, "refused: $option");
	unlike($words, qr/hush-hush/, "not repeated: $option");
}
{
	my $got = error_of($node,
			"ALTER USER MAPPING FOR CURRENT_USER SERVER bearer"
		  . " OPTIONS (SET token E'hush\\nhush')");

	ok(!$got->{ok}, 'refused: a token with a line break');
	unlike($got->{message} . ($got->{detail} // '') . ($got->{hint} // ''),
		qr/hush/, 'not repeated');
}

#
# The server's log
#

no_leak(slurp_file($node->logfile), 'log');
like(slurp_file($node->logfile), qr/did not accept the credentials/,
	'log has the errors');
no_leak($shown, 'all that was shown');

$mock->stop;
$node->stop;
done_testing();
