package events

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// nameProblem returns true if s may name something: an event, a source, a post, a run, a
// line, a fund. Otherwise the sentence says which character is in the way, by its code
// point and its place.
//
// Names are compared by their bytes, and people compare them by their looks. So that two
// names that look alike are one, a name is in the Unicode normalization form NFC and holds
// no blank at either end, no character that cannot be seen, and no blank, dash, letter,
// digit or sign that looks like one of ASCII in another form. Records that were written
// before this rule are read as they are, see [Decode].
func nameProblem(s string) (wrong Sentence, ok bool) {
	if isPlain(s) {
		return Sentence{}, true
	}
	if wrong, ok := textProblem(s, maxName); !ok && (len(s) > maxName || !utf8.ValidString(s)) {
		return wrong, false
	}
	normal := norm.NFC.IsNormalString(s)
	place := 0
	for i, r := range s {
		place++
		if mend, bad := mendOf(r, i == 0 || i+utf8.RuneLen(r) == len(s)); bad {
			return Say("holds the character U+%04X at place %d: %s", "第%[2]d个字符是U+%04[1]X：%[3]s", r, place, mend), false
		}
		if end := i + utf8.RuneLen(r); !normal && !norm.NFC.IsNormalString(s[:end]) {
			return Say("holds the character U+%04X at place %d in another form than NFC: type the character before it and this one anew as one",
				"第%[2]d个字符是U+%04[1]X，不是NFC规范形式：请将它与前一字符作为一个字符重新输入", r, place), false
		}
	}
	return Sentence{}, true
}

// isPlain reports whether s consists of at most maxName visible characters of ASCII and
// blanks between them. Most names do, and need no closer look.
func isPlain(s string) bool {
	if s == "" || len(s) > maxName || s[0] == ' ' || s[len(s)-1] == ' ' {
		return s == ""
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// mendOf returns true for a character that a name must not hold, and says what to do about
// it. atEnd is set for the first and the last character of the name.
func mendOf(r rune, atEnd bool) (mend Sentence, bad bool) {
	switch {
	case r == ' ' && atEnd:
		return Say("a name neither begins nor ends with a blank", "名称的首尾不得有空格"), true
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return Say("it is a control character or a line break; leave it out", "它是控制字符或换行，请去掉"), true
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector), r == '\u034f':
		return Say("it cannot be seen; leave it out", "它是看不见的字符，请去掉"), true
	case r != ' ' && unicode.Is(unicode.Zs, r), unicode.In(r, blankLetters):
		return Say("it looks like a blank; write the blank of the keyboard, or nothing", "它看起来像空格，请改用半角空格，或去掉"), true
	case r != '-' && unicode.In(r, unicode.Pd, otherDashes):
		return Say("it looks like -; write - instead", "它看起来像-，请改用半角的-"), true
	case '\uff01' <= r && r <= '\uff5e':
		return Say("it is the full-width form of a character of the keyboard; write it in half width", "它是全角字符，请改用半角"), true
	}
	return Sentence{}, false
}

var (
	// blankLetters look like blanks and are letters and signs by their category: the
	// fillers of Hangul and the empty pattern of Braille.
	blankLetters = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x115f, Hi: 0x1160, Stride: 1}, {Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1}, {Lo: 0xffa0, Hi: 0xffa0, Stride: 1}}}
	// otherDashes look like - and are no dashes by their category: a modifier letter, a
	// bullet, the minus sign, and a box drawing line.
	otherDashes = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x02d7, Hi: 0x02d7, Stride: 1}, {Lo: 0x2043, Hi: 0x2043, Stride: 1}, {Lo: 0x2212, Hi: 0x2212, Stride: 1}, {Lo: 0x2500, Hi: 0x2500, Stride: 1}}}
)
