package sheets

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// kinds lists the kinds of sheets, in the order in which their events need each other.
var kinds = []kind{
	{
		name: "post", labels: labels("岗位"), typ: events.PostDevelopedType,
		natural: func(d events.Data) ([]string, bool) { return []string{d.(*events.PostDeveloped).Post}, false },
		columns: slices.Concat([]column{
			textOf("post", postLabels, func(d *events.PostDeveloped) *string { return &d.Post }).needed(),
			codeOf("category", "岗位类别 类别", categoryCodes, func(d *events.PostDeveloped) *string { return &d.Category }).needed(),
			textOf("kind", "岗位种类 工种", func(d *events.PostDeveloped) *string { return &d.Kind }),
			textOf("title", "岗位名称", func(d *events.PostDeveloped) *string { return &d.Title }),
			textOf("employer", "统一社会信用代码 用人单位代码", func(d *events.PostDeveloped) *string { return &d.Employer }),
			codeOf("area", "城乡 城乡类型", areaCodes, func(d *events.PostDeveloped) *string { return &d.Area }).needed(),
			wholeOf("seats", "名额 岗位名额 岗位数 岗位数量", func(d *events.PostDeveloped) *int { return &d.Seats }).needed(),
			dateOf("from", "开始日期 设立日期 开发日期", func(d *events.PostDeveloped) *civil.Date { return &d.From }).needed(),
		}, endsOf("until", "终止日期", func(d *events.PostDeveloped) *civil.Date { return &d.Until }),
			moneyOf("standard", "补贴标准(元) 补贴标准", func(d *events.PostDeveloped) *events.Fen { return &d.Standard }), []column{
				wholeOf("required_days", "应出勤天数", func(d *events.PostDeveloped) *int { return &d.RequiredDays }),
				textOf("fund", "资金 资金编号", func(d *events.PostDeveloped) *string { return &d.Fund }),
			}),
	},
	{
		name: "hire", labels: labels("上岗 人员上岗 录用"), typ: events.HirePlacedType,
		either: [][]string{{"identity.id_number", "person"}},
		natural: func(d events.Data) ([]string, bool) {
			h := d.(*events.HirePlaced)
			return []string{whose(h.Who), h.Post, h.From.String()}, true
		},
		columns: slices.Concat([]column{
			textOf("post", postLabels, func(d *events.HirePlaced) *string { return &d.Post }).needed(),
			wholeOf("seat", "名额序号", func(d *events.HirePlaced) *int { return &d.Seat }),
			dateOf("from", "上岗日期", func(d *events.HirePlaced) *civil.Date { return &d.From }).needed(),
		}, endsOf("until", "聘期截止日期", func(d *events.HirePlaced) *civil.Date { return &d.Until }), []column{
			codeOf("group", "人员类别 人员类型", groupCodes, func(d *events.HirePlaced) *string { return &d.Group }).needed(),
			dateOf("review.on", "review 审核日期", func(d *events.HirePlaced) *civil.Date { return &review(d).On }),
			dateOf("publicity.from", "公示开始日期", func(d *events.HirePlaced) *civil.Date { return &publicity(d).From }),
		}, endsOf("publicity.until", "公示截止日期", func(d *events.HirePlaced) *civil.Date { return &publicity(d).Until }), []column{
			textOf("agreement.number", "agreement 协议编号 协议书编号", func(d *events.HirePlaced) *string { return &agreement(d).Number }),
			dateOf("agreement.signed", "协议签订日期", func(d *events.HirePlaced) *civil.Date { return &agreement(d).Signed }),
		}, endsOf("agreement.until", "协议截止日期", func(d *events.HirePlaced) *civil.Date { return &agreement(d).Until }),
			personOf(func(d *events.HirePlaced) *events.Who { return &d.Who })),
	},
	{
		name: "exit", labels: labels("退出 人员退出 离岗"), typ: events.ExitRecordedType,
		either: [][]string{{"identity.id_number", "person"}, {"on", "on.last"}},
		natural: func(d events.Data) ([]string, bool) {
			x := d.(*events.ExitRecorded)
			return []string{whose(x.Who), x.Post, x.On.String()}, true
		},
		columns: slices.Concat([]column{
			textOf("post", postLabels, func(d *events.ExitRecorded) *string { return &d.Post }).needed(),
			dateOf("on", "退出日期 离岗日期", func(d *events.ExitRecorded) *civil.Date { return &d.On }),
			of("on.last", "最后在岗日期", func(d *events.ExitRecorded, s string, r *draft) *flaw {
				day, f := r.epoch.date(s)
				if f == nil {
					d.On = day + 1
				}
				return f
			}),
			codeOf("kind", "退出类型 退出方式", exitCodes, func(d *events.ExitRecorded) *string { return &d.Kind }).needed(),
			textOf("code", "退出代码 退出原因代码", func(d *events.ExitRecorded) *string { return &d.Code }).needed(),
			textOf("note", "备注 说明", func(d *events.ExitRecorded) *string { return &d.Note }),
		}, personOf(func(d *events.ExitRecorded) *events.Who { return &d.Who })),
	},
	{
		name: "training", labels: labels("培训"), typ: events.TrainingCompletedType,
		either: [][]string{{"identity.id_number", "person"}},
		natural: func(d events.Data) ([]string, bool) {
			t := d.(*events.TrainingCompleted)
			return []string{whose(t.Who), t.Course, t.On.String()}, true
		},
		columns: slices.Concat([]column{
			textOf("course", "课程 培训课程", func(d *events.TrainingCompleted) *string { return &d.Course }).needed(),
			wholeOf("hours", "学时 课时", func(d *events.TrainingCompleted) *int { return &d.Hours }).needed(),
			dateOf("on", "培训日期 结业日期", func(d *events.TrainingCompleted) *civil.Date { return &d.On }).needed(),
			of("pre_service", "岗前培训 是否岗前培训", func(d *events.TrainingCompleted, s string, _ *draft) (f *flaw) { d.PreService, f = yes(s); return f }),
			textOf("certificate", "证书编号", func(d *events.TrainingCompleted) *string { return &d.Certificate }),
		}, personOf(func(d *events.TrainingCompleted) *events.Who { return &d.Who })),
	},
	{
		name: "attendance", labels: labels("考勤"), typ: events.AttendanceReportedType, lines: true, finish: marked,
		either: [][]string{{"id_number", "person"}, {"marks", "days", "1"}},
		natural: func(d events.Data) ([]string, bool) {
			a := d.(*events.AttendanceReported)
			return []string{a.Post, a.Month.String()}, false
		},
		columns: slices.Concat([]column{
			textOf("post", postLabels, func(d *events.AttendanceReported) *string { return &d.Post }).needed(),
			monthOf("month", "月份 考勤月份", func(d *events.AttendanceReported) *civil.Month { return &d.Month }).needed(),
			textOf("recorder", "记录人 考勤员", func(d *events.AttendanceReported) *string { return &d.Recorder }),
			of("person", "人员代号", func(d *events.AttendanceReported, s string, _ *draft) (f *flaw) {
				d.Lines[0].Person, f = pseudonym(s)
				return f
			}),
			of("id_number", idLabels, func(d *events.AttendanceReported, s string, _ *draft) (f *flaw) {
				d.Lines[0].IDNumber, f = number(s)
				return f
			}),
			of("marks", "考勤 考勤记录", func(_ *events.AttendanceReported, s string, r *draft) *flaw { return r.marks(s) }),
			of("days", "出勤日 出勤日期", func(_ *events.AttendanceReported, s string, r *draft) *flaw { return r.present(s) }),
			textOf("device", "打卡设备", func(d *events.AttendanceReported) *string { return &d.Lines[0].Device }),
			textOf("evidence", "凭证", func(d *events.AttendanceReported) *string { return &d.Lines[0].Evidence }),
			{name: "name", labels: labels("姓名")},
		}, dayColumns()),
	},
	{
		name: "payment", labels: labels("发放 补贴发放 资金发放"), typ: events.PaymentInstructedType, lines: true,
		either:  [][]string{{"id_number", "person"}, {"amount", "amount_yuan"}},
		natural: func(d events.Data) ([]string, bool) { return []string{d.(*events.PaymentInstructed).Run}, false },
		columns: slices.Concat([]column{
			textOf("run", "批次 发放批次", func(d *events.PaymentInstructed) *string { return &d.Run }).needed(),
			monthOf("month", "月份 发放月份", func(d *events.PaymentInstructed) *civil.Month { return &d.Month }).needed(),
			textOf("fund", "资金 资金编号", func(d *events.PaymentInstructed) *string { return &d.Fund }).needed(),
			textOf("line", "明细编号", func(d *events.PaymentInstructed) *string { return &d.Lines[0].Line }),
			of("person", "人员代号", func(d *events.PaymentInstructed, s string, _ *draft) (f *flaw) {
				d.Lines[0].Person, f = pseudonym(s)
				return f
			}),
			of("id_number", idLabels, func(d *events.PaymentInstructed, s string, _ *draft) (f *flaw) {
				d.Lines[0].IDNumber, f = number(s)
				return f
			}),
			textOf("post", postLabels, func(d *events.PaymentInstructed) *string { return &d.Lines[0].Post }).needed(),
			monthOf("earned", "所属月份", func(d *events.PaymentInstructed) *civil.Month { return &d.Lines[0].Month }),
			codeOf("kind", "发放类型 发放项目", payCodes, func(d *events.PaymentInstructed) *string { return &d.Lines[0].Kind }),
			{name: "name", labels: labels("姓名")},
		}, moneyOf("amount", "金额(元) 金额 发放金额(元)", func(d *events.PaymentInstructed) *events.Fen { return &d.Lines[0].Amount })),
	},
}

const postLabels = "岗位编号 岗位编码 岗位代码"

// whose returns what stands for a person in a natural key.
func whose(w events.Who) string {
	if w.Identity != nil && w.Identity.IDNumber != "" {
		return w.Identity.IDNumber
	}
	return w.Person.String()
}

func review(d *events.HirePlaced) *events.Reviewed {
	if d.Review == nil {
		d.Review = new(events.Reviewed)
	}
	return d.Review
}

func publicity(d *events.HirePlaced) *events.Publicity {
	if d.Publicity == nil {
		d.Publicity = new(events.Publicity)
	}
	return d.Publicity
}

func agreement(d *events.HirePlaced) *events.Agreement {
	if d.Agreement == nil {
		d.Agreement = new(events.Agreement)
	}
	return d.Agreement
}

// dayColumns returns the columns 1 to 31, which hold the marks of the days.
func dayColumns() (list []column) {
	for day := 1; day <= 31; day++ {
		n := strconv.Itoa(day)
		list = append(list, column{name: n, labels: []string{n + "日", n + "号"}, day: day, set: func(d *draft, s string) *flaw {
			m, ok := mark(s)
			if !ok {
				return invalid("must be P √ present, H half a day, L leave, A × absent, S substitute, . rest, or - not reported")
			}
			return d.mark(day, m)
		}})
	}
	return list
}

// marks reads a text that has one letter or sign for each day.
func (d *draft) marks(s string) *flaw {
	day := 0
	for _, r := range s {
		m, ok := mark(string(r))
		if !ok || day == 31 {
			return invalid("must have one of P H L A S . - a day, at most 31")
		}
		day++
		if f := d.mark(day, m); f != nil {
			return f
		}
	}
	return nil
}

// mark sets the mark of a day. Two columns must not set the same day.
func (d *draft) mark(day int, m byte) *flaw {
	if d.days[day-1] != 0 {
		return invalid("says again what another column says of the same day; keep one of marks, days and 1 to 31")
	}
	d.days[day-1] = m
	return nil
}

// marked puts the marks of an attendance row into its payload. A day without a mark counts
// as not reported.
func marked(d *draft) {
	a := d.event.Data.(*events.AttendanceReported)
	if a.Month == 0 {
		return
	}
	for day := a.Month.Days(); day < len(d.days); day++ {
		if d.days[day] != 0 && d.days[day] != '-' {
			d.refuse("marks", events.Invalid, "has marks beyond the end of the month")
			return
		}
	}
	var b strings.Builder
	for _, m := range d.days[:a.Month.Days()] {
		b.WriteByte(max(m, '-'))
	}
	a.Lines[0].Marks = strings.TrimRight(b.String(), "-")
	if a.Lines[0].Marks == "" {
		d.refuse("marks", events.Missing, "give a mark a day in marks, or in columns 1 to 31, or list the days present in days")
	}
}
