package module

import "github.com/google/wire"

// PlatformSet provides each capability of a Platform to a module's injector.
var PlatformSet = wire.NewSet(wire.FieldsOf(new(Platform), "DB", "Clock", "Keys", "Passwords", "Sessions", "Limits", "Cache", "Assets", "Files", "Images", "Mail", "Log", "Lifecycle"))
