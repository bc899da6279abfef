{   checks => [
		{   name => 'the address of the next page is in the body',
			sql => 'SELECT count(*), count(DISTINCT name) FROM poke.names',
			is => '53|53'
		},
		{   name => 'one request per name of a join',
			sql => "SELECT count(*), sum(height) FROM poke.names JOIN poke.pokemon USING (name) WHERE name < 'poke-10'",
			is => '10|75'
		},
		{   name => 'loaded, and as many as declared',
			sql => "CALL dload.run('poke_names'); SELECT outcome, pages, rows_read FROM dload.runs",
			is => 'complete|3|53'
		},
		{   name => 'then no page has changed',
			sql => "CALL dload.run('poke_names'); SELECT outcome, pages_unchanged, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|3|0'
		},
	],
	controls => [
		{   name => 'the option that names the next page',
			alter => "ALTER FOREIGN TABLE poke.names OPTIONS (DROP paginate, DROP next_path)",
			sql => 'SELECT count(*) FROM poke.names',
			is => '53'
		},
		{   name => 'asking on condition',
			alter => "ALTER FOREIGN TABLE poke.names OPTIONS (ADD conditional 'false')",
			sql => "SELECT FROM dload.run_atomic('poke_names'); SELECT FROM dload.run_atomic('poke_names'); SELECT 'unchanged', pages_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/unchanged\|3/
		},
		{   name => 'where the records are',
			alter => "ALTER FOREIGN TABLE poke.pokemon OPTIONS (SET records_path 'types')",
			sql => "SELECT height FROM poke.pokemon WHERE name = 'poke-04'",
			is => '7'
		},
	] };
