package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/redis"
)

var _ driver.ManyReader = (*store)(nil)

// ReadMany looks for values, by one MGET of all of them and of the marks that they hang on, each once.
func (s *store) ReadMany(ctx context.Context, qs []driver.Query) ([]driver.Answer, error) {
	answers := make([]driver.Answer, len(qs))
	if len(qs) == 0 {
		return answers, nil
	}
	if err := s.knowTime(ctx); err != nil {
		return nil, err
	}
	args := make([]any, 0, 2*len(qs)+3)
	args = append(args, "mget")
	for _, q := range qs {
		args = append(args, s.value(q.Name))
	}
	at := map[string]int{} // of each mark, among what is returned
	for _, q := range qs {
		for _, key := range s.marks(nil, q) {
			if _, there := at[key]; !there {
				at[key] = len(args) - 1
				args = append(args, key)
			}
		}
	}
	cmd := goredis.NewStringSliceCmd(ctx, args...) // what is not there is ""
	if err := redis.Process(ctx, s.client, cmd); errors.Is(err, redis.ErrTooLarge) {
		return answers, nil // nobody knows which of them it is, and they are read one by one when somebody asks for one alone
	} else if err != nil {
		return nil, err
	}
	texts := cmd.Val()
	if len(texts) != len(args)-1 {
		return nil, fmt.Errorf("MGET has returned %d values, want %d", len(texts), len(args)-1)
	}
	for i, q := range qs {
		versions := make([]string, 0, len(q.Marks)+1)
		for _, key := range s.marks(nil, q) {
			versions = append(versions, texts[at[key]])
		}
		if texts[i] != "" && !slices.Contains(versions, "") {
			answers[i] = s.answer(texts[i], q, versions...)
		}
	}
	return answers, nil
}
