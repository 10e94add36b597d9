package timeline_test

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/projections/timeline"
)

// The events that the layouts are filled with: each field has a value of its own,
// and dates lie before and after the one that they are packed by.
var (
	layoutDay   = civil.MustDate("2022-05-01")
	layoutUntil = civil.MustDate("2019-03-31")
	layoutMonth = civil.MonthOf(2022, 5)
	layoutRef   = timeline.MakeRef(300, 5)
)

// packed are the rests of all kinds of facts.
func packed() []layouttest.Case {
	calendar := timeline.CalendarOf(layoutMonth)
	return []layouttest.Case{
		{Name: "developed", Bytes: timeline.PackDeveloped(nil, "370211102231", "370211-rsj", &events.PostDeveloped{
			Post: "p", Category: "public_service", Kind: "保洁护路", Area: "rural", Employer: "e", Fund: "F", Seats: 300, From: layoutDay, Until: layoutUntil, Standard: 60000, RequiredDays: 20})},
		{Name: "developed, a category of its own", Bytes: timeline.PackDeveloped(nil, "", "a", &events.PostDeveloped{Category: "other", Area: "urban", Division: "370211000000", Seats: 1})},
		{Name: "resized", Bytes: timeline.PackResized(nil, &events.PostResized{Seats: 5, From: layoutDay})},
		{Name: "closed", Bytes: timeline.PackClosed(nil, &events.PostClosed{On: layoutDay})},
		{Name: "changed", Bytes: timeline.PackChanged(nil, &events.PostChanged{
			On: layoutDay, Category: "public_service", Kind: "k", Employer: "e", Division: "370211102232", Area: "urban", Standard: 88000, RequiredDays: 22, Fund: "F"})},
		{Name: "changed, a little", Bytes: timeline.PackChanged(nil, &events.PostChanged{On: layoutUntil, Standard: 1})},
		{Name: "hired", Bytes: timeline.PackHired(nil, &events.HirePlaced{Seat: 2, From: layoutDay, Until: layoutUntil, Group: "older", Sex: "F", BirthMonth: civil.MonthOf(1965, 1)})},
		{Name: "exited", Bytes: timeline.PackExited(nil, &events.ExitRecorded{On: layoutDay, Kind: "dismissal", Code: "D2"})},
		{Name: "hired, standing in", Bytes: timeline.PackHired(nil, &events.HirePlaced{Seat: 2, From: layoutDay, Group: "older", Sex: "M", StandingInFor: events.Person{1}})},
		{Name: "exited, estimated", Bytes: timeline.PackExited(nil, &events.ExitRecorded{On: layoutDay, Kind: "natural", Code: "N5", Estimated: "year"})},
		{Name: "changed", Bytes: timeline.PackGroupChanged(nil, &events.HireChanged{On: layoutDay, Group: "disabled"})},
		{Name: "suspended", Bytes: timeline.PackSuspended(nil, &events.HireSuspended{From: layoutDay, Until: layoutUntil})},
		{Name: "resumed", Bytes: timeline.PackResumed(nil, &events.HireResumed{On: layoutDay})},
		{Name: "identified", Bytes: timeline.PackIdentified(nil, &events.PersonIdentified{On: layoutDay, Reason: events.Mistyped, Sex: "M", BirthMonth: civil.MonthOf(1965, 1)})},
		{Name: "identified from a day on", Bytes: timeline.PackIdentified(nil, &events.PersonIdentified{On: layoutUntil, Reason: events.Changed, Sex: "F", BirthMonth: layoutMonth})},
		{Name: "renewed", Bytes: timeline.PackRenewed(nil, &events.HireRenewed{Until: layoutDay})},
		{Name: "trained", Bytes: timeline.PackTrained(nil, &events.TrainingCompleted{On: layoutDay, Hours: 8, PreService: true})},
		{Name: "marks, as usual", Bytes: timeline.PackMarks(nil, 0, calendar, ".PPPPP..PPPPP..PPPPP..PPPPP..PP")},
		{Name: "marks, some days otherwise", Bytes: timeline.PackMarks(nil, 0, calendar, ".PPPPA..PPPPP..PPPLP..PPHPP..PS")},
		{Name: "marks, raw", Bytes: timeline.PackMarks(nil, 0, calendar, "-.ALSHP-.ALSHP-.ALSHP-.ALSHP")},
		{Name: "mark", Bytes: timeline.PackMark(nil, 0, layoutDay, "H")},
		{Name: "mark of a county's inspector", Bytes: timeline.PackMark(nil, timeline.AuthorityOf(
			&events.Event{AuthDivision: "370211"}, &events.AttendanceReported{Capacity: "inspection"}), layoutDay, "S")},
		{Name: "instructed", Bytes: timeline.PackInstructed(nil, layoutMonth, layoutDay, &events.PayLine{Line: "17", Kind: "arrears", Amount: 60000})},
		{Name: "instructed, named, of another month", Bytes: timeline.PackInstructed(nil, layoutMonth, layoutDay, &events.PayLine{Line: "x-3", Month: layoutMonth - 1, Amount: 1})},
		{Name: "settled", Bytes: timeline.PackSettled(nil, layoutDay, &events.SettledLine{Line: "17", Account: "6af1"})},
		{Name: "settled in part", Bytes: timeline.PackSettled(nil, layoutDay, &events.SettledLine{Line: "17", Amount: 20000})},
		{Name: "returned", Bytes: timeline.PackReturned(nil, &events.ReturnedLine{Line: "17", On: layoutDay})},
		{Name: "returned in part", Bytes: timeline.PackReturned(nil, &events.ReturnedLine{Line: "17", On: layoutDay, Amount: 20000})},
		{Name: "rejected", Bytes: timeline.PackRejected(nil, layoutDay, &events.RejectedLine{Line: "17"})},
		{Name: "account", Bytes: timeline.PackAccount(nil, &events.AccountAssigned{Account: "6af1", From: layoutDay})},
		{Name: "registry", Bytes: timeline.PackRegistry(nil, "insurance", &events.RegistryLine{From: layoutDay, Until: layoutUntil})},
	}
}

// coded are the codes of everything that stands in a list of codes.
func coded() (cases []layouttest.Case) {
	for _, s := range []string{"", "public_management", "public_service", "social_undertaking", "facility_maintenance", "social_governance"} {
		cases = append(cases, layouttest.Case{Name: "category " + s, Bytes: timeline.PackDeveloped(nil, "", "", &events.PostDeveloped{Category: s})})
	}
	for _, s := range []string{"older", "out_of_poverty", "low_income", "disabled", "zero_employment_family", "other"} {
		for _, sex := range []string{"", "F", "M"} {
			cases = append(cases, layouttest.Case{Name: "group " + s + " " + sex, Bytes: timeline.PackHired(nil, &events.HirePlaced{Group: s, Sex: sex})})
		}
	}
	for _, s := range []string{"", "natural", "dismissal"} {
		cases = append(cases, layouttest.Case{Name: "kind " + s, Bytes: timeline.PackExited(nil, &events.ExitRecorded{Kind: s})})
	}
	for _, s := range []string{"", "month", "year"} {
		cases = append(cases, layouttest.Case{Name: "estimated " + s, Bytes: timeline.PackExited(nil, &events.ExitRecorded{Estimated: s})})
	}
	for _, s := range []string{"allowance", "arrears", "insurance", "delay_compensation", "heat"} {
		cases = append(cases, layouttest.Case{Name: "pay " + s, Bytes: timeline.PackInstructed(nil, 0, 0, &events.PayLine{Kind: s})})
	}
	for _, s := range []string{"death", "pension", "insurance", "business", "fiscal", "custody"} {
		cases = append(cases, layouttest.Case{Name: "registry " + s, Bytes: timeline.PackRegistry(nil, s, new(events.RegistryLine))})
	}
	return cases
}

// tagged are facts of each tag, in the timeline of a post and in a folio.
func tagged() (cases []layouttest.Case) {
	var leaf timeline.Leaf
	var post []byte
	ref := layoutRef
	for _, tag := range []timeline.Tag{
		timeline.TagDeveloped, timeline.TagResized, timeline.TagClosed, timeline.TagHired, timeline.TagExited, timeline.TagRenewed, timeline.TagTrained,
		timeline.TagMarks, timeline.TagMark, timeline.TagInstructed, timeline.TagSettled, timeline.TagReturned, timeline.TagReversed,
		timeline.TagAccount, timeline.TagRegistry, timeline.TagMentioned, timeline.TagChanged,
		timeline.TagGroupChanged, timeline.TagSuspended, timeline.TagResumed, timeline.TagRejected, timeline.TagIdentified,
	} {
		f := timeline.Fact{Tag: tag, Run: 200, Post: 300, Person: 400, Rest: []byte("rest")}
		post = timeline.AppendFact(post, ref, f)
		leaf.Add(byte(tag), ref, f)
		ref += 600
	}
	leaf.AddRetraction(7, ref, layoutRef, ref)
	return []layouttest.Case{
		{Name: "facts of a post", Bytes: post},
		{Name: "facts of persons", Bytes: leaf.Bytes()},
		{Name: "void", Bytes: timeline.AppendRetraction(nil, ref, layoutRef, ref)},
		{Name: "planned", Bytes: timeline.AppendPlanned(nil, layoutRef, 4200)},
		{Name: "sheet", Bytes: timeline.AppendSheet(nil, layoutRef, layoutMonth, []timeline.Number{3, 300, 2})},
		{Name: "subjects", Bytes: timeline.AppendSubjects(nil, []timeline.Subject{{timeline.OfPost, 300}, {timeline.OfPlan, 2}, {timeline.OfPerson, 70000}})},
	}
}

// leaves are leaves of other things than facts.
func leaves() []layouttest.Case {
	id := [16]byte([]byte("0123456789abcdef"))
	hash := timeline.PersonHash(id)
	var refs, rows, pseudonyms, bearers timeline.Leaf
	for n := range 3 {
		ref := layoutRef + timeline.Ref(n*700)
		refs.AddRef(ref)
		rows.AddRows(ref.Ord(), []byte("rows"))
		pseudonyms.AddPseudonym(ref, id)
		bearers.AddBearer(timeline.Bearer{Ref: ref, No: timeline.Number(n * 300), Half: uint32(hash)})
	}
	return []layouttest.Case{
		{Name: "events", Bytes: refs.Bytes()},
		{Name: "rows", Bytes: rows.Bytes()},
		{Name: "pseudonyms", Bytes: pseudonyms.Bytes()},
		{Name: "bearers", Bytes: bearers.Bytes()},
		{Name: "bucket", Bytes: []byte{byte(timeline.Bucket(hash) >> 8), byte(timeline.Bucket(hash))}},
	}
}

// TestLayouts holds the packed form of timelines to what is frozen for Version.
func TestLayouts(t *testing.T) {
	for name, cases := range map[string][]layouttest.Case{"facts": packed(), "codes": coded(), "timelines": tagged(), "leaves": leaves()} {
		layouttest.Check(t, layouttest.Form{Name: name, Constant: "timeline.Version", Version: []int{timeline.Version}}, cases...)
	}
}
