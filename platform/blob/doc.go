// Package blob holds what modules know of uploads: the values that stand for a picture and for a file, and the names under which package files keeps
// them. It is a leaf, so that a contract can have them without what receives, decodes and sends.
package blob
