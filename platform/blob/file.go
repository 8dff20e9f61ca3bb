package blob

import "io"

// File is a file that somebody has uploaded.
type File struct {
	Name Name
	// Label is its name as the client calls it, fit to be shown, at most 255 bytes; it may be empty.
	Label string
	Type  string // the media type, as the first bytes tell it
	Size  int64  // bytes
}

// Names returns the names of those uploads that are there; the others have the empty one.
func Names(uploads ...interface{ Stored() Name }) []Name {
	var all []Name
	for _, u := range uploads {
		if n := u.Stored(); n != "" {
			all = append(all, n)
		}
	}
	return all
}

// Incoming is the body of a request that brings an upload, as it arrives: a form (multipart/form-data), or the file itself. Errors of Body may be
// returned to clients.
type Incoming struct {
	ContentType string
	Body        io.Reader
}
