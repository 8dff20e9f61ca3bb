package telemetry

import (
	"fmt"
	"log/slog"
)

// Config is what an operator may set.
type Config struct {
	Logs LogsConfig `config:"logs"`
	// MaxSeries is the most label combinations that one metric keeps, and the most routes of the HTTP metrics. At least 1.
	MaxSeries int `config:"max_series" doc:"Most label combinations that one metric keeps, at least 1; what comes later is folded into the label value _other and counted."`
}

// LogsConfig says what log lines look like and which are written.
type LogsConfig struct {
	Format Format     `config:"format" enum:"auto,json,text" doc:"Format of log lines: json, text, or auto, which is text in mode dev and json otherwise."`
	Level  slog.Level `config:"level" enum:"debug,info,warn,error" doc:"Lowest level that is logged: debug, info, warn or error; above info the access log holds only answers of status 500 and up."`
}

// DefaultConfig returns format auto, level info, 2000 series.
func DefaultConfig() Config {
	return Config{Logs: LogsConfig{Format: FormatAuto, Level: slog.LevelInfo}, MaxSeries: 2000}
}

func (c Config) check() error {
	if c.MaxSeries < 1 {
		return fmt.Errorf("max_series is %d, want 1 or more", c.MaxSeries)
	}
	var f Format
	if err := f.UnmarshalText([]byte(c.Logs.Format)); err != nil {
		return fmt.Errorf("logs.format is %q, %w", string(c.Logs.Format), err)
	}
	return nil
}

// Format is what log lines look like.
type Format string

// The formats.
const (
	FormatAuto Format = "auto" // what Options.Text says
	FormatJSON Format = "json" // one object on each line
	FormatText Format = "text" // for people: aligned, each line written at once
)

// UnmarshalText accepts the three formats and nothing else.
func (f *Format) UnmarshalText(text []byte) error {
	switch v := Format(text); v {
	case FormatAuto, FormatJSON, FormatText:
		*f = v
		return nil
	default:
		return fmt.Errorf("want auto, json or text")
	}
}
