{   checks => [
		{   name => 'an empty cursor is the end',
			sql => "SELECT count(*), count(DISTINCT ts), max(ts) FROM slack.history WHERE channel = 'C012AB3CD'",
			is => '330|330|1767225632.103300'
		},
		{   name => 'a failure inside a 200',
			sql => "SELECT count(*) FROM slack.history WHERE channel = 'none'",
			like => qr/ERROR:.*channel_not_found/s
		},
		{   name => 'loaded, the id as it is',
			sql => "CALL dload.run('slack_history'); SELECT count(*), max(ts), pg_typeof(max(ts)) FROM slack.loaded",
			is => '330|1767225632.103300|text'
		},
		{   name => 'then from the last message on',
			sql => "CALL dload.run('slack_history'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'the limit of the method',
			sql => "SELECT scope, requests FROM dload.budgets WHERE server = 'slack' AND scope IS NOT NULL",
			is => '/conversations.history|50'
		},
	],
	controls => [
		{   name => 'the place of the cursor',
			alter => "ALTER FOREIGN TABLE slack.history OPTIONS (SET token_path 'response_metadata.next')",
			sql => "SELECT count(*) FROM slack.history WHERE channel = 'C012AB3CD'",
			is => '330'
		},
	] };
