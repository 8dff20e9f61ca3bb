package config

import "strings"

// suggest returns the known name that was most likely meant by an unknown key, or "". It looks for a small slip of the pen among
// the keys beside it, then among all keys, then for the same word under another parent. Names are sorted keys.
func suggest(key string, names []string) string {
	best, least := "", 0
	note := func(name string, distance, most int) {
		if distance <= most && (best == "" || distance < least) {
			best, least = name, distance
		}
	}
	key = strings.ToLower(key)
	parent, last := splitKey(key)
	for _, name := range names {
		p, l := splitKey(name)
		if p == parent {
			note(name, distance(last, l), slips(last))
		} else {
			note(name, distance(key, name), slips(last))
		}
	}
	if best != "" {
		return best
	}
	for _, name := range names {
		if _, l := splitKey(name); l == last {
			return name
		}
	}
	return ""
}

// didYouMean returns the hint for a suggestion.
func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "did you mean " + name + "?"
}

func splitKey(key string) (parent, last string) {
	i := strings.LastIndexByte(key, '.')
	return key[:max(i, 0)], key[i+1:]
}

// slips is how many slips of the pen are likely in a word: one in a short one, three at most.
func slips(word string) int { return min(3, max(1, (len(word)+1)/3)) }

// distance returns how many slips of the pen lie between two words: a letter too many, missing or wrong, or two neighbours
// swapped (the optimal string alignment distance, Damerau 1964). Words whose lengths differ by more than slips can return are
// as far apart as that difference.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 3 || d < -3 {
		return max(d, -d)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
