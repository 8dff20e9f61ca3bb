package money

// Split takes an amount that may be missing apart, into the two columns that hold it. Nil gives two nils.
func Split(a *Amount) (minor *int64, currency *Currency) {
	if a == nil {
		return nil, nil
	}
	return new(a.Minor), new(a.Currency)
}

// Join puts the two columns of Split together again. It returns nil unless both are there.
func Join(minor *int64, currency *Currency) *Amount {
	if minor == nil || currency == nil {
		return nil
	}
	return &Amount{Minor: *minor, Currency: *currency}
}
