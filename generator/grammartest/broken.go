package grammartest

import "strings"

// Any draws a description with something changed that nobody has looked at: most are wrong, some happen to be right.
func (s *Source) Any() Description {
	d := s.Valid()
	d.Valid = false
	for range 1 + s.rand.IntN(2) {
		i := s.rand.IntN(len(d.Fields))
		switch s.rand.IntN(8) {
		case 0:
			d.Module = s.badName(d.Module)
		case 1:
			d.Name = s.badName(d.Name)
		case 2:
			_, rest, _ := strings.Cut(d.Fields[i], ":")
			d.Fields[i] = s.badName("title") + ":" + rest
		case 3:
			d.Fields = append(d.Fields, d.Fields[i]) // twice
		case 4:
			d.Fields[i] += s.pick(":", ",", ":required,null", ":secret", ":unique", ":match=e164", ":min=5", ":max=3", ":default=5", ":sort,noindex", ":pii,hidden", ":search",
				":index", "=3", ":default=", ":filter=yes", ":Required")
		case 5:
			d.Fields[i] = s.fieldName() + ":" + s.pick("str", "integer", "varchar", "datetime", "decimal", "decimal=19.2", "decimal=2.5", "decimal(10", "enum", "enum=", "enum=a+a", "enum=A+b",
				"ref=user", "image", "image=", "image=thumb", "image=thumb.9", "image=a.320+a.640", "image=Thumb.320", "image=a.320:required", "image=a.320:max=10MB", "file=pdf", "file:unique", "file:max=0KiB",
				"file:max=2GiB", "file:types=exe", "file:types=pdf,png", "file:types=PDF+jpg", "file:types=pdf+pdf", "file:types=", "image=a.320:types=png", "string:types=pdf", "file:filter,hidden", "string=64", "STRING", "json:default=x", "date:default=2023-02-29", "int:max=99999999999", "bool:default=yes", "")
		case 6:
			d.Index = append(d.Index, s.pick("nothing+title", "title", "", "+", "title+title"))
		default:
			d.Fields[i] = s.scratched(d.Fields[i])
		}
	}
	return d
}

// badName draws what breaks Go, SQL, addresses, file systems or a shell, or only looks as if it did.
func (s *Source) badName(name string) string {
	names := strings.Fields(`break func go package type var string error any nil true len int64 fiber gorm context api db time init main internal vendor testdata con nul aux com1
		order_test order_linux order_arm64 select from where group order user table limit id created_at deleted_at version bucket table_name xmin rowid
		posts people children sales_people news data series status bus wire migrations catalogwire catalogevent row page name config service
		UserID userId user-id user.id a/b ../x /abs ..\x {{.Name}} $name $(rm) a;b a|b name? ~ ! _ _a a_ a__b 1st 42 größe имя prоduct 名前 🛒 naïve`)
	switch s.rand.IntN(6) {
	case 0:
		return s.pick("", " ", "a b", "a\x00b", "a\nb", "\t", "\xff", "a\u202eb", "\u200b", "`a`", `"a"`, "'a'")
	case 1:
		return strings.Repeat(name+"_", 1+s.rand.IntN(60)) + name
	case 2:
		return s.scratched(name)
	default:
		return s.pick(names...)
	}
}

// scratched changes one to three bytes.
func (s *Source) scratched(text string) string {
	const bytes = "abzAZ019_-+=:,./ \x00\n\"'`\\${}\xff\xc3"
	for range 1 + s.rand.IntN(3) {
		i, j := s.rand.IntN(len(text)+1), s.rand.IntN(len(bytes))
		b := bytes[j : j+1]
		switch {
		case i == len(text) || s.chance(35):
			text = text[:i] + b + text[i:]
		case s.chance(50):
			text = text[:i] + text[i+1:]
		default:
			text = text[:i] + b + text[i+1:]
		}
	}
	return text
}
