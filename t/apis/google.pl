my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $events = "SELECT count(*), count(DISTINCT id), count(starts), count(day), count(*) FILTER (WHERE status = 'cancelled') FROM google.events WHERE calendar = 'team\@acme.example'";
my $right = '330|330|160|160|10';
my $files = q{SELECT count(*), count(DISTINCT id), sum(size) FROM google.files WHERE folder = 'Ada''s\files'};
my $limited = sub {
	my ($reason) = @_;

	return { path => '/events', status => 403, body => { error => { code => 403, message => 'Rate Limit Exceeded',
		errors => [ { domain => 'usageLimits', reason => $reason } ] } } };
};
my $tell = sub {
	my ($api, $what) = @_;

	$api->{mock}->post('/host/www.googleapis.com/test', $what);
};

{   files => { '/etc/dload/google.pem' => $key },
	checks => [
		{   name => 'an empty page with a token is not the end, without any option',
			sql => $events,
			is => $right
		},
		{   name => 'a value inside of the query; a mask of fields; sizes are strings',
			sql => $files,
			is => '240|240|211106232556032'
		},
		{   name => 'a 403 that is a limit',
			before => [ $limited->('rateLimitExceeded'), $limited->('userRateLimitExceeded') ],
			sql => $events,
			is => $right
		},
		{   name => 'a 403 that is none',
			before => [ $limited->('forbidden') ],
			sql => $events,
			like => qr/ERROR:.*denied access \(status 403\)/s
		},
		{   name => 'a 429 that says in its body how long',
			before => [ { path => '/events', status => 429, body => { error => { code => 429, status => 'RESOURCE_EXHAUSTED',
				details => [ { reason => 'RATE_LIMIT_EXCEEDED' }, { retryDelay => '1.5s' } ] } } } ],
			sql => $events,
			is => $right
		},
		{   name => 'loaded',
			sql => "CALL dload.run('google_events'); SELECT count(*), count(*) FILTER (WHERE status = 'cancelled') FROM google.loaded",
			is => '330|10'
		},
		{   name => 'then what was updated since, with the last of before',
			sql => "CALL dload.run('google_events'); SELECT outcome, rows_read, rows_unchanged, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1|1'
		},
	],
	controls => [
		{   name => 'an empty page is not the end',
			alter => "ALTER FOREIGN TABLE google.events OPTIONS (ADD stop_on_empty 'true')",
			sql => $events,
			is => $right
		},
		{   name => 'the rule for limits',
			alter => 'ALTER SERVER google OPTIONS (DROP response_rules)',
			before => [ $limited->('rateLimitExceeded') ],
			sql => $events,
			is => $right
		},
		{   name => 'nextPageToken in the mask',
			alter => q{ALTER FOREIGN TABLE google.files OPTIONS (SET query_params '{"q": "''{folder|escape}'' in parents and trashed = false", "fields": "files(id,name,size)"}')},
			sql => $files,
			like => qr/^240/
		},
		{   name => 'the mask, for the sizes',
			alter => q{ALTER FOREIGN TABLE google.files OPTIONS (SET query_params '{"q": "''{folder|escape}'' in parents and trashed = false"}')},
			sql => $files,
			is => '240|240|211106232556032'
		},
		{   name => 'the parameters that a token needs beside it',
			alter => "ALTER FOREIGN TABLE google.events OPTIONS (ADD next_drop_params '*')",
			sql => $events,
			is => $right
		},
		{   name => 'deleted events',
			alter => 'ALTER FOREIGN TABLE google.events OPTIONS (DROP query_params)',
			sql => $events,
			is => $right
		},
		{   name => 'the scope',
			alter => 'ALTER SERVER google OPTIONS (DROP jwt_claims); DELETE FROM dload.token',
			sql => $events,
			is => $right
		},
	],
	more => sub {
		my ($api) = @_;
		my $start = time;

		$api->{mock}->script({ path => '/events', status => 429, body => { error => { code => 429,
			details => [ { reason => 'RATE_LIMIT_EXCEEDED' }, { retryDelay => '3s' } ] } } });
		is(sql($api, $events), $right, 'google: a delay in the body');
		cmp_ok(time - $start, '>=', 2, 'google: is waited for');
		cmp_ok(time - $start, '<', 30, 'google: and no longer');
		my $last = 'SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1';

		$tell->($api, { incomplete => JSON::PP::true() });
		like(sql($api, $files), qr/ERROR:.*incompleteSearch/s, 'google: a search that was not complete is an error');
		sql($api, 'ALTER FOREIGN TABLE google.files OPTIONS (DROP error_when)');
		like(sql($api, $files), qr/^240/, 'google: control: without error_when nobody knows');

		# events that are gone for good while the cursor lies too far back
		$tell->($api, { oldest => '2026-02-01', gone => 30 });
		sql($api, 'BEGIN; ALTER SERVER google OPTIONS (DROP response_rules); SELECT FROM dload.run_atomic(\'google_events\'); COMMIT');
		is(sql($api, 'SELECT count(*) FROM google.loaded'), '330', 'google: control: 410 without its rule');
		sql($api, "CALL dload.run('google_events')");
		is(sql($api, $last), 'complete|300', 'google: 410 is answered by reading everything');
		is(sql($api, 'SELECT count(*) FROM google.loaded'), '300', 'google: which takes the place of what was there');
	} };
