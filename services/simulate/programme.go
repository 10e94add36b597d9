package simulate

import (
	"math"

	"github.com/muster-works/muster/events/civil"
)

// The published figures of the programme, at scale 1.
const (
	planned        = 400_000
	developed      = 409_720 // seats on the first census
	placedAtFirst  = 351_480
	placedAtSecond = 400_000
	developedLater = 2_400 // seats of posts developed after the first census
	addedLater     = 1_200 // seats added to posts after it
)

var (
	firstCensus  = civil.On(2022, 5, 10)
	secondCensus = civil.On(2022, 6, 30)
)

// scaled returns n times the scale, rounded half up.
func (w *world) scaled(n int) int { return int(math.Floor(float64(n)*w.cfg.Scale + 0.5)) }

// Frequencies of what happens to people. A person who reaches the end of the age span
// of the group leaves on that birthday. leavingRate is the rate of all other exits, so
// that both together are 1.5 % a month.
const (
	urbanShare      = 0.15
	femaleShare     = 0.54
	leavingRate     = 0.0133 / 30.4 // exits per person and day
	backfillMedian  = 18.0          // days
	backfillSigma   = 0.7
	backfillMean    = 23.0
	neverFilled     = 0.02 // part of the vacancies
	reportMedian    = 4.0  // days until an exit is reported
	reportSigma     = 1.318
	diedShare       = 0.25 // deaths among the exits by N2 before the end of the age span
	rehiredShare    = 0.02 // part of the backfills that are rehires
	spouseShare     = 0.02
	cardShare       = 0.012  // part of the placements with a replaced card
	twiceShare      = 0.0006 // part of the placements that are paid twice in one month, which is reversed
	matchShare      = 0.0006 // part of the placements that a registry confuses with another person
	fullTeamShare   = 0.004  // part of the posts of five seats and more
	birthdayShare   = 0.0015 // part of the group older who begin on the birthday that admits them
	shortShare      = 0.04   // part of the placements with a first term of half a year
	repeatedShare   = 0.005  // part of the submissions that are sent again unchanged
	againShare      = 0.001  // part that is sent again under a new id
	correctedSheets = 0.01
	overseenSheets  = 0.1 // part of the corrected sheets that the prefecture corrects
	inspectedErrors = 0.1 // part of the wrong sheets that an inspector contradicts in place of a correction
	correctedRuns   = 0.002
	partialPayments = 0.002 // pay lines that the bank pays in two parts
	invalidShare    = 0.001
	lateRuns        = 0.03
	raisedCounties  = 0.25  // part of the counties with a standard of their own that raise it in July
	raisedPercent   = 110   // of the old standard
	movedPosts      = 0.003 // part of the posts that move to another village of the township
	mergedVillages  = 0.002 // part of the villages with posts that are merged into a neighbour
	suspendedShare  = 0.004 // part of the placements that are suspended for a month
	regroupedShare  = 0.003 // part of the rural placements whose group changes
	renamedShare    = 0.002 // part of the placements during which the person gets another name
	estimatedExits  = 0.005 // part of the exits whose day nobody knows
)

// A share is one of several alternatives and its part of the whole.
type share[T any] struct {
	of   T
	part float64
}

// pick returns the alternative that u, from 0 to 1, falls on.
func pick[T any](shares []share[T], u float64) T {
	for _, s := range shares {
		if u -= s.part; u < 0 {
			return s.of
		}
	}
	return shares[len(shares)-1].of
}

// normalizeShares scales the parts so that their sum is 1.
func normalizeShares[T any](shares []share[T]) []share[T] {
	sum := 0.0
	for _, s := range shares {
		sum += s.part
	}
	for i := range shares {
		shares[i].part /= sum
	}
	return shares
}

var (
	ruralGroups = []share[string]{{"older", .52}, {"out_of_poverty", .22}, {"low_income", .16}, {"disabled", .10}}
	urbanGroups = []share[string]{{"older", .70}, {"zero_employment_family", .12}, {"other", .18}}

	// exitCodes are the codes of people who leave before the end of the age span.
	exitCodes = []share[string]{
		{"N1", .30}, {"N2", .135}, {"N3", .12}, {"N4", .06}, {"N5", .15},
		{"D1", .009}, {"D2", .054}, {"D3", .03}, {"D4", .009}, {"D5", .003}, {"D6", .036}, {"D7", .009},
	}

	categories = []share[int]{{0, .30}, {1, .27}, {2, .18}, {3, .15}, {4, .10}}

	ruralSizes = []share[int]{{2, .08}, {3, .12}, {4, .15}, {5, .15}, {6, .14}, {8, .14}, {10, .12}, {15, .06}, {20, .04}}
	urbanSizes = []share[int]{{1, .20}, {2, .25}, {3, .20}, {4, .15}, {6, .12}, {10, .08}}
)

// postKinds are the published kinds of posts, by category.
var postKinds = [5]struct {
	category string
	kinds    []string
}{
	{"facility_maintenance", []string{"保洁护路", "荒山绿化", "农村公路养护", "水利设施维护", "供水管护", "公厕管护", "路灯维护", "农家书屋维护"}},
	{"public_service", []string{"帮扶残疾人", "卫生防疫", "养老护理", "托幼看护", "便民代办", "就业服务协理"}},
	{"public_management", []string{"齐长城巡护", "护林防火", "河湖巡查", "交通劝导", "环境监督", "食品安全协管", "文物看护"}},
	{"social_governance", []string{"治安巡逻", "矛盾调解", "网格协管", "禁毒宣传", "应急值守", "信访代办"}},
	{"social_undertaking", []string{"文明实践站所管理", "图书管理", "体育场馆管护", "文化广场管理", "科普宣传", "妇儿之家管理"}},
}
