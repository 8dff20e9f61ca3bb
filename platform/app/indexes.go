package app

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/unit"
)

func (l *launcher) indexes() *cobra.Command {
	type row struct {
		Table   string   `json:"table"`
		Name    string   `json:"name"`
		Columns []string `json:"columns"`
		Unique  bool     `json:"unique"`
		Primary bool     `json:"primary"`
		Where   string   `json:"where"`
		Bytes   *int64   `json:"bytes"`      // null where the engine does not say
		Scans   *int64   `json:"scans"`      // null where the engine does not count
		Covered string   `json:"covered_by"` // the index that does its work too; empty
		Unused  bool     `json:"unused"`
	}
	known := func(n int64) *int64 {
		if n < 0 {
			return nil
		}
		return &n
	}
	return l.Data(command("indexes", "List the indexes, their size and use, and name those that could go", "  "+l.called()+" db indexes", func(cmd *cobra.Command, _ []string) error {
		a, err := l.connectable()
		if err != nil {
			return err
		}
		all, err := a.indexes(cmd.Context())
		if err != nil {
			return err
		}
		rows := []row{}
		for _, i := range all {
			rows = append(rows, row{i.Table, i.Name, i.Columns, i.Unique, i.Primary, i.Where, known(i.Bytes), known(i.Scans), i.Covered, i.Unused})
		}
		return l.Print(rows, func(w io.Writer) {
			if len(rows) == 0 {
				l.Note("there are no indexes")
				return
			}
			lines := [][]string{{"TABLE", "INDEX", "COLUMNS", "SIZE", "SCANS", ""}}
			for _, i := range all {
				lines = append(lines, []string{i.Table, i.Name, strings.Join(i.Columns, ", "), size(i.Bytes), count(i.Scans), remark(i)})
			}
			l.Table(w, lines...)
		})
	}))
}

// indexes returns those of the database. One that is not there has none, and is not made.
func (a *App) indexes(ctx context.Context) (all []db.Index, err error) {
	if there, err := a.platform.DB.Exists(); !there || err != nil {
		return nil, err
	}
	return all, withDatabase(ctx, a, func(ctx context.Context) error {
		all, err = a.platform.DB.Indexes(ctx)
		return err
	})
}

// remark says what is particular about an index.
func remark(i db.Index) string {
	var words []string
	switch {
	case i.Primary:
		words = append(words, "primary key")
	case i.Unique:
		words = append(words, "unique")
	}
	if i.Where != "" {
		words = append(words, "where "+i.Where)
	}
	if i.Covered != "" {
		words = append(words, "needless: "+i.Covered+" does its work")
	}
	if i.Unused {
		words = append(words, "not used so far")
	}
	return strings.Join(words, ", ")
}

func size(n int64) string {
	if n < 0 {
		return "?"
	}
	return unit.Bytes(n).String()
}

func count(n int64) string {
	if n < 0 {
		return "?"
	}
	return strconv.FormatInt(n, 10)
}
