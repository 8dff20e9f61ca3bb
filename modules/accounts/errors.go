package accounts

import "github.com/banyan-go/banyan/platform/fault"

// What can be wrong with a request about one's own account. Compare with errors.Is. None of them tells whether an address has an account.
var (
	ErrCredentials   = fault.New(fault.Unauthenticated, "wrong_credentials", "The e-mail or the password is wrong, or this account cannot be used.")
	ErrPassword      = fault.New(fault.Forbidden, "wrong_password", "The present password is another one.")
	ErrLink          = fault.New(fault.Invalid, "link_invalid", "This link was used before, is too old, or was not copied whole. Ask for another one.")
	ErrLinkPassword  = fault.New(fault.Invalid, "link_password_wrong", "This is not the password of the registration that this link belongs to. If there are several mails, try the link of another one.")
	ErrTooOften      = fault.New(fault.TooMany, "too_many_attempts", "Too many attempts for this account. Wait, and try again.")
	ErrOwnAccount    = fault.New(fault.Conflict, "own_account", "Nobody takes the way in from themselves. Let somebody else do it.")
	ErrScopeNotYours = fault.New(fault.Forbidden, "scope_not_yours", "A token can do no more than you may.")
	ErrTokenNotFound = fault.New(fault.NotFound, "token_not_found", "There is no such token.")
	ErrTokensFull    = fault.New(fault.Conflict, "too_many_tokens", "There are as many tokens as a user may have. Revoke one first.")
)
