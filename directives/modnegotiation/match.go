package modnegotiation

import (
	"slices"
	"strings"
)

// matchType matches an item of Accept with a variant's type, and notes how
// exact the match is (mime_match).
func matchType(a *accepted, v *variant) bool {
	name := a.name
	prefix, isRange := strings.CutSuffix(name, "/*")
	switch {
	case name == "*" || name == "*/*":
		v.stars = max(v.stars, 1)
		return true
	case isRange && len(name) > 2 && strings.HasPrefix(v.mimeType, prefix+"/"):
		v.stars = max(v.stars, 2)
		return true
	case name == v.mimeType || name == "text/html" && (v.mimeType == parsedHTML || v.mimeType == parsedHTML3):
		if a.level >= v.level {
			v.levelMatched, v.stars = v.level, 3
			return true
		}
	}
	return false
}

// compareLevels compares the levels of variants of one type: 1 if a is better.
func compareLevels(a, b *variant) int {
	if a.html && !b.html || !a.html && a.mimeType != b.mimeType {
		return 0
	}
	switch {
	case a.levelMatched > b.levelMatched:
		return 1
	case a.levelMatched < b.levelMatched:
		return -1
	case a.level < b.level:
		return 1
	case a.level > b.level:
		return -1
	}
	return 0
}

// setAccept finds how much the client likes the variant's type (set_accept_quality).
func (n *negotiation) setAccept(v *variant) {
	var q float32
	definite := true
	for i := range n.accept {
		a := &n.accept[i]
		before := v.stars
		if !matchType(a, v) || v.stars == before {
			continue
		}
		// A client that gives no qualities does not mean its wildcards as seriously as what it names.
		switch fiddle := !n.strict && !n.acceptQ; {
		case fiddle && v.stars == 1:
			q = 0.01
		case fiddle && v.stars == 2:
			q = 0.02
		default:
			q = a.quality
		}
		definite = v.stars == 3
	}
	v.mime = q
	v.definite = v.definite && definite
}

// setLanguage finds how much the client likes the variant's languages, and its
// place in LanguagePriority where that counts (set_language_quality).
func (n *negotiation) setLanguage(v *variant) {
	forced := n.conf.force
	if forced == 0 {
		forced = forcePrefer
	}
	if len(v.languages) == 0 {
		if !n.strict {
			v.language = n.defaultLanguage
		}
		return
	}
	if !n.hasLanguages {
		v.definite = false
	} else {
		n.matchLanguages(v)
	}
	if !(forced&forcePrefer != 0 && v.languageIndex < 0 || forced&forceFallback != 0 && v.language == 0) {
		return
	}
	best := -1
	for _, l := range v.languages {
		for i, p := range n.conf.LanguagePriority {
			if len(l) >= len(p) && strings.EqualFold(l[:len(p)], p) {
				if best < 0 || i < best {
					best = i
				}
				break
			}
		}
	}
	switch {
	case best < 0:
	case v.language != 0:
		if forced&forcePrefer != 0 {
			v.languageIndex = best
		}
	case forced&forceFallback != 0:
		v.languageIndex, v.language, v.definite = best, 0.0001, false
	}
}

// matchLanguages matches the variant's languages with Accept-Language: of each
// the longest range that is it or a prefix of it counts, of these the best.
func (n *negotiation) matchLanguages(v *variant) {
	var best, star *accepted
	var fiddled float32
	onStar := false
	for _, l := range v.languages {
		var of *accepted
		longest := 0
		for i := range n.languages {
			a := &n.languages[i]
			if a.name == "*" {
				if star == nil {
					star = a
				}
				continue
			}
			if strings.HasPrefix(l, a.name) && (len(l) == len(a.name) || l[len(a.name)] == '-') && len(a.name) > longest {
				longest, of = len(a.name), a
			}
			if of == nil && !n.strict {
				// Someone who asks for "en-US" alone is likely to like "en" better than nothing.
				if dash := strings.IndexByte(a.name, '-'); dash >= 0 && strings.HasPrefix(l, a.name[:dash]) {
					fiddled = 0.001
				}
			}
		}
		if best == nil || of != nil && of.quality > best.quality {
			best = of
		}
		if of == nil && star != nil {
			onStar = true
		}
	}
	if onStar && (best == nil || star.quality > best.quality) {
		best, v.definite = star, false
	}
	if best != nil {
		v.language = best.quality
	} else {
		v.language = fiddled
	}
}

// setCharset finds how much the client likes the variant's charset (set_charset_quality).
func (n *negotiation) setCharset(v *variant) {
	charset := v.charset
	if !n.hasCharsets {
		if charset != "" {
			v.definite = false
		}
		return
	}
	const latin1 = "iso-8859-1"
	if charset == "" {
		if !strings.HasPrefix(v.mimeType, "text/") || n.strict {
			return
		}
		charset = latin1
	}
	var star *accepted
	for i := range n.charsets {
		a := &n.charsets[i]
		if a.name == charset {
			v.charsetQ = a.quality
			return
		}
		if a.name == "*" {
			star = a
		}
	}
	switch {
	case star != nil:
		v.charsetQ, v.definite = star.quality, false
	case charset == latin1:
		v.charsetQ = 1
	default:
		v.charsetQ = 0
	}
}

// identity tells whether a variant is not encoded.
func identity(v *variant) bool {
	switch v.encoding.V {
	case "", "7bit", "8bit", "binary":
		return true
	}
	return false
}

// setEncoding finds how much the client likes the variant's encoding (set_encoding_quality).
func (n *negotiation) setEncoding(v *variant) {
	plain := identity(v)
	if !n.hasEncodings {
		v.encodingQ = 0.5
		if plain {
			v.encodingQ = 1
		}
		return
	}
	encoding := strings.TrimPrefix(v.encoding.V, "x-")
	if plain {
		encoding = "identity"
	}
	var star *accepted
	for i := range n.encodings {
		a := &n.encodings[i]
		name := strings.TrimPrefix(a.name, "x-")
		if name == encoding {
			v.encodingQ = a.quality
			return
		}
		if name == "*" {
			star = a
		}
	}
	switch {
	case star != nil:
		v.encodingQ = star.quality
	case plain:
		v.encodingQ = 0.0001
	default:
		v.encodingQ = 0
	}
}

// betterRVSA tells whether v beats best by RFC 2296's algorithm, with bestQ the quality of best.
func betterRVSA(v, best *variant, bestQ *float32) bool {
	if v.encodingQ == 0 {
		return false
	}
	q := v.mime * v.source * v.charsetQ * v.language
	if q <= 0 || q < *bestQ || q == *bestQ && (best == nil || v.encodingQ <= best.encodingQ) {
		return false
	}
	*bestQ = q
	return true
}

// better tells whether v beats best by Apache's algorithm (is_variant_better).
func (n *negotiation) better(v, best *variant, bestQ *float32) bool {
	if v.encodingQ == 0 || v.language == 0 || v.source == 0 || v.charsetQ == 0 || v.mime == 0 {
		return false
	}
	q := v.mime * v.source
	if q == 0 || q < *bestQ {
		return false
	}
	if q == *bestQ && best != nil && !n.preferred(v, best) {
		return false
	}
	*bestQ = q
	return true
}

// preferred breaks the tie of two variants whose types are liked alike: by
// language, level, charset, encoding, length.
func (n *negotiation) preferred(v, best *variant) bool {
	if v.language != best.language {
		return v.language > best.language
	}
	if i, j := v.languageIndex, best.languageIndex; i != j {
		return j == -1 || i != -1 && i < j
	}
	if c := compareLevels(v, best); c != 0 {
		return c > 0
	}
	if v.charsetQ != best.charsetQ {
		return v.charsetQ > best.charsetQ
	}
	if !latin1(v) && latin1(best) {
		return true
	}
	if v.encodingQ != best.encodingQ {
		return v.encodingQ > best.encodingQ
	}
	return n.length(v) < n.length(best)
}

func latin1(v *variant) bool { return v.charset == "" || v.charset == "iso-8859-1" }

// choose finds the best variant, nil if there is none. list tells that the
// client is to choose (best_match).
func (n *negotiation) choose() (best *variant, list bool) {
	env := &n.r.Env
	prefer, preferred := env.Get("prefer-language")
	_, noEncoding := env.Get("no-gzip")
	onlyHTML := false
	if !noEncoding {
		only, _ := env.Get("gzip-only-text/html")
		onlyHTML = only == "1"
	}
	n.defaultLanguage = 1
	if !n.strict && slices.ContainsFunc(n.variants, func(v variant) bool { return len(v.languages) > 0 }) {
		n.defaultLanguage = 0.0001
	}
	var bestQ float32
	for {
		best = nil
		for i := range n.variants {
			v := &n.variants[i]
			encoded := !identity(v) && v.encoding.V != "identity"
			if encoded && (noEncoding || onlyHTML && !strings.HasPrefix(v.mimeType, "text/html")) {
				continue
			}
			if preferred && !slices.Contains(v.languages, prefer) {
				continue
			}
			n.setAccept(v)
			if preferred {
				v.language, v.definite = 1, true
			} else {
				n.setLanguage(v)
			}
			n.setEncoding(v)
			n.setCharset(v)
			switch {
			case !n.mayChoose:
			case n.useRVSA:
				if betterRVSA(v, best, &bestQ) {
					best = v
				}
			case n.better(v, best, &bestQ):
				best = v
			}
		}
		list = bestQ <= 0
		if n.useRVSA {
			list = list || best == nil || !best.definite
		}
		if preferred && (best == nil || list) {
			preferred = false
			continue
		}
		return best, list
	}
}
