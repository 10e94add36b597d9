package readmodel

// The questions of a Reader, all by index.
const (
	metaQuery         = `SELECT name, value FROM meta`
	pulseQuery        = `SELECT epoch, ord, beat FROM progress`
	headQuery         = `SELECT c.ord, c.position, c.id, c.recorded, c.state FROM progress p JOIN commits c ON c.ord = p.ord`
	commitQuery       = `SELECT ord, position, id, recorded, state FROM commits WHERE ord = ?`
	knownQuery        = `SELECT ord, position, id, recorded, state FROM commits WHERE recorded <= ? ORDER BY recorded DESC, ord DESC LIMIT 1`
	positionQuery     = `SELECT ord, position, id, recorded, state FROM commits WHERE position = ?`
	stoppedQuery      = `SELECT coalesce(stopped, '') FROM progress`
	setAsideQuery     = `SELECT event, position, why FROM set_aside WHERE event < ? ORDER BY event`
	postQuery         = `SELECT facts FROM post WHERE name = ?`
	postNameQuery     = `SELECT name FROM post WHERE no = ?`
	postsUnderQuery   = `SELECT no, name, facts FROM post WHERE division >= ? AND division < ? OR division IN (?, ?, ?, ?, ?)`
	pseudonymsQuery   = `SELECT ids FROM person WHERE folio = ? ORDER BY last`
	bearersQuery      = `SELECT persons FROM bearer WHERE bucket = ? ORDER BY last`
	leavesQuery       = `SELECT facts FROM leaf WHERE folio = ? AND last > ? ORDER BY last`
	folioEndsQuery    = `SELECT f.no, coalesce((SELECT max(l.last) FROM leaf l WHERE l.folio = f.no), 0) FROM folio f WHERE f.no > ? ORDER BY f.no`
	postSizesQuery    = `SELECT no, length(facts) FROM post WHERE no > ? ORDER BY no`
	postFactsQuery    = `SELECT no, name, facts FROM post WHERE no BETWEEN ? AND ? ORDER BY no`
	runQuery          = `SELECT name FROM run WHERE no = ?`
	agencyQuery       = `SELECT no FROM agency WHERE name = ?`
	agencyLeavesQuery = `SELECT events FROM agency_leaf WHERE agency = ? AND last > ? ORDER BY last`
	retractionQuery   = `SELECT by, coalesce(target, 0) FROM void WHERE key = ?`
	subjectsQuery     = `SELECT subjects FROM commits WHERE ord = ?`
	planQuery         = `SELECT division, year, area FROM plan_line WHERE no = ?`
)
