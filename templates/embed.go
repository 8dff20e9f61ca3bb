// Package templates holds the text of everything that the generator writes. A file is called <output name>.tmpl and stands where its output
// will; the words MODULE, RESOURCE, TABLE, VERSION and APP in a path are replaced. Package generator/render fills them in.
package templates

import "embed"

// Files are the templates: app/ is a new application, license/ its licence, module/ an empty module, resource/ one resource.
//
//go:embed all:app all:license all:module all:resource
var Files embed.FS
