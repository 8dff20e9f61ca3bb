package grammartest

import "strings"

// nouns are words of many trades, singular, as modules and resources are called by.
func nouns() []string {
	return strings.Fields(`account address album alert answer article asset author badge ballot basket batch bill booking book branch brand budget building
		bundle bus buyer calendar campaign card cargo cart category certificate channel charge chapter city claim clinic coach column comment company contact
		contract country coupon course courier credit currency customer deal delivery department deposit device discount doctor document donation driver
		employee engine enrollment entry event exam expense farm feature fee field fleet flight folder forecast garage gift goal grade guest holiday hotel
		image incident ingredient inspection invoice issue item job journey key kitchen label lease ledger lesson level library license listing loan location
		log machine match medal member menu message meter milestone mission movie museum network note notice offer office order outlet page parcel
		part partner passenger patient payment payroll permit person phone photo plan plant player policy post price printer product profile project promotion
		property purchase question queue quote rating receipt recipe record refund region rent report request reservation review reward risk role room route
		rule sale schedule school score season seat seller sensor series service session shift shipment shop site skill song source stage station status stock
		store street student subscription supplier survey tag target task tax teacher team tenant test theater ticket topic tour track trade trainer transfer
		trip truck unit upload user vacation vehicle vendor venue version visit voucher wallet warehouse warranty watch wish work worker workshop zone`)
}

// qualities are words before a noun.
func qualities() []string {
	return strings.Fields("annual api base current daily default exchange first gross home line main net next online public sales sub total unit user web work")
}

// attributes are words that a field is called by.
func attributes() []string {
	return strings.Fields(`active age alias amount angle approved area balance barcode birthday blocked body brand capacity caption city class code color comment
		company content cost country count currency date day deadline depth description discount distance duration due email end error expires factor fax file first_name format
		frequency gender grade gross height hint icon image index info ip iban isbn issued key kind label language last_name latitude length level limit link
		locale location longitude margin mass message method minutes mobile mode model month motto name net nickname note number opened order origin owner paid
		parent pattern phone place plate position postcode priority progress published quantity query question rank rate rating ratio reason reference region
		released remark result role rooms rows salary score season seats serial settings sex shape share size sku slug sort source speed stars start state
		status step stock street subject subtitle summary surface symbol tags target tax telephone temperature text time timezone title token tone total type
		unit url user username value vat verified version visits volume website week weight width words year zip`)
}

// reserved are words that cannot be a column, or are one in any case: those that the SQL standard and both databases reserve among the
// attributes, and the columns that every table has.
func reserved() []string { return strings.Fields("end index limit order user version") }

// module draws the name of a module. It is that of a package in Go.
func (s *Source) module() string {
	for {
		if word := s.pick(nouns()...); word != "test" && word != "vendor" {
			return word
		}
	}
}

// resource draws the name of a resource: a noun, or one with a word before it.
func (s *Source) resource() string {
	word := s.pick(nouns()...)
	if s.chance(30) {
		return s.pick(qualities()...) + "_" + word
	}
	return word
}

// fieldName draws the name of a field.
func (s *Source) fieldName() string {
	for {
		word := s.pick(attributes()...)
		switch {
		case s.chance(15):
			return s.pick(qualities()...) + "_" + word
		case s.chance(8):
			return s.pick(nouns()...) + "_id"
		case s.chance(5):
			return word + "_" + s.pick("1", "2", "from", "to", "at")
		}
		for _, r := range reserved() {
			if r == word {
				word = ""
			}
		}
		if word != "" {
			return word
		}
	}
}
