package sheets

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// rowKinds are the kinds of rows, in the order in which their events depend on each
// other.
var rowKinds = []rowKind{
	{
		name: "post", labels: splitLabels("岗位"), typ: events.PostDevelopedType,
		names: namesOf(func(d *events.PostDeveloped) []string { return []string{d.Post} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.PostDeveloped) *string { return &d.Post }).asRequired(),
			codeColumn("category", "岗位类别 类别", categoryCodes, func(d *events.PostDeveloped) *string { return &d.Category }).asRequired(),
			textColumn("kind", "岗位种类 工种", func(d *events.PostDeveloped) *string { return &d.Kind }),
			textColumn("title", "岗位名称", func(d *events.PostDeveloped) *string { return &d.Title }),
			textColumn("employer", "统一社会信用代码 用人单位代码", func(d *events.PostDeveloped) *string { return &d.Employer }),
			codeColumn("area", "城乡 城乡类型", areaCodes, func(d *events.PostDeveloped) *string { return &d.Area }).asRequired(),
			intColumn("seats", "名额 岗位名额 岗位数 岗位数量", func(d *events.PostDeveloped) *int { return &d.Seats }).asRequired(),
			dateColumn("from", "开始日期 设立日期 开发日期", func(d *events.PostDeveloped) *civil.Date { return &d.From }).asRequired(),
		}, endColumns("until", "终止日期", func(d *events.PostDeveloped) *civil.Date { return &d.Until }),
			moneyColumns("standard", "补贴标准(元) 补贴标准", func(d *events.PostDeveloped) *events.Fen { return &d.Standard }), []column{
				intColumn("required_days", "应出勤天数", func(d *events.PostDeveloped) *int { return &d.RequiredDays }),
				textColumn("fund", "资金 资金编号", func(d *events.PostDeveloped) *string { return &d.Fund }),
			}),
	},
	divisionLines,
	postChanges,
	{
		name: "hire", labels: splitLabels("上岗 人员上岗 录用"), typ: events.HirePlacedType,
		anyOf: aboutPerson,
		names: namesOf(func(d *events.HirePlaced) []string { return []string{d.Post, d.From.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.HirePlaced) *string { return &d.Post }).asRequired(),
			intColumn("seat", "名额序号", func(d *events.HirePlaced) *int { return &d.Seat }),
			dateColumn("from", "上岗日期", func(d *events.HirePlaced) *civil.Date { return &d.From }).asRequired(),
		}, endColumns("until", "聘期截止日期", func(d *events.HirePlaced) *civil.Date { return &d.Until }), []column{
			codeColumn("group", "人员类别 人员类型", groupCodes, func(d *events.HirePlaced) *string { return &d.Group }).asRequired(),
			dateColumn("review.on", "review 审核日期", func(d *events.HirePlaced) *civil.Date { return &review(d).On }),
			dateColumn("publicity.from", "公示开始日期", func(d *events.HirePlaced) *civil.Date { return &publicity(d).From }),
		}, endColumns("publicity.until", "公示截止日期", func(d *events.HirePlaced) *civil.Date { return &publicity(d).Until }), []column{
			textColumn("agreement.number", "agreement 协议编号 协议书编号", func(d *events.HirePlaced) *string { return &agreement(d).Number }),
			dateColumn("agreement.signed", "协议签订日期", func(d *events.HirePlaced) *civil.Date { return &agreement(d).Signed }),
		}, endColumns("agreement.until", "协议截止日期", func(d *events.HirePlaced) *civil.Date { return &agreement(d).Until }),
			[]column{columnOf("standing_in_for_id_number", "顶替人员身份证号 被顶替人身份证号", func(d *events.HirePlaced, s string, _ *rowDraft) (f *cellProblem) {
				d.StandingInForIDNumber, f = parseNumber(s)
				return f
			})}, personColumns(func(d *events.HirePlaced) *events.Who { return &d.Who })),
	},
	suspensions,
	resumptions,
	groupChanges,
	identities,
	{
		name: "exit", labels: splitLabels("退出 人员退出 离岗"), typ: events.ExitRecordedType,
		anyOf: [][]string{{"identity.id_number", "person"}, {"on", "on.last"}},
		names: namesOf(func(d *events.ExitRecorded) []string { return []string{d.Post, d.On.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.ExitRecorded) *string { return &d.Post }).asRequired(),
			dateColumn("on", "退出日期 离岗日期", func(d *events.ExitRecorded) *civil.Date { return &d.On }),
			columnOf("on.last", "最后在岗日期", func(d *events.ExitRecorded, s string, r *rowDraft) *cellProblem {
				day, f := r.epoch.parseDate(s)
				if f == nil {
					d.On = day + 1
				}
				return f
			}),
			codeColumn("kind", "退出类型 退出方式", exitCodes, func(d *events.ExitRecorded) *string { return &d.Kind }).asRequired(),
			textColumn("code", "退出代码 退出原因代码", func(d *events.ExitRecorded) *string { return &d.Code }).asRequired(),
			textColumn("note", "备注 说明", func(d *events.ExitRecorded) *string { return &d.Note }),
			codeColumn("estimated", "日期估计 估计", estimateCodes, func(d *events.ExitRecorded) *string { return &d.Estimated }),
		}, personColumns(func(d *events.ExitRecorded) *events.Who { return &d.Who })),
	},
	{
		name: "training", labels: splitLabels("培训"), typ: events.TrainingCompletedType,
		anyOf: aboutPerson,
		names: namesOf(func(d *events.TrainingCompleted) []string { return []string{d.Course, d.On.String()} }),
		columns: slices.Concat([]column{
			textColumn("course", "课程 培训课程", func(d *events.TrainingCompleted) *string { return &d.Course }).asRequired(),
			intColumn("hours", "学时 课时", func(d *events.TrainingCompleted) *int { return &d.Hours }).asRequired(),
			dateColumn("on", "培训日期 结业日期", func(d *events.TrainingCompleted) *civil.Date { return &d.On }).asRequired(),
			columnOf("pre_service", "岗前培训 是否岗前培训", func(d *events.TrainingCompleted, s string, _ *rowDraft) (f *cellProblem) {
				d.PreService, f = parseBool(s)
				return f
			}),
			textColumn("certificate", "证书编号", func(d *events.TrainingCompleted) *string { return &d.Certificate }),
		}, personColumns(func(d *events.TrainingCompleted) *events.Who { return &d.Who })),
	},
	{
		name: "attendance", labels: splitLabels("考勤"), typ: events.AttendanceReportedType, finish: finishWith(finishAttendance),
		lines: linesIn(func(d *events.AttendanceReported) *[]events.AttendanceLine { return &d.Lines }, nil),
		anyOf: [][]string{{"id_number", "person"}, {"marks", "days", "1"}},
		names: namesOf(func(d *events.AttendanceReported) []string { return []string{d.Post, d.Month.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.AttendanceReported) *string { return &d.Post }).asRequired(),
			monthColumn("month", "月份 考勤月份", func(d *events.AttendanceReported) *civil.Month { return &d.Month }).asRequired(),
			textColumn("recorder", "记录人 考勤员", func(d *events.AttendanceReported) *string { return &d.Recorder }),
			columnOf("recorder_id_number", "记录人身份证号 考勤员身份证号", func(d *events.AttendanceReported, s string, _ *rowDraft) (f *cellProblem) {
				d.RecorderIDNumber, f = parseNumber(s)
				return f
			}),
			codeColumn("capacity", "填报方式 考勤方式", capacityCodes, func(d *events.AttendanceReported) *string { return &d.Capacity }),
			columnOf("person", "人员代号", func(d *events.AttendanceReported, s string, _ *rowDraft) (f *cellProblem) {
				d.Lines[0].Person, f = parsePseudonym(s)
				return f
			}),
			columnOf("id_number", idLabels, func(d *events.AttendanceReported, s string, _ *rowDraft) (f *cellProblem) {
				d.Lines[0].IDNumber, f = parseNumber(s)
				return f
			}),
			columnOf("marks", "考勤 考勤记录", func(_ *events.AttendanceReported, s string, r *rowDraft) *cellProblem { return r.parseMarks(s) }),
			columnOf("days", "出勤日 出勤日期", func(_ *events.AttendanceReported, s string, r *rowDraft) *cellProblem { return r.parseDays(s) }),
			textColumn("device", "打卡设备", func(d *events.AttendanceReported) *string { return &d.Lines[0].Device }),
			textColumn("evidence", "凭证", func(d *events.AttendanceReported) *string { return &d.Lines[0].Evidence }),
			{name: "name", labels: splitLabels("姓名")},
		}, dayColumns()),
	},
	{
		name: "payment", labels: splitLabels("发放 补贴发放 资金发放"), typ: events.PaymentInstructedType,
		lines: linesIn(func(d *events.PaymentInstructed) *[]events.PayLine { return &d.Lines },
			func(l *events.PayLine) *string { return &l.Line }),
		anyOf: [][]string{{"id_number", "person"}, {"amount", "amount_yuan"}},
		names: namesOf(func(d *events.PaymentInstructed) []string { return []string{d.Run} }),
		columns: slices.Concat([]column{
			textColumn("run", "批次 发放批次", func(d *events.PaymentInstructed) *string { return &d.Run }).asRequired(),
			monthColumn("month", "月份 发放月份", func(d *events.PaymentInstructed) *civil.Month { return &d.Month }).asRequired(),
			textColumn("fund", "资金 资金编号", func(d *events.PaymentInstructed) *string { return &d.Fund }).asRequired(),
			dateColumn("on", "发放日期 指令日期", func(d *events.PaymentInstructed) *civil.Date { return &d.On }),
			textColumn("line", "明细编号", func(d *events.PaymentInstructed) *string { return &d.Lines[0].Line }),
			columnOf("person", "人员代号", func(d *events.PaymentInstructed, s string, _ *rowDraft) (f *cellProblem) {
				d.Lines[0].Person, f = parsePseudonym(s)
				return f
			}),
			columnOf("id_number", idLabels, func(d *events.PaymentInstructed, s string, _ *rowDraft) (f *cellProblem) {
				d.Lines[0].IDNumber, f = parseNumber(s)
				return f
			}),
			textColumn("post", postLabels, func(d *events.PaymentInstructed) *string { return &d.Lines[0].Post }).asRequired(),
			monthColumn("earned", "所属月份", func(d *events.PaymentInstructed) *civil.Month { return &d.Lines[0].Month }),
			codeColumn("kind", "发放类型 发放项目", payCodes, func(d *events.PaymentInstructed) *string { return &d.Lines[0].Kind }),
			{name: "name", labels: splitLabels("姓名")},
		}, moneyColumns("amount", "金额(元) 金额 发放金额(元)", func(d *events.PaymentInstructed) *events.Fen { return &d.Lines[0].Amount })),
	},
	settlements,
	rejections,
	surrenders,
}

const postLabels = "岗位编号 岗位编码 岗位代码"

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

// dayColumns makes the columns 1 to 31, each for the mark of a day.
func dayColumns() (list []column) {
	for day := 1; day <= 31; day++ {
		n := strconv.Itoa(day)
		list = append(list, column{name: n, labels: []string{n + "日", n + "号"}, dayOfMonth: day, set: func(d *rowDraft, s string) *cellProblem {
			m, ok := parseMark(s)
			if !ok {
				return invalid("must be P √ present, H half a day, L leave, A × absent, S substitute, . rest, or - not reported",
					"须为P √出勤、H半天、L请假、A ×旷工、S顶岗、.休息或-未报之一")
			}
			return d.setMark(day, m)
		}})
	}
	return list
}

// parseMarks parses a text with a letter or sign for each day.
func (d *rowDraft) parseMarks(s string) *cellProblem {
	day := 0
	for _, r := range s {
		m, ok := parseMark(string(r))
		if !ok || day == 31 {
			return invalid("must have one of P H L A S . - a day, at most 31", "须每天一个P H L A S . -，最多31个")
		}
		day++
		if f := d.setMark(day, m); f != nil {
			return f
		}
	}
	return nil
}

// setMark sets the mark of a day. It fails if another column has set it.
func (d *rowDraft) setMark(day int, m byte) *cellProblem {
	if d.days[day-1] != 0 {
		return invalid("says again what another column says of the same day; keep one of marks, days and 1 to 31",
			"与另一列重复填报了同一天；marks、days与1至31各列只保留一种")
	}
	d.days[day-1] = m
	return nil
}

// finishAttendance writes the marks of an attendance row into the event. A day of which
// no column says anything becomes -, not reported.
func finishAttendance(a *events.AttendanceReported, d *rowDraft) {
	if a.Month == 0 {
		return
	}
	for day := a.Month.Days(); day < len(d.days); day++ {
		if d.days[day] != 0 && d.days[day] != '-' {
			d.refuse("marks", events.Invalid, events.Say("has marks beyond the end of the month", "填报的天数超过了当月的天数"))
			return
		}
	}
	var b strings.Builder
	for _, m := range d.days[:a.Month.Days()] {
		b.WriteByte(max(m, '-'))
	}
	a.Lines[0].Marks = strings.TrimRight(b.String(), "-")
	if a.Lines[0].Marks == "" {
		d.refuse("marks", events.Missing, events.Say(
			"give a mark a day in marks, or in columns 1 to 31, or list the days present in days",
			"请在marks中每天填一个记号，或填在1至31各列，或在days中列出出勤日"))
	}
}
