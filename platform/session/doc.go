// Package session knows who a request comes from: a session begins when a user signs in, is found again by a cookie, and ends when the user signs
// out, is idle for too long, has been signed in for too long, or is thrown out.
//
//   - A token is 32 random bytes. Stores know its SHA-256 alone, so who reads them cannot act for anybody.
//   - A session gets a new id when it begins and at Renew, and the old one is dead in the same step. An id that a client has made up is never taken.
//   - What has ended stays ended: a slow request that saves something afterwards gets ErrEnded, and nothing is stored.
//   - The end of a session holds for every instance at once: nothing is kept beside the store.
//   - Times are those of the store. The clocks of the machines that serve may differ by minutes.
//   - When the store is away the error is of kind fault.Unavailable. Nobody is then taken for somebody else, nor for nobody.
//
// Everything is safe for concurrent use.
package session
