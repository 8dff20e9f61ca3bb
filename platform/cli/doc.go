// Package cli is what the commands of every binary have in common: flags, exit codes, help, and how they speak to a person.
//
// Data goes to standard output and nothing else does; progress, warnings and errors go to standard error. An error says what is wrong and
// where, and one next command. Colours, and a line that is written over, are for terminals alone, whose user has nothing against them; what
// is too wide for a terminal is broken there and left alone elsewhere, where a program may read it.
//
// The command banyan links this package, so it imports nothing else of the platform.
package cli
