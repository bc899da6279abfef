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
		{   name => 'by a key, and what was updated since',
			sql => "SELECT count(*), min(updated) AT TIME ZONE 'UTC' FROM google.public_events WHERE calendar = 'team\@acme.example' AND since = '2026-01-10T00:00:00.000Z'",
			like => qr/^\d\d+\|2026-01-10 00:/
		},
		{   name => 'a key that is wrong',
			sql => "BEGIN; ALTER USER MAPPING FOR CURRENT_USER SERVER google_public OPTIONS (SET api_key 'AIzaSyWrong'); SELECT count(*) FROM google.public_events WHERE calendar = 'team\@acme.example'; ROLLBACK",
			like => qr/ERROR:.*401.*Invalid Credentials/s
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
		{   name => 'loaded, without what was deleted before',
			sql => "CALL dload.run('google_events'); SELECT count(*), count(*) FILTER (WHERE status = 'cancelled') FROM google.loaded",
			is => '320|0'
		},
		{   name => 'then with the token of the last page, and without timeMin',
			sql => "CALL dload.run('google_events'); SELECT outcome, rows_read, requests, cursor_value LIKE 'CPDA%' FROM dload.runs JOIN dload.cursors USING (pipeline) ORDER BY run_id DESC LIMIT 1",
			is => 'complete|0|1|t'
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
		{   name => 'what may not be sent with a syncToken',
			alter => 'ALTER FOREIGN TABLE google.events OPTIONS (DROP cursor_drop_params)',
			sql => "SELECT FROM dload.run_atomic('google_events'); SELECT 'ran'",
			like => qr/^ran$/m
		},
		{   name => 'the token of the last page',
			alter => q{ALTER FOREIGN TABLE google.events OPTIONS (SET envelope_cursor 'nextPageToken'); SELECT FROM dload.alter_pipeline('google_events', params => '{"calendar": "team@acme.example", "maxResults": 100}'); SELECT FROM dload.run_atomic('google_events')},
			sql => "SELECT FROM dload.run_atomic('google_events'); SELECT rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^0$/m
		},
		{   name => 'no syncToken for a list in an order of its own: a run that says so',
			alter => q{SELECT FROM dload.alter_pipeline('google_events', params => '{"calendar": "team@acme.example", "orderBy": "updated"}')},
			sql => "SELECT FROM dload.run_atomic('google_events'); SELECT outcome FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^complete$/m
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

		# files: each change a row, until it is gone
		my $changed = 'SELECT file_id, file__name FROM google.changed ORDER BY 1';

		sql($api, "CALL dload.run('google_changes')");
		is(sql($api, $last), 'complete|0', 'google: no file has changed since the pipeline was made');
		$tell->($api, { files => [ [ 1, 'moved' ], [ 2, 'moved' ], [ 3, 'moved' ], [ 2, 'trashed' ], map { [ 4, 'moved' ] } 1 .. 200 ] });
		sql($api, "CALL dload.run('google_changes')");
		is(sql($api, $last), 'complete|204', 'google: changes of files, three pages of them');
		$tell->($api, { files => [ [ 3, 'removed' ], [ 2, 'back' ] ] });
		like(sql($api, "BEGIN; SELECT FROM dload.alter_pipeline('google_changes', cursor_param => 'startPageToken', initial_value => '100'); SELECT FROM dload.run_atomic('google_changes'); ROLLBACK"),
			qr/ERROR.*unknown parameter/s, 'google: control: the token of the next run has the place of the others');
		like(sql($api, q{BEGIN; ALTER FOREIGN TABLE google.changes OPTIONS (SET query_params '{"fields": "nextPageToken,changes(fileId,removed)"}'); SELECT FROM dload.run_atomic('google_changes'); SELECT outcome FROM dload.runs ORDER BY run_id DESC LIMIT 1; ROLLBACK}),
			qr/^suspect$/m, 'google: control: a mask without newStartPageToken is told');
		sql($api, "CALL dload.run('google_changes')");
		is(sql($api, "$last; $changed"), "complete|2\n1AbC-00001|File 1, moved\n1AbC-00002|File 2, back\n1AbC-00004|File 4, moved", 'google: files that are gone, and one that is back');

		my $state = "SELECT count(*), count(*) FILTER (WHERE summary LIKE '%moved'), count(*) FILTER (WHERE status = 'cancelled') FROM google.loaded";

		# so many that they come in pages, of which the last has the token
		$tell->($api, { edited => [ 0 .. 299 ], cancelled => [ 300 .. 304, 299 ] });
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE google.events OPTIONS (DROP deleted_when); SELECT FROM dload.run_atomic('google_events'); $state; ROLLBACK") =~ s/\A\n//r,
			'330|290|15', 'google: control: without deleted_when the cancelled stay, and those never seen come');
		sql($api, "CALL dload.run('google_events', max_pages => 1)");
		is(sql($api, 'SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1'), 'partial|250', 'google: a run that stops before the new token');
		sql($api, "CALL dload.run('google_events')");
		is(sql($api, $last), 'complete|55', 'google: goes on, with the old one beside pageToken');
		is(sql($api, $state), '315|290|0', 'google: cancelled events are gone');
		sql($api, "CALL dload.run('google_events')");
		is(sql($api, $last), 'complete|0', 'google: then comes what is new');

		# events that are gone for good, and a token too old to tell
		$tell->($api, { expired => 1000, gone => 30 });
		sql($api, 'BEGIN; ALTER SERVER google OPTIONS (DROP response_rules); SELECT FROM dload.run_atomic(\'google_events\'); COMMIT');
		is(sql($api, 'SELECT count(*) FROM google.loaded'), '315', 'google: control: 410 without its rule');
		sql($api, "CALL dload.run('google_events')");
		is(sql($api, $last), 'complete|300', 'google: 410 is answered by reading everything');
		is(sql($api, $state), '286|261|0', 'google: which takes the place of what was there');
		$tell->($api, { expired => 0 });
		sql($api, "CALL dload.run('google_events')");
		is(sql($api, $last), 'complete|0', 'google: and the token that came with it is used');
	} };
