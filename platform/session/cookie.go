package session

import (
	"bytes"
	"strconv"
	"time"
)

// The names of the cookie. Browsers take one with the prefix over HTTPS alone, from the host itself and for all of its paths, so no other host of the domain
// can set it.
const (
	secureCookie = "__Host-session"
	plainCookie  = "session"
)

// CookieName returns the name of the cookie: another one where it may travel over plain HTTP (Options.Plain).
func CookieName(plain bool) string {
	if plain {
		return plainCookie
	}
	return secureCookie
}

// Cookie returns the name of the cookie, and whether it is for HTTPS alone: everywhere but with Options.Plain.
func (s *Sessions) Cookie() (name string, secure bool) { return CookieName(s.plain), !s.plain }

// Sent reports whether there is a cookie for a session in a header Cookie, good or not.
func (s *Sessions) Sent(header []byte) bool {
	_, sent := s.token(header)
	return sent
}

// token returns the value of the session's cookie in a header Cookie. There is none when several of that name stand in it: one of them was set by
// somebody else, and which one nobody knows. Sent says that there was any.
func (s *Sessions) token(header []byte) (token []byte, sent bool) {
	name, _ := s.Cookie()
	for len(header) > 0 {
		var pair []byte
		pair, header, _ = bytes.Cut(header, []byte{';'})
		key, value, _ := bytes.Cut(pair, []byte{'='})
		if string(bytes.TrimSpace(key)) != name {
			continue
		}
		if sent {
			return nil, true
		}
		token, sent = bytes.TrimSpace(value), true
	}
	return token, sent
}

// appendCookie appends the value of a header Set-Cookie. An empty token takes the cookie away.
func (s *Sessions) appendCookie(dst []byte, token string) []byte {
	name, secure := s.Cookie()
	age := s.cfg.Absolute
	if token == "" {
		age = 0
	}
	dst = append(dst, name...)
	dst = append(dst, '=')
	dst = append(dst, token...)
	dst = append(dst, "; Path=/; Max-Age="...)
	dst = strconv.AppendInt(dst, int64(age/time.Second), 10)
	dst = append(dst, "; HttpOnly; SameSite=Lax"...)
	if secure {
		dst = append(dst, "; Secure"...)
	}
	return dst
}
