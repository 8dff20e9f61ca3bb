// Package assets gives the files that browsers load beside pages, style sheets for instance, addresses that never change their meaning: the
// hash of a file is a part of its name, so a cache may keep it for a year and never asks again.
//
// The file app.css of the module catalog is /assets/catalog/app-5f1d8f3c0f6a2b91.css. A template asks for it by its own name,
// {{asset "catalog/app.css"}}, and gets that address, at the CDN where the configuration names one. An address with another hash is
// not found: a page of yesterday's program, answered by today's, must not get today's style sheet under yesterday's name for a year.
//
// Everything is made before the first request: names when the application is put together, compressed forms when it starts. A request copies
// bytes that are in memory.
package assets
