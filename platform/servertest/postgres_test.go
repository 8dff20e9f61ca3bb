package servertest_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// A server that was killed has kept what it was asked to keep, however often that happens.
func TestPostgresStartsAgain(t *testing.T) {
	t.Parallel()
	s := servertest.StartPostgres(t, "synchronous_commit=on")
	s.Exec(t, "create table kept (id integer)")
	for range 3 {
		s.Exec(t, "insert into kept values (1)")
		s.Kill(t)
		s.Start(t)
	}
	s.Exec(t, "do $$ begin if (select count(*) from kept) <> 3 then raise 'rows are lost'; end if; end $$")
}
