package events

// A catalogueRow gives the family that emits an event type, and the payload of the
// type.
type catalogueRow struct {
	name   Type
	family Family
	empty  func() Data
}

// catalogue lists the event types of contract v1. Every other statement about all
// types is derived from it: [Types], [Type.Family], [New].
//
// The index of a row is the number of its type in durable forms (see [Type.Number]).
// A row is therefore never moved or removed, and a new type is appended at the end.
//
// TestCatalogue fails if a payload struct of this package has no row.
var catalogue = [...]catalogueRow{
	{PlanSetType, Post, func() Data { return new(PlanSet) }},
	{PostDevelopedType, Post, func() Data { return new(PostDeveloped) }},
	{PostResizedType, Post, func() Data { return new(PostResized) }},
	{PostClosedType, Post, func() Data { return new(PostClosed) }},
	{HirePlacedType, Hire, func() Data { return new(HirePlaced) }},
	{HireRenewedType, Hire, func() Data { return new(HireRenewed) }},
	{ExitRecordedType, Exit, func() Data { return new(ExitRecorded) }},
	{TrainingCompletedType, Training, func() Data { return new(TrainingCompleted) }},
	{AttendanceReportedType, Attendance, func() Data { return new(AttendanceReported) }},
	{FundAllocatedType, Payment, func() Data { return new(FundAllocated) }},
	{AccountAssignedType, Payment, func() Data { return new(AccountAssigned) }},
	{PaymentInstructedType, Payment, func() Data { return new(PaymentInstructed) }},
	{PaymentSettledType, Payment, func() Data { return new(PaymentSettled) }},
	{PaymentReturnedType, Payment, func() Data { return new(PaymentReturned) }},
	{PaymentReversedType, Payment, func() Data { return new(PaymentReversed) }},
	{RegistryReportedType, Registry, func() Data { return new(RegistryReported) }},
	{FindingReviewedType, Review, func() Data { return new(FindingReviewed) }},
	{PolicyAdoptedType, Policy, func() Data { return new(PolicyAdopted) }},
	{EventWithdrawnType, anyFamily, func() Data { return new(EventWithdrawn) }},
	{SubmissionsTalliedType, Gateway, func() Data { return new(SubmissionsTallied) }},
	{PersonErasedType, Gateway, func() Data { return new(PersonErased) }},
	{PersonRevealedType, Gateway, func() Data { return new(PersonRevealed) }},
	{PostChangedType, Post, func() Data { return new(PostChanged) }},
	{HireChangedType, Hire, func() Data { return new(HireChanged) }},
	{HireSuspendedType, Hire, func() Data { return new(HireSuspended) }},
	{HireResumedType, Hire, func() Data { return new(HireResumed) }},
	{PaymentRejectedType, Payment, func() Data { return new(PaymentRejected) }},
	{FundSurrenderedType, Payment, func() Data { return new(FundSurrendered) }},
	{PersonIdentifiedType, Hire, func() Data { return new(PersonIdentified) }},
	{DivisionsAdoptedType, Policy, func() Data { return new(DivisionsAdopted) }},
}

// anyFamily is the family of event.withdrawn. The family of such an event is that of
// the event it withdraws, see [Event.Family].
const anyFamily Family = ""

// MaxTypes is the number of event types that every durable form has room for.
const MaxTypes = 64

// This declaration fails to compile if the catalogue has more rows than the durable
// forms have room for.
var _ [MaxTypes - len(catalogue)]struct{}

// row returns the row of a type, or nil if the type does not exist.
func (t Type) row() *catalogueRow {
	for i := range catalogue {
		if catalogue[i].name == t {
			return &catalogue[i]
		}
	}
	return nil
}

// Family returns the family that owns t. It returns the empty Family for
// event.withdrawn, whose family depends on the event (see [Event.Family]), and for a
// type that does not exist.
func (t Type) Family() Family {
	if r := t.row(); r != nil {
		return r.family
	}
	return ""
}

// Number returns the number of the type in durable forms, from 0 to [MaxTypes]-1. The
// result is false if the type does not exist. The number of a type never changes and
// is never given to another type.
func (t Type) Number() (int, bool) {
	for i := range catalogue {
		if catalogue[i].name == t {
			return i, true
		}
	}
	return 0, false
}

// Types returns the event types of the contract in the order of their numbers (see
// [Type.Number]).
func Types() []Type {
	list := make([]Type, len(catalogue))
	for i := range catalogue {
		list[i] = catalogue[i].name
	}
	return list
}

// New returns a new empty payload of a type, or nil if the type does not exist.
func New(t Type) Data {
	if r := t.row(); r != nil {
		return r.empty()
	}
	return nil
}
