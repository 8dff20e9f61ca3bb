package user

import (
	"fmt"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/mail"
)

// The texts of mails. What a stranger has typed, the name above all, stands in none of them: otherwise anybody could send anybody a text of
// their own from here.

// verifyMail is for somebody who registers. A stranger can cause one, too, and it looks the same: so it says what is asked for, and who ignores it.
func (s Settings) verifyMail(to, link string) mail.Message {
	return mail.Message{
		Kind: "accounts.verify", To: to, Subject: "Confirm your e-mail address",
		Text: "Somebody, you we hope, has registered this address" + s.at() + ".\n\nConfirm it, within " + hours(s.VerifyLink) + ":\n\n" + s.link("verify", link) +
			"\n\nYou are asked for the password that you chose when you registered. If it is refused although it is right, somebody else has registered this address, too: use the link of the other mail." +
			"\n\nIf you have not registered, do nothing: without this confirmation there is no account.\n",
	}
}

// knownMail is for a user whose address somebody registers again.
func (s Settings) knownMail(to string) mail.Message {
	return mail.Message{
		Kind: "accounts.known", To: to, Subject: "You have an account already",
		Text: "Somebody, you perhaps, has tried to register this address" + s.at() + ", which has an account already.\n\n" +
			"If it was you, sign in, or ask for a new password. If it was not you, nothing has changed.\n",
	}
}

// resetMail is for a user who wants a new password.
func (s Settings) resetMail(to, link string) mail.Message {
	return mail.Message{
		Kind: "accounts.reset", To: to, Subject: "Choose a new password",
		Text: "Somebody, you we hope, has asked for a new password" + s.at() + ".\n\nChoose it, within " + hours(s.ResetLink) + ":\n\n" + s.link("reset", link) +
			"\n\nIf it was not you, do nothing: your password stays as it is.\n",
	}
}

// changedMail is for a user whose password is another one now.
func (s Settings) changedMail(to string) mail.Message {
	return mail.Message{
		Kind: "accounts.changed", To: to, Subject: "Your password was changed",
		Text: "The password of your account" + s.at() + " was changed, and other devices were signed out. Tokens that you have made for programs still work.\n\n" +
			"If it was not you, ask for a new password at once: that ends them too.\n",
	}
}

// resetDoneMail is for a user who has chosen a new password by the link of a mail.
func (s Settings) resetDoneMail(to string) mail.Message {
	return mail.Message{
		Kind: "accounts.changed", To: to, Subject: "Your password was changed",
		Text: "The password of your account" + s.at() + " was changed, all devices were signed out, and the tokens that you had made for programs were revoked.\n\n" +
			"If it was not you, ask for a new password at once.\n",
	}
}

// at says where, as far as that is known.
func (s Settings) at() string {
	if s.Site == "" {
		return ""
	}
	return " at " + s.Site
}

// link is the page of the site where something is done, with the secret behind the #: what stands there is sent to no server and is in no log.
// Without a site it is the secret alone, for whoever has built a form for it.
func (s Settings) link(page, secret string) string {
	if s.Site == "" {
		return "    " + secret
	}
	return strings.TrimSuffix(s.Site, "/") + "/" + page + "#token=" + secret
}

func hours(d time.Duration) string {
	if h := int(d.Hours()); h > 1 {
		return fmt.Sprintf("%d hours", h)
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
