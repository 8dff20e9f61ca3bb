package db

import "context"

// InTx returns the key of the transaction that ctx carries, whatever its database, and false when it carries none, or one that has ended. Behind the
// first transaction of a Deferred there is one until the end of that. Who keeps what was read for others asks: in a transaction everybody sees what nobody
// else does yet.
func InTx(ctx context.Context) (Key, bool) {
	if t, _ := ctx.Value(txKey{}).(*tx); t != nil {
		return t.key, !t.ended()
	}
	if f, _ := ctx.Value(deferralKey{}).(*deferral); f != nil {
		if t := f.waiting(); t != nil {
			return t.key, true
		}
	}
	return Global, false
}
