my $loaded = "SELECT FROM dload.run_atomic('notion_pages'); SELECT last_edited_time AT TIME ZONE 'UTC' FROM notion.loaded WHERE id = '00000005-0000-4000-8000-000000000000'";

{   checks => [
		{   name => 'cursor and page size in the body',
			sql => "SELECT count(*), count(DISTINCT id) FROM notion.pages WHERE database = 'd9824bdc'",
			is => '130|130'
		},
		{   name => 'a POST that only reads is sent again',
			before => [ { path => '/query', status => 529, headers => { 'Retry-After' => '1' } } ],
			sql => "SELECT count(*) FROM notion.pages WHERE database = 'd9824bdc'",
			is => '130'
		},
		{   name => 'a limit of the connection or of the workspace',
			before => [ { path => '/query', status => 429, headers => { 'Retry-After' => '1' }, body => { object => 'error', status => 429, code => 'rate_limited', additional_data => { rate_limit_reason => 'workspace' } } } ],
			sql => "SELECT count(*) FROM notion.pages WHERE database = 'd9824bdc'",
			is => '130'
		},
		{   name => 'its own rate',
			sql => "SELECT requests, period FROM dload.budgets WHERE server = 'notion' AND period IS NOT NULL; ALTER SERVER notion OPTIONS (DROP rate_limit)",
			is => '3|00:00:01'
		},
		{   name => 'blocks in blocks',
			sql => "WITH RECURSIVE tree AS (SELECT parent, id, type, has_children FROM notion.blocks WHERE parent = 'page' UNION ALL SELECT b.parent, b.id, b.type, b.has_children FROM tree AS t, LATERAL (SELECT * FROM notion.blocks WHERE parent = t.id) AS b WHERE t.has_children) SELECT count(*), count(DISTINCT id), count(DISTINCT parent) FROM tree",
			is => '66|66|3'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('notion_pages'); SELECT count(*) FROM notion.loaded",
			is => '130'
		},
		{   name => 'then the last minute again, inclusively, by a filter in the body',
			sql => "CALL dload.run('notion_pages'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
	],
	controls => [
		{   name => 'the place of the cursor in the request',
			alter => "ALTER FOREIGN TABLE notion.pages OPTIONS (SET token_in 'query')",
			sql => "SELECT count(*) FROM notion.pages WHERE database = 'd9824bdc'",
			is => '130'
		},
		{   name => 'repeating a POST',
			alter => "ALTER FOREIGN TABLE notion.pages OPTIONS (SET idempotent 'false'); ALTER SERVER notion OPTIONS (DROP response_rules)",
			before => [ { path => '/query', status => 502 } ],
			sql => "SELECT count(*) FROM notion.pages WHERE database = 'd9824bdc'",
			is => '130'
		},
		{   name => 'the version',
			alter => 'ALTER SERVER notion OPTIONS (DROP headers)',
			sql => "SELECT count(*) FROM notion.pages WHERE database = 'd9824bdc'",
			is => '130'
		},
		{   name => 'the page size in the body',
			alter => 'ALTER FOREIGN TABLE notion.pages OPTIONS (DROP page_size_in)',
			sql => "SELECT FROM dload.create_pipeline('sizes', source => 'notion.pages', target => 'notion.sizes', params => '{\"database\": \"d9824bdc\"}'); SELECT FROM dload.run_atomic('sizes'); SELECT pages FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^3$/m
		},
	],
	more => sub {
		my ($api) = @_;

		# edited again within the minute that the cursor stands at
		HTTP::Tiny->new->get("$api->{url}/host/api.notion.com/touch/5/129");
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE notion.pages OPTIONS (ADD cursor_in 'body'); SELECT FROM dload.alter_pipeline('notion_pages', cursor_param => 'filter.last_edited_time.after'); $loaded; ROLLBACK") =~ s/^\n+//r,
			'2026-01-01 00:03:00', 'notion: control: with a filter that excludes the minute an edit is lost');
		is(sql($api, $loaded) =~ s/^\n+//r, '2026-01-01 02:09:00', 'notion: an edit within the minute of the cursor');

		my $read = "SELECT count(*) FROM notion.pages WHERE database = 'd9824bdc'";
		my $overload = sub {
			my ($before) = @_;

			$api->{mock}->script({ path => '/query', status => 529, headers => { 'Retry-After' => '2' } });
			sql($api, "BEGIN; $before; ALTER SERVER notion OPTIONS (ADD max_wait '10ms'); $read; ROLLBACK");
			return sql($api, "BEGIN; ALTER SERVER notion OPTIONS (ADD max_wait '10ms'); $read; ROLLBACK");
		};
		is($overload->('ALTER SERVER notion OPTIONS (DROP response_rules)'), '130', 'notion: control: without the rule the next one asks at once');
		like($overload->('SELECT'), qr/ERROR:.*used up until.*wait for [12] seconds/s, 'notion: an overload is waited for by all, as long as it says');
	} };
