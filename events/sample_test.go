package events_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

var (
	day       = civil.MustDate
	month     = civil.MustMonth
	wang      = uuid.MustParse("3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11")
	li        = uuid.MustParse("b81d3c52-2c7b-4a0e-8f64-7e1f0c9a2d22")
	who       = events.Who{Person: wang}
	sealedWho = events.Who{Person: wang, Identity: &events.Identity{
		Sealed: "c2VhbGVkIGlkZW50aXR5", NameToken: "nt_4f1c", PhoneToken: "pt_91ab", HouseholdToken: "ht_07de",
	}}
)

// records returns records of every type that together have every field. The names are
// those of the files in testdata/v1/record: the type, and a variant if one event
// cannot have all fields.
func records(t testing.TB) map[string]*events.Event {
	reference, err := policy.Reference()
	if err != nil {
		t.Fatal(err)
	}
	reference.ValidTo = day("2027-01-01")
	conditional := *reference
	conditional.Eligibility = []policy.Condition{
		{Code: "too_old_for_maintenance", When: "post.category != 'facility_maintenance' || person.age < 60", Detail: "设施维护类岗位限60岁以下"},
		{Code: "not_yet_50", When: "person.age >= 50", Detail: "is for people from 50"},
	}
	county := *reference
	county.Version, county.Jurisdiction, county.AheadDays = "370211-2025.1", "370211", 30
	county.Groups, county.Exits.Codes = reference.Groups[:1], reference.Exits.Codes[:1]
	county.Attendance.Ranks = []string{policy.Inspection, "county", "township", "village"}
	county.PayKinds = []policy.PayKind{
		{Code: "allowance", Title: "allowance of the month", Label: "岗位补贴", Counts: true},
		{Code: "heat", Title: "heat allowance", Label: "高温补贴"},
	}
	county.RetirementRises = []policy.RetirementRise{{Sex: "M", Age: 60, BornFrom: month("1965-01"), EveryMonths: 4, MostMonths: 36}}
	county.Eligibility = []policy.Condition{{
		Code: "placed_twice", When: "history.placements < 2", Detail: "was placed twice before", DetailZH: "已安置过两次", Renewals: true,
	}}
	all := map[string]events.Data{
		"policy.adopted.history": &events.PolicyAdopted{Pack: county},
		"divisions.adopted": &events.DivisionsAdopted{Edition: "2023", Lines: []events.DivisionLine{
			{Code: "370211102231", Level: "village", Name: "大村", ValidTo: day("2022-07-01"), Successor: "370211102232"},
			{Code: "370211102240", Level: "village", Name: "新村", ValidFrom: day("2022-07-01")},
		}},
		"plan.set": &events.PlanSet{Division: "370211000000", Year: 2022, Area: "rural", Posts: 4200},
		"post.developed": &events.PostDeveloped{
			Post: "370211102231-001", Category: "public_management", Kind: "齐长城巡护", Title: "巡护员", Employer: "12370211MB2857123X",
			Division: "370211102231", Area: "rural", Seats: 3, From: day("2022-03-01"), Until: day("2025-03-01"),
			Standard: 60000, RequiredDays: 20, Fund: "F-2022-370211",
		},
		"post.resized": &events.PostResized{Post: "370211102231-001", Seats: 5, From: day("2022-08-01")},
		"post.changed": &events.PostChanged{
			Post: "370211102231-001", On: day("2022-07-01"), Category: "facility_maintenance", Kind: "保洁护路", Title: "护路员",
			Employer: "12370211MB2857124T", Division: "370211102232", Area: "urban", Standard: 88000, RequiredDays: 22, Fund: "F-2022-370211",
		},
		"post.closed": &events.PostClosed{Post: "370211102231-001", On: day("2023-01-01"), Reason: "村并入社区"},
		"hire.placed": &events.HirePlaced{
			Who: sealedWho, Post: "370211102231-001", Seat: 2, From: day("2022-05-01"), Until: day("2025-05-01"),
			Group: "older", BirthMonth: month("1965-01"), Sex: "M", Review: &events.Reviewed{On: day("2022-04-20")},
			Publicity: &events.Publicity{From: day("2022-04-21"), Until: day("2022-04-24")},
			Agreement: &events.Agreement{Number: "A-17", Signed: day("2022-04-28"), Until: day("2025-05-01")},
		},
		"hire.placed.stand_in": &events.HirePlaced{
			Who: sealedWho, Post: "370211102231-001", Seat: 2, From: day("2022-07-01"), Until: day("2022-10-01"),
			Group: "older", BirthMonth: month("1965-01"), Sex: "M", StandingInFor: li,
		},
		"hire.changed":   &events.HireChanged{Who: sealedWho, Post: "370211102231-001", On: day("2022-09-01"), Group: "disabled"},
		"hire.suspended": &events.HireSuspended{Who: sealedWho, Post: "370211102231-001", From: day("2022-07-01"), Until: day("2022-10-01"), Reason: "住院治疗"},
		"hire.resumed":   &events.HireResumed{Who: sealedWho, Post: "370211102231-001", On: day("2022-09-15")},
		"exit.recorded.estimated": &events.ExitRecorded{
			Who: sealedWho, Post: "370211102231-001", On: day("2019-07-01"), Kind: "natural", Code: "N5", Estimated: "year",
		},
		"hire.renewed":  &events.HireRenewed{Who: sealedWho, Post: "370211102231-001", Until: day("2026-05-01")},
		"exit.recorded": &events.ExitRecorded{Who: sealedWho, Post: "370211102231-001", On: day("2022-06-15"), Kind: "natural", Code: "N1", Note: "到企业就业"},
		"training.completed": &events.TrainingCompleted{
			Who: sealedWho, Course: "岗前培训", Hours: 8, On: day("2022-04-29"), PreService: true, Certificate: "C-2022-0017",
		},
		"attendance.reported": &events.AttendanceReported{
			Post: "370211102231-001", Month: month("2022-05"), Recorder: "village-clerk-3", Lines: []events.AttendanceLine{
				{Person: wang, Marks: ".PPPPP..PPPPP..PPPLP..PPPPP..PP"},
				{Person: li, Marks: "PHLAS.-", Device: "dev-7", Evidence: "sha256:9f2c"},
			},
		},
		"attendance.reported.daily": &events.AttendanceReported{
			Post: "370211102231-001", Date: day("2022-05-09"), Recorder: "village-clerk-3", Lines: []events.AttendanceLine{
				{Person: wang, Mark: "P", Device: "dev-7", Evidence: "sha256:9f2c"},
				{Person: li, Mark: "."},
			},
		},
		"attendance.reported.inspection": &events.AttendanceReported{
			Post: "370211102231-001", Date: day("2022-05-10"), Recorder: "county-inspector-2", Capacity: "inspection", Lines: []events.AttendanceLine{
				{Person: wang, Mark: "S", Evidence: "sha256:51c0"},
			},
		},
		"attendance.reported.recorder": &events.AttendanceReported{
			Post: "370211102231-001", Date: day("2022-05-12"), RecorderPerson: li, Lines: []events.AttendanceLine{{Person: wang, Mark: "P"}},
		},
		"fund.allocated": &events.FundAllocated{
			Fund: "F-2022-370211", Division: "370211000000", Year: 2022, Amount: 1_535_000_000_00, Source: "省级就业补助资金",
		},
		"account.assigned": &events.AccountAssigned{Who: sealedWho, Account: "at_5d20", Bank: "102", From: day("2022-05-01"), Sealed: "c2VhbGVkIG51bWJlcg=="},
		"payment.instructed": &events.PaymentInstructed{
			Run: "R-2022-05", Month: month("2022-05"), Fund: "F-2022-370211", Lines: []events.PayLine{
				{Line: "1", Person: wang, Post: "370211102231-001", Month: month("2022-04"), Kind: "arrears", Amount: 60000},
				{Line: "2", Person: li, Post: "370211102231-001", Amount: 54000},
			},
		},
		"payment.settled": &events.PaymentSettled{
			Run: "R-2022-05", PaidOn: day("2022-06-14"), Lines: []events.SettledLine{
				{Line: "1", Person: wang, Account: "at_5d20"}, {Line: "2", Person: li},
			},
		},
		"payment.returned": &events.PaymentReturned{
			Run: "R-2022-05", Lines: []events.ReturnedLine{{Line: "1", Person: wang, Reason: "账户已注销", On: day("2022-06-16")}},
		},
		"payment.reversed": &events.PaymentReversed{
			Run: "R-2022-05", Lines: []events.ReturnedLine{{Line: "2", Person: li, Reason: "重复发放", On: day("2022-06-20")}},
		},
		"payment.instructed.on": &events.PaymentInstructed{
			Run: "2022-06", Month: month("2022-06"), Fund: "F-2022-370211", On: day("2022-07-08"), OrderedBy: "/agency/370211-rsj", Lines: []events.PayLine{
				{Line: "1", Person: wang, Post: "370211102231-001", Kind: "delay_compensation", Amount: 60000},
			},
		},
		"payment.settled.part": &events.PaymentSettled{
			Run: "2022-06", OrderedBy: "/agency/370211-rsj", PaidOn: day("2022-07-14"), Lines: []events.SettledLine{{Line: "1", Person: wang, Amount: 20000}},
		},
		"payment.returned.part": &events.PaymentReturned{
			Run: "2022-06", OrderedBy: "/agency/370211-rsj", Lines: []events.ReturnedLine{{Line: "1", Person: wang, On: day("2022-07-16"), Amount: 5000}},
		},
		"payment.reversed.part": &events.PaymentReversed{
			Run: "2022-06", OrderedBy: "/agency/370211-rsj", Lines: []events.ReturnedLine{{Line: "1", Person: wang, On: day("2022-07-20"), Amount: 1000}},
		},
		"payment.rejected": &events.PaymentRejected{
			Run: "2022-06", OrderedBy: "/agency/370211-rsj", On: day("2022-07-15"), Lines: []events.RejectedLine{{Line: "1", Person: wang, Reason: "户名不符", Amount: 40000}},
		},
		"fund.allocated.usable_until": &events.FundAllocated{
			Fund: "F-2022-370211", Division: "370211000000", Year: 2022, Amount: 4000000, On: day("2022-03-01"), UsableUntil: day("2022-12-31"),
		},
		"fund.surrendered": &events.FundSurrendered{Fund: "F-2022-370211", On: day("2022-12-31"), Amount: 40000, Reason: "年终结余上缴"},
		"registry.reported": &events.RegistryReported{
			Registry: "insurance", Lines: []events.RegistryLine{
				{Person: wang, From: day("2022-06-01"), Until: day("2022-09-01"), Detail: "企业职工基本养老保险"}, {Person: li, From: day("2022-07-01")},
			},
		},
		"finding.reviewed":           &events.FindingReviewed{Finding: "F11/3f2c1f0a/2022-06", Verdict: "confirmed", Note: "已核实"},
		"policy.adopted":             &events.PolicyAdopted{Pack: *reference},
		"policy.adopted.eligibility": &events.PolicyAdopted{Pack: conditional},
		"event.withdrawn":            &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "x-000009", Reason: "录入有误"},
		"submissions.tallied": &events.SubmissionsTallied{
			Agency: "370211-rsj", From: instant(t, "2022-06-01T00:00:00Z"), Until: instant(t, "2022-06-01T00:01:00Z"), Accepted: 118, Duplicate: 2,
			Rejected: map[string]int{"malformed": 1, "invalid": 4, "missing": 2, "invalid_id_number": 3, "unknown_post": 1},
		},
		"person.identified": &events.PersonIdentified{
			Who: sealedWho, Reason: events.Mistyped, On: day("2022-06-01"), BirthMonth: month("1965-01"), Sex: "M",
			Posts: []string{"370211102231-001", "370211102231-002"}, HeldBy: li,
		},
		"person.identified.renamed": &events.PersonIdentified{Who: sealedWho, Reason: events.Renamed, On: day("2022-06-01")},
		"person.erased":             &events.PersonErased{Person: wang, Reason: "依本人申请"},
		"person.revealed":           &events.PersonRevealed{Person: wang, Fields: []string{"name", "phone"}, Purpose: "信访核查"},
	}
	out := make(map[string]*events.Event, len(all))
	for name, data := range all {
		out[name] = &events.Event{
			ID: "id-" + name, Source: "/agency/370211-rsj", Type: data.Type(), Subject: "370211102231-001",
			Time: instant(t, "2022-06-01T08:00:00+08:00"), Division: "370211102231", Submode: events.ModeRecord, Replaces: "id-before",
			AuthType: "token", AuthID: "370211-rsj", CorrelationID: "7d0c5a52-9a51-4f0e-8a53-000000000001",
			PolicyVersion: "shandong-2022.1", Digest: "9f86d081884c7d659a2feaa0c55ad015", Data: data,
		}
	}
	overseer := *out["event.withdrawn"]
	overseer.Source, overseer.AuthID = "/agency/370200-rsj", "370200-rsj"
	overseer.AuthDivision, overseer.ReplacesSource = "3702", "/agency/370211-rsj"
	out["event.withdrawn.overseer"] = &overseer
	return out
}

func instant(t testing.TB, s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
