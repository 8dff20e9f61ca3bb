package app

import "github.com/google/wire"

// Set builds an application out of an Env, a Config, Drivers and the list of modules.
var Set = wire.NewSet(NewPlatform, wire.FieldsOf(new(*Platform), "Platform"), New)
