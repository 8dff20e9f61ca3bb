// Package images makes of a picture that somebody has uploaded what a page shows: a few widths, each small, without what the camera has written
// beside it, the place for instance.
//
// What an image says of itself is judged before anything is decoded: its format, its pixels, its frames. A few are worked on at a time, each within
// a time limit; who comes when all places and the queue are taken is told to come again.
//
// The upload stays private. What is made of it is public, under names that follow from its own and from the variant: made again, after a crash for
// instance, it takes the same place.
package images
