package storefrontwire

import (
	"io/fs"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/modules/storefront/internal/picture"
	"github.com/banyan-go/banyan/modules/storefront/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/module"
)

// PictureNeeds is what pictures ask of other modules.
type PictureNeeds struct{ Products catalog.Products }

// Picture is the module's part about pictures, and the page that shows them.
type Picture struct {
	service *picture.Service
	assets  *assets.Assets
}

var (
	_ module.Router  = (*Picture)(nil)
	_ module.Asseter = (*Picture)(nil)
)

func newPicture(s *picture.Service, a *assets.Assets) *Picture { return &Picture{s, a} }

var pictureSet = wire.NewSet(newPicture, picture.New, wire.FieldsOf(new(PictureNeeds), "Products"))

// Routes returns the page and the operations.
func (p *Picture) Routes() []api.Route { return web.Catalogue(p.service, p.assets) }

// Assets returns the files that the page loads.
func (p *Picture) Assets() fs.FS { return web.Assets() }
