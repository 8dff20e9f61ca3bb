// Package idempotency keeps a request that is sent several times from being carried out several times. The client marks a request with a key
// of its own making, the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07), and sends the same key when it has got no answer
// and tries again. The first request is carried out; the others get its answer.
//
// The promise: of all requests with one key, one has an effect, however many arrive, at however many processes, whoever of them dies. It holds
// because the answer is written into the transaction of the effect (db.DB.Deferred): both are there or neither is. A process that carries out a
// request holds the key by a lease, measured by the clock of the database alone. When the lease has run out another process may take the key over; the
// first one, should it still be alive, then finds another token beside its key at the end of its transaction, and rolls back.
//
// What the promise does not reach is what a handler does elsewhere than in the database: mails, calls to others. Such things belong into
// db.AfterCommit, which runs once, or not at all when the process dies right behind the commit.
//
// A key is the caller's and the route's: the same text from somebody else, or for another operation, is another key. Somebody who is not signed in
// is known by the address alone, which many may share; so such a key has to be one that nobody else can come up with: at least MinAnonymous
// characters, as every UUID has.
//
// Kept are answers of success and errors that would be the same again: not those of the server's own failures (5xx), of limits (429), nor of what
// was not understood as a request (406, 408, 411, 413, 415). A failure of the server undoes what the request has written, since it is going to be repeated.
// Of an answer are kept the status, the body and the headers Content-Type, Location, ETag and Cache-Control, and never a cookie; encrypted, because
// an answer may hold what is shown only once. The request itself is kept as a keyed hash: a body may hold a password.
//
// An answer with more than MaxBody bytes is not kept, nor is one that gives the cookie of a session, though that there was one is: the work is not done
// twice, and a repetition is answered with ErrGone.
package idempotency
