// Package app is the runtime of every application binary: it reads the configuration, builds the application, and runs a command.
//
// A program is a name, its configuration with defaults, and a function that builds the application, which Wire writes. Everything else,
// the commands, the order of start and stop, the exit codes, is here, so that an upgrade of the library reaches every program.
package app
