package fault

// Checks collects what is wrong with the values of one thing, so that a caller hears of everything at once. The zero value is
// ready to use. It is not safe for concurrent use.
type Checks struct {
	fields []Field
}

// That notes a field as wrong unless ok. Pointer is a JSON Pointer into the body, "/price/amount".
func (c *Checks) That(ok bool, pointer, code, detail string) {
	if !ok {
		c.fields = append(c.fields, Field{Pointer: pointer, Code: code, Detail: detail})
	}
}

// Err returns nil when every check held, otherwise an *Error of kind Invalid with code "invalid" and a field for each failure.
func (c *Checks) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return InvalidFields(c.fields...)
}

// InvalidFields returns the error for values that are not allowed: of kind Invalid, with the code "invalid".
func InvalidFields(fields ...Field) *Error {
	return New(Invalid, "invalid", "Some values are not allowed.").WithFields(fields...)
}
