package main

import "context"

// postgresConnections is how many both programs have, as db.pool.max_open is in the profile cached.
const postgresConnections = "32"

// posts measures the generated operations that embed what another module answers for, on PostgreSQL, against the same queries written by hand.
func (b *bench) posts(ctx context.Context) ([]figure, error) {
	return b.onPostgres(ctx, "posts", "Posts with their authors on PostgreSQL", func(dsn string) ([]figure, error) { return b.postsOn(ctx, dsn) })
}

func (b *bench) postsOn(ctx context.Context, dsn string) ([]figure, error) {
	key, err := b.keys(ctx, openApp)
	if err != nil {
		return nil, err
	}
	env := settings(key, "APP_DB__DRIVER=postgres", "APP_DB__POOL__MAX_OPEN="+postgresConnections, "DATABASE_URL="+dsn)
	b.say("seeding %s rows of two modules", seededRows)
	for _, args := range [][]string{
		{"migrate", "up"}, {"db", "seed", "--rows", seededRows, "--module", "accounts", "--yes"}, {"db", "seed", "--rows", seededRows, "--module", "blog", "--yes"},
	} {
		if _, err := b.output(ctx, b.dir, env, b.path(openApp), args...); err != nil {
			return nil, err
		}
	}
	d, err := b.newDuel(env, "/api/v1/blog/posts", "?include=author", "posts", "-connections", postgresConnections)
	if err != nil {
		return nil, err
	}
	return d.figures(ctx, "posts", "10,000 rows with their authors on PostgreSQL", 1.15)
}
