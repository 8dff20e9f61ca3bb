package user

import (
	"time"

	"github.com/banyan-go/banyan/platform/ratelimit"
)

// The names of the rules: those of the routes count by address, those that end in account by the account that an attempt is about, and the one that ends in
// link by the link.
const (
	LimitLogin           = "accounts.login"
	LimitLoginAccount    = "accounts.login.account"
	LimitRegister        = "accounts.register"
	LimitRegisterAccount = "accounts.register.account"
	LimitReset           = "accounts.reset"
	LimitResetAccount    = "accounts.reset.account"
	LimitLink            = "accounts.link"
	LimitVerifyLink      = "accounts.verify.link"
	LimitPassword        = "accounts.password"
)

// Limits returns the rules. Where somebody can guess, nobody is let in uncounted.
func Limits() map[string]ratelimit.Rule {
	rule := func(n int, window time.Duration, key ratelimit.Key) ratelimit.Rule {
		return ratelimit.Rule{Max: n, Window: window, Key: key, Down: ratelimit.Deny}
	}
	return map[string]ratelimit.Rule{
		LimitLogin:           rule(30, time.Minute, ratelimit.IP),
		LimitLoginAccount:    rule(10, 5*time.Minute, ratelimit.Subject),
		LimitRegister:        rule(30, time.Hour, ratelimit.IP),
		LimitRegisterAccount: rule(3, time.Hour, ratelimit.Subject),
		LimitReset:           rule(30, time.Hour, ratelimit.IP),
		LimitResetAccount:    rule(3, time.Hour, ratelimit.Subject),
		LimitLink:            rule(60, time.Hour, ratelimit.IP),
		LimitVerifyLink:      rule(10, 5*time.Minute, ratelimit.Subject),
		LimitPassword:        rule(10, 5*time.Minute, ratelimit.User),
	}
}
