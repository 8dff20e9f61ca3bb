// Package files keeps what people upload: on a disk, or wherever a driver puts it.
//
// What a client says about a file decides nothing. Its name is made here, at random, with an ending that follows from the first bytes; so no name
// leads out of the folder, none can be guessed, and none makes a browser run something. A file goes to its place while it arrives, at most as
// large as a Rule allows, and is not seen before all of it is there: what was half written is gone, also after a crash.
//
// A public file has an address that everybody may load, /files/pub-<32 digits>.jpg, and keeps it for ever with the same content. Every other one is
// sent by a handler that knows who may have it. Pictures are shown, everything else is saved: a page among the uploads never becomes one of this
// site.
package files
