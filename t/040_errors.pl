
# What an API can do wrong, for live scans and for runs alike: the right rows,
# or an error with SQLSTATE, DETAIL and HINT; nothing half written; and the
# next statement works in the same session.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
my $mock = start_mock();
my $ntables = 0;

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# Each server retries once, so that the tests need not wait long.
make_server($node, 'api', $mock->url, options => { max_retries => 1 });
sql("CREATE FOREIGN TABLE good (id bigint) SERVER api OPTIONS (path '/items/1')");

#
# One trap: a foreign table, read live and loaded.
#
# server => {} options of a server of its own, mapping => {} and its mapping;
# table => {} options; columns, where; set: settings; args: of create_pipeline
# faults => [] scripted before each of the two
# rows: number of rows that come; or error => { sqlstate, message, detail,
# hint } (patterns) and kept: rows that a run keeps nevertheless
# requests => { text => number }: the journal afterwards
# check: called with the table's name and 'live' or 'loaded'
#

sub make_trap
{
	my (%trap) = @_;
	my $name = 'trap' . ++$ntables;
	my $server = 'api';

	if ($trap{server} || $trap{mapping})
	{
		$server = "server$ntables";
		make_server(
			$node, $server,
			$mock->url,
			options => { max_retries => 1, %{ $trap{server} || {} } },
			mapping => $trap{mapping});
	}
	sql(    "CREATE FOREIGN TABLE $name ("
		  . ($trap{columns} // "record jsonb OPTIONS (json_path '\$')")
		  . ") SERVER $server OPTIONS ("
		  . option_list(%{ $trap{table} })
		  . ")");
	sql(    "SELECT dload.create_pipeline('$name', source => '$name',"
		  . " target => 'public.${name}_rows'"
		  . ($trap{args} ? ", $trap{args}" : '') . ")");
	return $name;
}

sub check_error
{
	my ($got, $error, $what) = @_;

	ok(!$got->{ok} || defined $got->{message}, "$what: fails");
	is($got->{sqlstate} // '-', $error->{sqlstate}, "$what: SQLSTATE");
	foreach my $field (qw(message detail hint))
	{
		like($got->{$field} // '', $error->{$field} // qr/\w/,
			"$what: $field");
	}
	return;
}

sub check_requests
{
	my ($trap, $what) = @_;

	foreach my $text (sort keys %{ $trap->{requests} || {} })
	{
		is($mock->requests($text), $trap->{requests}{$text},
			"$what: requests for $text");
	}
	is( scalar(grep { $_->{port} != $mock->port } @{ $mock->journal }),
		0, "$what: the other origin was not asked")
	  unless $trap->{other_origin};
	return;
}

# The statements, and then one more in the same session.
sub run_trap
{
	my ($trap, $statement, $what) = @_;
	my $got;

	$mock->clear_script;
	$mock->clear_journal;
	$mock->script(map { {%$_} } @{ $trap->{faults} })
	  if $trap->{faults};
	$got = error_of($node,
		($trap->{set} // '')
		  . "SELECT 'pid ' || pg_backend_pid();\n$statement;\n"
		  . "SELECT 'pid ' || pg_backend_pid() || ' good ' || count(*) FROM good",
		on_error_stop => 0);
	like(
		$got->{stdout},
		qr/^pid (\d+)\n(?:.*\n)*pid \1 good 1$/,
		"$what: the next statement works");
	check_requests($trap, $what);
	return $got;
}

sub count_of
{
	my ($table) = @_;

	return 0
	  if sql("SELECT to_regclass('$table') IS NULL") eq 't';
	return sql("SELECT count(*) FROM $table");
}

# Lists of items are as long as their id says: id % 3.
sub check_children
{
	my ($table, $what) = @_;

	return
	  if sql("SELECT to_regclass('${table}__tags') IS NULL") eq 't';
	is( sql(    "SELECT count(*) - (SELECT sum(id % 3) FROM $table)"
			  . " FROM ${table}__tags AS c JOIN $table AS p"
			  . " ON p._dload_id = c._dload_parent_id"),
		0, "$what: child rows belong to root rows");
	is( sql("SELECT count(*) - (SELECT sum(id % 3) FROM $table)"
			  . " FROM ${table}__tags"),
		0, "$what: no other child rows");
	return;
}

sub check_live
{
	my ($name, $trap, $what) = @_;
	my $where = $trap->{where} ? "WHERE $trap->{where}" : '';
	my $got = run_trap($trap, "SELECT 'rows ' || count(*) FROM $name $where",
		"$what, live");

	if ($trap->{error})
	{
		check_error($got, $trap->{error}, "$what, live");
		unlike($got->{stdout}, qr/^rows/m, "$what, live: no result");
	}
	else
	{
		is($got->{stderr}, '', "$what, live: no message");
		like(
			$got->{stdout},
			qr/^rows $trap->{rows}$/m,
			"$what, live: rows");
	}
	return;
}

sub check_run
{
	my ($name, $trap, $what) = @_;
	my $got = run_trap($trap, "CALL dload.run('$name')", "$what, loaded");
	my ($outcome, $reason) = split /\|/,
	  sql("SELECT outcome, reason FROM dload.runs WHERE pipeline = '$name'"
		  . " ORDER BY run_id DESC LIMIT 1");

	if ($trap->{error})
	{
		check_error($got, $trap->{error}, "$what, loaded");
		is($outcome, 'failed', "$what: the run is noted as failed");
		is($reason, $got->{message}, "$what: with the reason");
		is( sql("SELECT state || ' ' || last_outcome FROM dload.status"
				  . " WHERE pipeline = '$name'"),
			($trap->{kept} ? 'resumable' : 'idle') . ' failed',
			"$what: status");
	}
	else
	{
		unlike($got->{stderr}, qr/ERROR|WARNING/, "$what, loaded: no message");
		is($outcome, 'complete', "$what: the run is noted as complete");
	}
	is(count_of("${name}_rows"), $trap->{kept} // $trap->{rows} // 0,
		"$what: rows of the target");
	check_children("${name}_rows", $what);
	return;
}

sub trap
{
	my ($what, %trap) = @_;
	my $name = make_trap(%trap);

	check_live($name, \%trap, $what) unless $trap{loaded_only};
	check_run($name, \%trap, $what);
	$mock->clear_script;
	return $name;
}

sub link_pages
{
	my ($path, %more) = @_;

	return {
		path => $path,
		paginate => 'link',
		page_size => 10,
		page_size_param => 'per_page',
		%more
	};
}

#
# Bodies that are no answer
#

my %malformed = (
	sqlstate => '22P02',
	message => qr/^could not read the response of server "api": /,
	detail =>
	  qr{^GET http://127\.0\.0\.1:\d+/\S+api_key=\*\*\*\S*page=3\S* returned 200: });

trap(
	'malformed JSON',
	table => link_pages('/bad-json?api_key=hush-hush'),
	# a load follows its Link header before it is found malformed
	requests => { 'page=3' => 2 },
	error => \%malformed,
	kept => 20);

# ... that heals later: the run goes on from the page before.
{
	my $name = trap(
		'malformed JSON for a while',
		table => link_pages('/link/items?count=50&api_key=hush-hush'),
		faults =>
		  [ { path => 'page=3', body => '[{"id": 21, "tags', times => 0 } ],
		requests => { 'page=3' => 2 },
		error => \%malformed,
		kept => 20);

	$mock->clear_journal;
	sql("CALL dload.run('$name')");
	is( join(
			' ',
			map { $_->{path} =~ /&page=(\d+)/ ? $1 : 1 }
			  @{ $mock->journal('/link/items') }),
		'2 3 4 5',
		'malformed JSON healed: resumed');
	is(sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM ${name}_rows"),
		'50 50', 'malformed JSON healed: all rows once');
	check_children("${name}_rows", 'malformed JSON healed');
}

trap(
	'malformed JSON once',
	table => link_pages('/link/items?count=50'),
	faults => [ { path => 'page=3', body => '[{"id": 21, "tags' } ],
	requests => { 'page=3' => 2, '/link/items' => 6 },
	rows => 50);

trap(
	'HTML',
	table => { path => '/html' },
	requests => { '/html' => 1 },
	error => {
		sqlstate => '22P02',
		message => qr/^could not read the response of server "api": /,
		detail => qr{^GET http://\S+/html returned 200: <!DOCTYPE html>},
		hint => qr/answers in JSON/
	});

trap('empty body', table => { path => '/empty' }, rows => 0);
trap('no content', table => { path => '/empty?status=204' }, rows => 0);

# From the second page on the same would be a silent loss: nothing says so,
# but records_path that leads to nothing does.
trap(
	'no records there',
	table => { path => '/page/items', records_path => 'data' },
	error => {
		sqlstate => '22023',
		message => qr/^records_path "data" of foreign table/,
		detail => qr{^GET http://\S+/page/items returned: },
		hint => qr/The response has a list at "items"/
	});

# The list that was detected is left out later.
trap(
	'no records there any more',
	table => { path => '/page/items', paginate => 'page' },
	faults => [ { path => 'page=2', status => 200, body => {} } ],
	error => {
		sqlstate => '22023',
		message => qr/^records_path "items" of foreign table/,
		hint =>
		  qr/"records_path" to 'items' and "records_optional" to 'true'\.$/
	},
	kept => 25);

trap(
	'an error after the records',
	table => {
		path => '/error-envelope',
		records_path => 'records',
		paginate => 'next_url',
		next_path => 'next'
	},
	requests => { 'page=2' => 1, 'page=3' => 0 },
	error => {
		sqlstate => 'HV000',
		message => qr/reported an error in a response of status 200$/,
		detail =>
		  qr{^GET http://\S+page=2 returned: .*the shard went away}
	},
	kept => 10);

foreach my $chunked (0, 1)
{
	trap(
		"truncated body, chunked=$chunked",
		table => { path => "/truncated?chunked=$chunked" },
		requests => { '/truncated' => 2 },
		error => {
			sqlstate => 'HV000',
			message => qr/^could not read from server "api": /,
			detail => qr{^GET http://\S+/truncated\S* failed after 2 attempts}
		});
}
trap(
	'truncated body once',
	table => link_pages('/link/items?count=40'),
	faults => [ { path => 'page=2', truncate_at => 900 } ],
	requests => { 'page=2' => 2 },
	rows => 40);

#
# Status
#

trap(
	'500 for ever',
	table => { path => '/status/500' },
	requests => { '/status/500' => 2 },
	error => {
		sqlstate => 'HV000',
		message => qr/^API of server "api" answered with status 500$/,
		detail => qr{^GET http://\S+/status/500 returned 500: status 500},
		hint => qr/sent 2 times/
	});
trap(
	'500 on a later page for ever',
	table => link_pages('/link/items?count=40'),
	faults => [ { path => 'page=4', status => 500, times => 0 } ],
	requests => { 'page=4' => 2 },
	error => {
		sqlstate => 'HV000',
		message => qr/^API of server "api" answered with status 500$/
	},
	kept => 30);
{
	my $name = trap(
		'500 once',
		table => link_pages('/link/items?count=40'),
		faults => [ { path => 'page=4', status => 500 } ],
		requests => { 'page=4' => 2 },
		rows => 40);

	is(sql("SELECT retries FROM dload.runs WHERE pipeline = '$name'"),
		1, '500 once: the retry is counted');
}
trap(
	'404',
	table => { path => '/nowhere' },
	requests => { '/nowhere' => 1 },
	error => {
		sqlstate => 'HV00R',
		message => qr/has no such resource \(status 404\)/,
		hint => qr/"path"/
	});
trap(
	'wrong token',
	server => { auth => 'bearer' },
	mapping => { token => 'wr0ng-token' },
	table => { path => '/auth/bearer' },
	requests => { '/auth/bearer' => 1 },
	error => {
		sqlstate => '28000',
		message => qr/did not accept the credentials \(status 401\)/,
		detail => qr/returned 401: (?!.*wr0ng)/,
		hint => qr/option "token" of the user mapping/
	});
trap(
	'right token',
	server => { auth => 'bearer' },
	mapping => { token => 's3cret-token' },
	table => link_pages('/auth/bearer'),
	rows => 100);

#
# Silence
#

trap(
	'nobody listens',
	server => { base_url => 'http://127.0.0.1:1' },
	table => { path => '/items' },
	error => {
		sqlstate => 'HV00N',
		message => qr/^could not read from server "server\d+": /,
		detail => qr{^GET http://127\.0\.0\.1:1/items failed after 2 attempts},
		hint => qr/"base_url"/
	});
trap(
	'no answer in time',
	server => { request_timeout => '300ms', max_retries => 0 },
	table => { path => '/hang' },
	requests => { '/hang' => 1 },
	error => {
		sqlstate => 'HV00N',
		message => qr/^could not read from server/,
		hint => qr/"request_timeout"/
	});
trap(
	'no answer in time for a later page',
	server => { request_timeout => '300ms', max_retries => 0 },
	table => link_pages('/link/items?count=40'),
	faults => [ { path => 'page=3', delay => 5 } ],
	error => {
		sqlstate => 'HV00N',
		message => qr/^could not read from server/,
		hint => qr/"request_timeout"/
	},
	kept => 20);
trap(
	'an answer that stops',
	server => { idle_timeout => '1s', max_retries => 0 },
	table => { path => '/stall' },
	requests => { '/stall' => 1 },
	error => {
		sqlstate => 'HV00N',
		message => qr/^could not read from server/,
		hint => qr/"idle_timeout"/
	});

#
# Filters and paging that are not what they seem
#

my $filter = "id bigint, owner text OPTIONS (json_path 'nested.owner.id',"
  . " param 'owner')";

foreach my $path ('/link/items', '/ignore-filter')
{
	my %trap = (
		columns => $filter,
		where => "owner = '3'",
		table => link_pages("$path?count=70"),
		requests => { 'owner=3' => $path eq '/link/items' ? 1 : 7 },
		rows => 10);

	check_live(make_trap(%trap), \%trap, "filter of $path");
}

# A cursor's parameter that is ignored: only new records are appended.
{
	my $name = make_trap(
		table => link_pages('/ignore-filter'),
		args => "cursor_path => 'updated_at', cursor_param => 'since'");

	sql("CALL dload.run('$name')");
	$mock->clear_journal;
	$mock->post('/_items/grow', { count => 7 });
	sql("CALL dload.run('$name')");
	cmp_ok($mock->requests('since='), '>', 0,
		'ignored cursor: the parameter was sent');
	is( sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM ${name}_rows"),
		'107 107', 'ignored cursor: new records once');
	check_children("${name}_rows", 'ignored cursor');
	$mock->reset;
}

trap(
	'tokens in a circle',
	table => {
		path => '/loop/token',
		records_path => 'records',
		paginate => 'token',
		token_path => 'meta.next_token',
		token_param => 'token'
	},
	requests => { '/loop/token' => 4 },
	error => {
		sqlstate => 'HV000',
		message => qr/^paging loop: server "api" led back to a page/,
		detail => qr{^The page is http://\S+/loop/token\?token=}
	},
	kept => 15);
trap(
	'the same page for ever',
	table => { path => '/same/page?bare=1', paginate => 'page' },
	requests => { '/same/page' => 2 },
	error => {
		sqlstate => 'HV000',
		message => qr/sent the same page twice$/,
		detail => qr{^GET http://\S+page=2\S* returned the 25 records},
		hint => qr/"page_param"/
	},
	kept => 25);
trap(
	'more pages than allowed',
	table => link_pages('/link/items', max_pages => 2),
	requests => { '/link/items' => 2 },
	error => {
		sqlstate => '53400',
		message => qr/has more than 2 pages/,
		detail => qr{http://\S+page=3},
		hint => qr/"max_pages"/
	},
	kept => 20);
trap(
	'as many pages as allowed',
	table => link_pages('/link/items?count=20', max_pages => 2),
	rows => 20);

#
# Other origins
#

foreach my $way ('link', 'next')
{
	my %paging = $way eq 'link'
	  ? (paginate => 'link')
	  : (paginate => 'next_url', next_path => 'next', records_path => 'data');

	trap(
		"the other origin's $way",
		table => { path => "/other-host/$way", %paging },
		requests => { "/other-host/$way" => 1 },
		error => {
			sqlstate => 'HV000',
			message => qr/^API of server "api" led to another origin: http/,
			detail => qr/it was not asked/,
			hint => qr/"allowed_origins"/
		},
		kept => 25);
	trap(
		"the other origin's $way, allowed",
		server => { allowed_origins => $mock->other_url },
		table => { path => "/other-host/$way", %paging },
		other_origin => 1,
		rows => 100);
}
trap(
	'a redirect to the other origin',
	table => { path => '/redirect/other' },
	requests => { '/redirect/other' => 1, '/items' => 1 },
	error => {
		sqlstate => 'HV000',
		message => qr/^API of server "api" led to another origin: http/,
		hint => qr/"allowed_origins"/
	});
trap(
	'a redirect to the other origin, allowed',
	server => { allowed_origins => $mock->other_url },
	table => { path => '/redirect/other' },
	other_origin => 1,
	rows => 100);
trap(
	'a redirect in a circle',
	table => { path => '/redirect/loop' },
	error => { sqlstate => 'HV000', message => qr/^too many redirects/ });
trap('a redirect', table => { path => '/redirect/same' }, rows => 100);

#
# Sizes
#

trap(
	'a bomb',
	server => { max_response_bytes => '1MB' },
	table => { path => '/bomb?mb=50' },
	requests => { '/bomb' => 1 },
	error => {
		sqlstate => '54000',
		message => qr/^could not read from server/,
		hint => qr/"max_response_bytes"/
	});
trap('no bomb', table => { path => '/bomb?mb=2' }, rows => 0);
trap(
	'a large record',
	set => "SET dload.max_record_bytes = '64kB';\n",
	table => { path => '/huge?mb=1&record_kb=100' },
	requests => { '/huge' => 1 },
	error => {
		sqlstate => '54000',
		message => qr/^could not read the response/,
		detail => qr{^It came from GET http://\S+/huge},
		hint => qr/dload\.max_record_bytes/
	});
trap(
	'a large record, allowed',
	table => { path => '/huge?mb=1&record_kb=100' },
	rows => 11);
foreach my $kind ('array', 'object')
{
	trap(
		"a deep $kind",
		table => { path => "/deep?depth=100000&kind=$kind" },
		requests => { '/deep' => 1 },
		error => {
			sqlstate => '54000',
			message => qr/^could not read the response/
		});
	trap(
		"a deep $kind, allowed",
		table => { path => "/deep?depth=100&kind=$kind" },
		rows => 1);
}

#
# In a transaction
#

is( $node->safe_psql(
		'postgres', q{
CREATE FOREIGN TABLE broken (id bigint) SERVER api OPTIONS (path '/html');
CREATE TABLE kept (n int);
DO $$
BEGIN
	INSERT INTO kept VALUES (1);
	BEGIN
		INSERT INTO kept VALUES (2);
		PERFORM FROM broken;
	EXCEPTION WHEN invalid_text_representation THEN
		INSERT INTO kept SELECT id + 2 FROM good;
	END;
END $$;
SELECT string_agg(n::text, ' ' ORDER BY n) FROM kept}),
	'1 3', 'caught in a block');

# LIMIT does not reach the page that fails.
is( sql("SELECT count(*) FROM (SELECT FROM trap1 LIMIT 5) AS t"),
	5, 'LIMIT before a malformed page');

# What is to be done outside a transaction says so.
{
	my $got =
	  error_of($node, "BEGIN; CALL dload.run('trap1'); COMMIT", on_error_stop => 0);

	is($got->{sqlstate}, '2D000', 'run in a transaction: SQLSTATE');
	like($got->{hint} // '', qr/run_atomic/, 'run in a transaction: hint');
}

# A column that goes while a run fetches pages: the run says so, and the next
# one adds it.
sql('CREATE FOREIGN TABLE slow () SERVER api'
	  . " OPTIONS (path '/slow?ms=0&count=30', paginate 'link');"
	  . "SELECT dload.create_pipeline('slow', 'slow', 'public.slow_t',"
	  . " write_disposition => 'merge', primary_key => ARRAY['id'])");
sql("CALL dload.run('slow')");
sql("ALTER FOREIGN TABLE slow OPTIONS (SET path '/slow?ms=300&count=60')");
{
	my $session = session($node);
	my $pid = start_query($session, $node, "CALL dload.run('slow')");

	wait_until(
		sub {
			sql('SELECT requests > 0 FROM dload.runs ORDER BY run_id DESC LIMIT 1')
			  eq 't'
			  || sql("SELECT wait_event_type = 'Extension' FROM"
				  . " pg_stat_activity WHERE pid = $pid") eq 't';
		},
		'the run fetches');
	sql('ALTER TABLE slow_t DROP COLUMN name');
	wait_until(
		sub {
			sql("SELECT state FROM pg_stat_activity WHERE pid = $pid") eq
			  'idle';
		},
		'the run ends');
	$session->quit;
	is( sql("SELECT outcome || ': ' || reason FROM dload.runs"
			  . " WHERE pipeline = 'slow' ORDER BY run_id DESC LIMIT 1"),
		'failed: column "name" of table "slow_t" was dropped while it was'
		  . ' being loaded',
		'a column was dropped meanwhile');
	sql("CALL dload.run('slow')");
	is(sql('SELECT count(name) > 0 FROM slow_t'), 't', 'it is there again');
}

unlike(
	slurp_file($node->logfile),
	qr/was terminated by signal|PANIC/,
	'no process crashed');

$mock->stop;
$node->stop;
done_testing();
