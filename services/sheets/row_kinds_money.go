package sheets

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// settlements reads what the bank paid: one row a line of a run.
var settlements = rowKind{
	name: "settlement", labels: splitLabels("到账 发放到账"), typ: events.PaymentSettledType,
	lines: linesIn(func(d *events.PaymentSettled) *[]events.SettledLine { return &d.Lines },
		func(l *events.SettledLine) *string { return &l.Line }),
	names: namesOf(func(d *events.PaymentSettled) []string { return []string{d.Run, d.OrderedBy, d.PaidOn.String()} }),
	columns: slices.Concat([]column{
		textColumn("run", runLabels, func(d *events.PaymentSettled) *string { return &d.Run }).asRequired(),
		textColumn("ordered_by", orderedByLabels, func(d *events.PaymentSettled) *string { return &d.OrderedBy }),
		dateColumn("paid_on", "到账日期", func(d *events.PaymentSettled) *civil.Date { return &d.PaidOn }).asRequired(),
		textColumn("line", lineLabels, func(d *events.PaymentSettled) *string { return &d.Lines[0].Line }).asRequired(),
		textColumn("number", "银行账号", func(d *events.PaymentSettled) *string { return &d.Lines[0].Number }),
		{name: "name", labels: splitLabels("姓名")},
	}, moneyColumns("amount", "到账金额(元) 到账金额", func(d *events.PaymentSettled) *events.Fen { return &d.Lines[0].Amount })),
}

// rejections reads what the bank refused before it credited anything: one row a line of a run.
var rejections = rowKind{
	name: "rejection", labels: splitLabels("拒付 银行拒付"), typ: events.PaymentRejectedType,
	lines: linesIn(func(d *events.PaymentRejected) *[]events.RejectedLine { return &d.Lines },
		func(l *events.RejectedLine) *string { return &l.Line }),
	names: namesOf(func(d *events.PaymentRejected) []string { return []string{d.Run, d.OrderedBy, d.On.String()} }),
	columns: []column{
		textColumn("run", runLabels, func(d *events.PaymentRejected) *string { return &d.Run }).asRequired(),
		textColumn("ordered_by", orderedByLabels, func(d *events.PaymentRejected) *string { return &d.OrderedBy }),
		dateColumn("on", "拒付日期", func(d *events.PaymentRejected) *civil.Date { return &d.On }).asRequired(),
		textColumn("line", lineLabels, func(d *events.PaymentRejected) *string { return &d.Lines[0].Line }).asRequired(),
		textColumn("reason", "原因 拒付原因", func(d *events.PaymentRejected) *string { return &d.Lines[0].Reason }),
		{name: "name", labels: splitLabels("姓名")},
	},
}

// surrenders reads what was handed back: one row an event.
var surrenders = rowKind{
	name: "surrender", labels: splitLabels("资金上缴 结余上缴"), typ: events.FundSurrenderedType,
	anyOf: [][]string{{"amount", "amount_yuan"}},
	names: namesOf(func(d *events.FundSurrendered) []string { return []string{d.Fund, d.On.String()} }),
	columns: slices.Concat([]column{
		textColumn("fund", "资金 资金编号", func(d *events.FundSurrendered) *string { return &d.Fund }).asRequired(),
		dateColumn("on", "上缴日期", func(d *events.FundSurrendered) *civil.Date { return &d.On }).asRequired(),
		textColumn("reason", "原因 上缴原因", func(d *events.FundSurrendered) *string { return &d.Reason }).asRequired(),
	}, moneyColumns("amount", "金额(元) 金额 上缴金额(元)", func(d *events.FundSurrendered) *events.Fen { return &d.Amount })),
}

const (
	runLabels       = "批次 发放批次"
	lineLabels      = "明细编号"
	orderedByLabels = "下令单位 发放单位"
)
