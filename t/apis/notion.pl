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
	] };
