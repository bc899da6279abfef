my $run = "SELECT dload.run_atomic('intercom_contacts') > 0; SELECT id::text ~ '0005\$', count(*) OVER () FROM intercom.loaded ORDER BY updated_at DESC LIMIT 1";

{   checks => [
		{   name => 'pages.next is an object with a token',
			sql => 'SELECT count(*), count(DISTINCT id) FROM intercom.contacts',
			is => '330|330'
		},
		{   name => 'pages.next is a URL, null at the end',
			sql => 'SELECT count(*), count(DISTINCT id) FROM intercom.companies',
			is => '130|130'
		},
		{   name => 'a scroll, up to an empty page',
			sql => 'SELECT count(*), count(DISTINCT id) FROM intercom.all_companies',
			is => '130|130'
		},
		{   name => 'and once more: it was read to its end',
			sql => 'SELECT count(*) FROM intercom.all_companies',
			is => '130'
		},
		{   name => "slices of ten seconds",
			sql => "SELECT requests, remaining <= 150, resets_at - now() BETWEEN '-1s' AND '11s' FROM dload.budgets WHERE server = 'intercom' AND period IS NULL",
			is => '166|t|t'
		},
		{   name => 'a limit that is hit',
			before => [ { path => '/contacts', status => 429, headers => { 'X-RateLimit-Remaining' => '0', 'Retry-After' => '1' } } ],
			sql => 'SELECT count(*) FROM intercom.contacts',
			is => '330'
		},
		{   name => "an error's message",
			sql => "BEGIN; ALTER USER MAPPING FOR CURRENT_USER SERVER intercom OPTIONS (SET token 'wrong'); SELECT count(*) FROM intercom.contacts; ROLLBACK",
			like => qr/ERROR:.*401.*Access Token Invalid/s
		},
		{   name => 'loaded by search, the token inside pagination',
			sql => "CALL dload.run('intercom_contacts'); SELECT outcome, requests, rows_inserted FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|3|330'
		},
		{   name => 'then the last day again',
			sql => "CALL dload.run('intercom_contacts'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|18|18'
		},
	],
	controls => [
		{   name => 'the object is no URL',
			alter => "ALTER FOREIGN TABLE intercom.contacts OPTIONS (SET paginate 'next_url', DROP token_path, DROP token_param, ADD next_path 'pages.next')",
			sql => 'SELECT count(*) FROM intercom.contacts',
			is => '330'
		},
		{   name => 'the URL is no object',
			alter => "ALTER FOREIGN TABLE intercom.companies OPTIONS (SET paginate 'token', DROP next_path, ADD token_path 'pages.next.starting_after', ADD token_param 'starting_after')",
			sql => 'SELECT count(*) FROM intercom.companies',
			is => '130'
		},
		{   name => 'the same word for each page of a scroll',
			alter => "ALTER FOREIGN TABLE intercom.all_companies OPTIONS (SET paginate 'token', DROP scroll_path, DROP scroll_method, ADD token_param 'scroll_param')",
			sql => 'SELECT count(*) FROM intercom.all_companies',
			is => '130'
		},
		{   name => 'the place of the token in a search',
			alter => "ALTER FOREIGN TABLE intercom.changes OPTIONS (SET token_param 'starting_after')",
			sql => "SELECT dload.create_pipeline('again', source => 'intercom.changes', target => 'intercom.again', cursor_path => 'updated_at', cursor_param => 'query.value', initial_value => '1767139200'); SELECT dload.run_atomic('again') > 0",
			like => qr/^t$/m
		},
		{   name => 'the cursor in the body',
			alter => "ALTER FOREIGN TABLE intercom.changes OPTIONS (DROP cursor_in)",
			sql => "SELECT dload.run_atomic('intercom_contacts') > 0",
			is => 't'
		},
		{   name => 'the version',
			alter => 'ALTER SERVER intercom OPTIONS (DROP headers)',
			sql => 'SELECT count(*) FROM intercom.contacts',
			is => '330'
		},
	],
	more => sub {
		my ($api) = @_;
		my $get = sub { HTTP::Tiny->new->get("$api->{url}/host/api.intercom.io$_[0]"); };

		sql($api, "SELECT dload.create_pipeline('again', source => 'intercom.changes', target => 'intercom.again', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'updated_at', cursor_param => 'query.value', initial_value => '1767139200')");
		is(sql($api, "CALL dload.run('again', max_pages => 1); CALL dload.run('again'); SELECT string_agg(outcome, ' '), sum(rows_inserted) FROM dload.runs WHERE pipeline = 'again'"),
			'partial complete|330', 'intercom: a run that stops goes on with its token');
		$get->('/forget');
		is(sql($api, 'SELECT count(*) FROM (SELECT FROM intercom.all_companies LIMIT 5) AS t'), '5', 'intercom: some of a scroll');
		like(sql($api, 'SELECT count(*) FROM intercom.all_companies'),
			qr/ERROR:.*already exists/s, 'intercom: one scroll at a time');
		$get->('/touch/5/60');
		is(sql($api, "BEGIN; SELECT dload.alter_pipeline('intercom_contacts', lag => ''); $run; ROLLBACK"),
			"\nt\nf|330", 'intercom: control: without lag a change of the same day is lost');
		is(sql($api, $run), "t\nt|330", 'intercom: a change of the same day');
	} };
