
# What the standards ask of a client, statement by statement: Retry-After
# (RFC 9110, 10.2.3), problem details (RFC 9457), redirects (RFC 9110, 15.4)
# and the origins they lead to (RFC 3986, RFC 6454), and conditional requests
# (RFC 9110, 13; RFC 9111); and X-Poll-Interval.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('main', preload => 1,
	conf => "dload.max_workers = 2\n");
my $mock = start_mock();
my $n = 0;

sub http_date
{
	return POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime($_[0]));
}

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# A foreign table, on a server of its own if there are options for one.
sub table
{
	my ($table, %server) = @_;
	my $name = 'std' . ++$n;
	my $server = %server ? $name : 'api';

	make_server($node, $name, $mock->url,
		options => { max_retries => 1, retry_base => '1ms', %server })
	  if %server;
	sql(    "CREATE FOREIGN TABLE $name (record jsonb OPTIONS (json_path '\$'))"
		  . " SERVER $server OPTIONS ("
		  . option_list(%$table)
		  . ')');
	return $name;
}

sub count_of
{
	return sql("SELECT count(*) FROM $_[0]");
}

sub took
{
	my ($code) = @_;
	my $start = time();

	$code->();
	return time() - $start;
}

make_server($node, 'api', $mock->url,
	options => { max_retries => 1, retry_base => '1ms' });
my $items = table({ path => '/items' });

#
# Retry-After
#

foreach my $wait ('1.2', '1.2s', ' 1 ')
{
	my $name = table({ path => '/items' }, lockout => '1ms');

	$mock->script(
		{
			path => '/items',
			status => 429,
			headers => { 'Retry-After' => $wait }
		});
	my $took = took(sub { is(count_of($name), 100, "Retry-After '$wait'") });
	cmp_ok($took, '>', $wait - 0.1, "Retry-After '$wait' is waited for");
}
foreach my $header ('X-Ms-Retry-After-Ms', 'Retry-After-Ms')
{
	my $name = table({ path => '/items' }, lockout => '1ms');

	$mock->script(
		{
			path => '/items',
			status => 429,
			headers => { $header => '1100', 'Retry-After' => '2' }
		});
	my $took = took(sub { is(count_of($name), 100, "$header is more exact") });
	cmp_ok($took, '>', 1, "$header is waited for");
	cmp_ok($took, '<', 1.9, "$header counts");
}
foreach my $wait ('soon', '-5', '')
{
	my $name = table({ path => '/items' });

	$mock->script(
		{
			path => '/items',
			status => 503,
			headers => { 'Retry-After' => $wait }
		});
	my $took = took(sub { is(count_of($name), 100, "Retry-After '$wait'") });
	cmp_ok($took, '<', 5, "Retry-After '$wait' says nothing");
}
foreach my $status (429, 503, 413)
{
	my $name = table({ path => '/items' }, lockout => '1ms');

	$mock->script(
		{
			path => '/items',
			status => $status,
			headers => { 'Retry-After' => '1' }
		});
	my $took = took(sub { is(count_of($name), 100, "$status: asked again") });
	cmp_ok($took, '>', 0.9, "$status: after the seconds of Retry-After");
}
$mock->script({ path => '/items', status => 413 });
is(sqlstate($node, "SELECT * FROM $items"),
	'HV000', '413 without Retry-After is for good');

# A date, by the server's own clock, which is two hours ahead
my $name = table({ path => '/items' }, lockout => '1ms');
$mock->script(
	{
		path => '/items',
		status => 503,
		headers => {
			'Retry-After' => http_date(time() + 7202),
			'Date' => http_date(time() + 7200)
		}
	});
my $took = took(sub { is(count_of($name), 100, 'a date in Retry-After') });
cmp_ok($took, '>', 0.9, 'it is waited for');
cmp_ok($took, '<', 30, 'by the clock of the server that sent it');

# with a redirect: how long before it is followed
$mock->script(
	{
		path => '/moved',
		status => 302,
		headers => { 'Location' => '/items', 'Retry-After' => '1' }
	});
$name = table({ path => '/moved' });
$took = took(sub { is(count_of($name), 100, 'Retry-After of a redirect') });
cmp_ok($took, '>', 0.9, 'it is waited for');

# bounded
$name = table({ path => '/items' }, max_wait => '5s');
$mock->script(
	{
		path => '/items',
		status => 503,
		headers => { 'Retry-After' => '100000' }
	});
my $error = error_of($node, "SELECT * FROM $name");
like($error->{message}, qr/is not available until/, 'a wait beyond max_wait');
$name = table({ path => '/items' }, retry_deadline => '1s');
$mock->script(
	{
		path => '/items',
		status => 503,
		headers => { 'Retry-After' => '3' }
	});
is(sqlstate($node, "SELECT * FROM $name"), 'HV000',
	'a wait beyond retry_deadline');
$mock->clear_script;

#
# Problem details
#

foreach my $status (400, 403, 500)
{
	$error = error_of($node,
		'SELECT * FROM ' . table({ path => "/problem?status=$status" }));
	like(
		$error->{detail},
		qr{returned $status: You do not have enough credit\.: Your current balance is 30, but that costs 50\.},
		"$status: title and detail");
	like(
		$error->{detail},
		qr{type https://api\.example\.org/problems/out-of-credit},
		"$status: type");
	like($error->{detail}, qr{instance /account/12345/msgs/abc},
		"$status: instance");
	like($error->{detail}, qr{msgs/abc, balance 30\)},
		"$status: what the API adds");
}

sub detail_of
{
	my ($body, $type) = @_;

	$mock->script(
		{
			path => '/items',
			status => 400,
			body => $body,
			headers => { 'Content-Type' => $type // 'application/json' }
		});
	my $detail = error_of($node, "SELECT * FROM $items")->{detail};
	$detail =~ s/^.* returned 400: //;
	return $detail;
}

is(detail_of({ title => 'No', detail => 'Not so', type => 'about:blank' },
		'application/problem+json'),
	'No: Not so', 'about:blank says nothing more');
is( detail_of(
		{
			title => 'No',
			status => 422,
			errors => [ { detail => 'must be a date', pointer => '#/from' } ]
		},
		'application/problem+json; charset=utf-8'),
	'No (errors [{"detail":"must be a date","pointer":"#/from"}], status 422)',
	'another status than the answer has, and what is wrong in particular');
is(detail_of({ title => 'No', status => 400 }, 'application/problem+json'),
	'No', 'its own status is said once');
is(detail_of({ title => 'No' }), 'No', 'a title alone');
is(detail_of({ error => { message => 'inner' } }), 'inner', '{error: {message}}');
is(detail_of({ error => 'plain' }), 'plain', '{error}');
is( detail_of({ error => 'invalid_grant', error_description => 'expired' }),
	'expired', '{error, error_description}');
is( detail_of({ error => 'InvalidValue', description => 'too recent' }),
	'too recent', '{error, description}');
is(detail_of({ errorMessages => ['of Jira'], errors => {} }),
	'of Jira', '{errorMessages: [text]}');
is(detail_of({ errors => [ { message => 'first' }, { message => 'second' } ] }),
	'first', '{errors: [{message}]}');
is(detail_of({ errors => [ { detail => 'of JSON:API' } ] }),
	'of JSON:API', '{errors: [{detail}]}');
is(detail_of({ errors => ['text'] }), 'text', '{errors: [text]}');
is(detail_of({ odd => 1 }), '{"odd":1}', 'anything else as it is');

#
# Content-Encoding (RFC 9110, 8.4)
#

foreach my $coding ('gzip', 'x-gzip', 'deflate', 'raw-deflate', 'deflate,gzip',
	'br', 'zstd', 'br,gzip')
{
	my $path = "/coded/$coding";
	my %server = (max_response_bytes => '1MB', max_retries => 0);

	$mock->clear_journal;
	$name = table({ path => $path }, %server);
	my $rows = eval { count_of($name) } // $@;
  SKIP:
	{
		skip "libcurl does not know $coding", 4
		  if $mock->journal($path)->[0]{status} == 406;
		is($rows, 50, "$coding is unpacked");
		is(sqlstate($node, 'SELECT * FROM ' . table({ path => "$path?bomb=1" }, %server)),
			'54000', "$coding: what comes out counts");
		is( count_of(table({ path => "$path?bomb=1" }, max_retries => 0)),
			0, "$coding: within the bound");
		like(
			sqlstate($node, 'SELECT * FROM ' . table({ path => "$path?cut=40" }, %server)),
			qr/^(?:HV000|22P02)$/,
			"$coding: a cut body is an error");
	}
}
$error = error_of($node, 'SELECT * FROM ' . table({ path => '/coded/rot13' }));
is($error->{sqlstate}, 'HV000', 'a coding that nobody asked for');
like($error->{message}, qr/encoding/, 'is named');
is(count_of(table({ path => '/coded/identity' })), 50, 'identity');
is(count_of(table({ path => '/coded/gzip?empty=1' })),
	0, 'an empty body may be encoded, too');

#
# Redirects
#

foreach my $status (301, 302, 303, 307, 308)
{
	is(count_of(table({ path => "/redirect/same?status=$status" })),
		100, "$status is followed");
}
my %post = (method => 'POST', body => '{"limit": 7}');
$mock->clear_journal;
foreach my $status (307, 308)
{
	my $post = table({ path => "/redirect/to?status=$status&location=/token/items", %post });

	is(count_of($post), 7, "$status keeps method and body");
}
$name = table({ path => '/redirect/to?status=303&location=/items', %post });
is(count_of($name), 100, '303 turns POST to GET');
is($mock->journal('/items')->[-1]{method}, 'GET', 'GET');
foreach my $status (301, 302)
{
	is( sqlstate(
			$node,
			'SELECT * FROM '
			  . table({ path => "/redirect/to?status=$status&location=/items", %post })),
		'HV000',
		"$status does not turn a POST into something else");
}
$mock->script(
	{
		path => '/moved',
		status => 302,
		headers => { 'Location' => '/echo/a%2Fb%20c?x=%7E%26' }
	});
$mock->clear_journal;
error_of($node, 'SELECT * FROM ' . table({ path => '/moved' }));
is($mock->journal('/echo')->[0]{path},
	'/echo/a%2Fb%20c?x=%7E%26', 'percent-encoding is kept as it came');

# Another scheme, host or port is another origin (RFC 6454, 4): with the
# credentials nothing is sent there, whatever leads to it, unless it is allowed.
{
	my ($port, $other) = ($mock->port, $mock->other_port);

	make_server($node, 'keyed', $mock->url,
		options => { auth => 'bearer', max_retries => 0 },
		mapping => { token => 's3cret-token' });
	sql(    "CREATE FOREIGN TABLE keyed_$_ (record jsonb OPTIONS (json_path '\$'))"
		  . " SERVER keyed OPTIONS (path '/$_', paginate 'link')")
	  foreach qw(redirected linked);

	my $lead = sub {
		my ($to) = @_;

		$mock->clear_script;
		$mock->script(
			{
				path => '/redirected',
				status => 302,
				headers => { 'Location' => $to }
			},
			{
				path => '/linked',
				status => 200,
				body => '[{"id": 1}]',
				headers => { 'Link' => "<$to>; rel=\"next\"" }
			});
		$mock->clear_journal;
		return;
	};

	foreach my $to (
		"https://127.0.0.1:$port/items", "http://localhost:$port/items",
		"http://127.0.0.1:$other/items", "//127.0.0.1:$other/items",
		"http://127.0.0.1:$port\@127.0.0.1:$other/items")
	{
		foreach my $how (qw(redirected linked))
		{
			$lead->($to);
			like(
				error_of($node, "SELECT count(*) FROM keyed_$how")->{message},
				qr/led to another origin/, "$how to $to");
			is($mock->requests('/items'), 0, 'which was not asked');
		}
	}
	foreach my $how (qw(redirected linked))
	{
		# the origin's own address, and a user name that is nobody's
		$lead->("HTTP://somebody:else\@127.0.0.1:$port/items");
		cmp_ok(count_of("keyed_$how"), '>=', 100, "$how to its own origin");
		is($mock->journal('/items')->[0]{headers}{authorization},
			'Bearer s3cret-token', 'with the credentials');
	}
	sql("ALTER SERVER keyed OPTIONS (ADD allowed_origins 'http://127.0.0.1:$other')");
	foreach my $how (qw(redirected linked))
	{
		$lead->("http://127.0.0.1:$other/items");
		cmp_ok(count_of("keyed_$how"), '>=', 100, "$how where it is allowed");
		is($mock->journal('/items')->[0]{headers}{authorization},
			'Bearer s3cret-token', 'with the credentials');
	}
	$mock->clear_script;
}
is(sqlstate($node, 'SELECT * FROM ' . table({ path => '/redirect/loop' })),
	'HV000', 'a loop ends');
$mock->script({ path => '/moved', status => 302 });
like(error_of($node, 'SELECT * FROM ' . table({ path => '/moved' }))->{message},
	qr/redirect \(status 302\) to nowhere/, 'no Location');

#
# Conditional requests
#

# Run a pipeline over a list twice; what the second run got.
sub second_run
{
	my ($query, %options) = @_;
	my $source = table(
		{
			path => '/validators/items' . $query,
			paginate => 'next_url',
			next_path => 'next',
			records_path => 'data',
			%{ $options{table} || {} }
		});

	sql("SELECT dload.create_pipeline('$source', source => '$source',"
		  . " target => 'public.${source}_rows', primary_key => '{id}',"
		  . " write_disposition => 'merge')");
	sql("CALL dload.run('$source')");
	$mock->clear_journal;
	$options{between}->($source) if $options{between};
	sql("CALL dload.run('$source')");
	return sql('SELECT pages_unchanged, rows_read FROM dload.runs'
		  . " WHERE pipeline = '$source' ORDER BY run_id DESC LIMIT 1");
}

sub sent
{
	my ($header) = @_;

	return scalar grep { defined $_->{headers}{$header} } @{ $mock->journal };
}

$mock->reset;
is(second_run(''), '4|0', 'a strong ETag');
is(sent('if-none-match'), 4, 'If-None-Match is sent');
is(sent('if-modified-since'), 0, 'and not If-Modified-Since, which it would replace');
is(second_run('?weak=1'), '4|0', 'a weak ETag');
like($mock->journal('validators')->[0]{headers}{'if-none-match'},
	qr{^W/"}, 'is sent as it came');
is(second_run('?etag=0'), '4|0', 'Last-Modified');
is(sent('if-modified-since'), 4, 'If-Modified-Since is sent');
is(second_run('?etag=0&modified=0'), '0|100', 'neither');
is(second_run('?cache=no-store'), '0|100', 'Cache-Control: no-store');
is(second_run('?cache=no-cache'), '4|0', 'Cache-Control: no-cache: ask, then use');
is(second_run('?vary=*'), '0|100', 'Vary: *');
is(second_run('?vary=Accept'), '4|0', 'Vary: Accept, which stays the same');
is( second_run(
		'?x=1',
		between => sub {
			sql("ALTER FOREIGN TABLE $_[0] OPTIONS"
				  . q{ (ADD headers '{"Accept": "application/json;v=2"}')});
		}),
	'0|100', 'another Accept: nothing is known');
is( second_run(
		'?x=2',
		between => sub {
			$mock->post('/_items/change',
				{ ids => [60], set => { value => 1 }, touch => JSON::PP::false() });
		}),
	'3|25', 'a page that has changed');
$mock->reset;

# another user's credentials are another resource
sql('CREATE ROLE other_user LOGIN');
make_server($node, 'secured', $mock->url,
	options => { auth => 'bearer' }, mapping => { token => 'one' });
sql(q{CREATE FOREIGN TABLE secured (record jsonb OPTIONS (json_path '$')) SERVER secured
	OPTIONS (path '/validators/items', paginate 'next_url', next_path 'next', records_path 'data')});
sql(q{SELECT dload.create_pipeline('secured', source => 'secured', target => 'public.secured_rows',
	primary_key => '{id}', write_disposition => 'merge')});
my $last = 'SELECT pages_unchanged FROM dload.runs'
  . " WHERE pipeline = 'secured' ORDER BY run_id DESC LIMIT 1";
sql(q{CALL dload.run('secured')}) for 1 .. 2;
is(sql($last), 4, 'the same credentials');
sql(q{ALTER USER MAPPING FOR CURRENT_USER SERVER secured OPTIONS (SET token 'two')});
sql(q{CALL dload.run('secured')});
is(sql($last), 0, 'other credentials');
unlike(sql('SELECT string_agg(v::text, $$ $$) FROM dload.page_validator AS v'),
	qr/\b(?:one|two)\b/, 'no credential is kept');

# a 304 to a request without conditions is no answer
$mock->script({ path => '/items', status => 304 });
is(sqlstate($node, "SELECT * FROM $items"), 'HV000', '304 out of place');

#
# X-Poll-Interval
#

sub next_run
{
	my ($path, %options) = @_;
	my $source = table({ path => $path, paginate => 'link' });

	sql("SELECT dload.create_pipeline('$source', source => '$source',"
		  . " target => 'public.${source}_rows', primary_key => '{id}',"
		  . " write_disposition => 'merge', schedule => '2 seconds')");
	wait_until(
		sub {
			return sql("SELECT count(*) > 0 FROM dload.runs"
				  . " WHERE pipeline = '$source' AND outcome = 'complete'") eq 't';
		},
		'a run');
	# the launcher hears of it a little later
	sleep(2);
	my $left = sql('SELECT extract(epoch FROM next_run_at - clock_timestamp())::int'
		  . " FROM dload.status WHERE pipeline = '$source'");
	my $runs = sql("SELECT count(*) FROM dload.runs WHERE pipeline = '$source'");
	sql("SELECT dload.pause('$source')");
	return ($left, $runs);
}

my ($left, $runs) = next_run('/poll/events?every=600');
cmp_ok($left, '>', 500, 'the schedule waits for X-Poll-Interval');
is($runs, 1, 'there was no other run');
($left) = next_run('/events');
cmp_ok($left, '<', 10, 'without it the schedule decides');
($left) = next_run('/poll/events?every=0');
cmp_ok($left, '<', 10, 'no wait is asked for');

$node->stop;
done_testing();
