package events

// Knows says whether the Scanner reads raw by itself.
func (s *Scanner) Knows(raw []byte) bool { return s.scan(raw) != nil }
