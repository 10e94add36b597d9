package sheets

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// The kinds of rows that say what holds of a post or of a person in place from a day on.
var (
	postChanges = rowKind{
		name: "post_change", labels: splitLabels("岗位变更 岗位调整"), typ: events.PostChangedType,
		anyOf: [][]string{{"category", "kind", "title", "employer", "new_division", "area", "standard", "standard_yuan", "required_days", "fund"}},
		names: namesOf(func(d *events.PostChanged) []string { return []string{d.Post, d.On.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.PostChanged) *string { return &d.Post }).asRequired(),
			dateColumn("on", "变更日期 调整日期 生效日期", func(d *events.PostChanged) *civil.Date { return &d.On }).asRequired(),
			codeColumn("category", "岗位类别 类别", categoryCodes, func(d *events.PostChanged) *string { return &d.Category }),
			textColumn("kind", "岗位种类 工种", func(d *events.PostChanged) *string { return &d.Kind }),
			textColumn("title", "岗位名称", func(d *events.PostChanged) *string { return &d.Title }),
			textColumn("employer", "统一社会信用代码 用人单位代码", func(d *events.PostChanged) *string { return &d.Employer }),
			columnOf("new_division", "迁入区划 新区划 新区划代码", func(d *events.PostChanged, s string, _ *rowDraft) *cellProblem {
				d.Division = division.Code(s)
				return nil
			}),
			codeColumn("area", "城乡 城乡类型", areaCodes, func(d *events.PostChanged) *string { return &d.Area }),
			intColumn("required_days", "应出勤天数", func(d *events.PostChanged) *int { return &d.RequiredDays }),
			textColumn("fund", "资金 资金编号", func(d *events.PostChanged) *string { return &d.Fund }),
		}, moneyColumns("standard", "补贴标准(元) 补贴标准", func(d *events.PostChanged) *events.Fen { return &d.Standard })),
	}

	groupChanges = rowKind{
		name: "group_change", labels: splitLabels("人员类别变更 类别变更"), typ: events.HireChangedType, anyOf: aboutPerson,
		names: namesOf(func(d *events.HireChanged) []string { return []string{d.Post, d.On.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.HireChanged) *string { return &d.Post }).asRequired(),
			dateColumn("on", "变更日期 生效日期", func(d *events.HireChanged) *civil.Date { return &d.On }).asRequired(),
			codeColumn("group", "人员类别 人员类型 新类别", groupCodes, func(d *events.HireChanged) *string { return &d.Group }).asRequired(),
		}, personColumns(func(d *events.HireChanged) *events.Who { return &d.Who })),
	}

	suspensions = rowKind{
		name: "suspension", labels: splitLabels("中止 暂停 停岗"), typ: events.HireSuspendedType, anyOf: aboutPerson,
		names: namesOf(func(d *events.HireSuspended) []string { return []string{d.Post, d.From.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.HireSuspended) *string { return &d.Post }).asRequired(),
			dateColumn("from", "中止日期 开始日期 停岗日期", func(d *events.HireSuspended) *civil.Date { return &d.From }).asRequired(),
			textColumn("reason", "原因 中止原因", func(d *events.HireSuspended) *string { return &d.Reason }).asRequired(),
		}, endColumns("until", "中止截止日期", func(d *events.HireSuspended) *civil.Date { return &d.Until }),
			personColumns(func(d *events.HireSuspended) *events.Who { return &d.Who })),
	}

	// A sheet of identities names the person by the number that the books have so far: 身份证号 is that
	// one, and what is right from now on has headings of its own. The column of names is for people.
	identities = rowKind{
		name: "identity", labels: splitLabels("身份更正 身份变更 号码更正 姓名变更"), typ: events.PersonIdentifiedType,
		anyOf: [][]string{{"id_number", "person"}, {"identity.id_number", "identity.name"}},
		names: namesOf(func(d *events.PersonIdentified) []string { return []string{d.Reason, d.On.String(), d.IDNumber} }),
		columns: []column{
			columnOf("person", "人员代号", func(d *events.PersonIdentified, s string, _ *rowDraft) (f *cellProblem) {
				d.Person, f = parsePseudonym(s)
				return f
			}),
			columnOf("id_number", "原身份证号 原号码 原公民身份号码 "+idLabels, func(d *events.PersonIdentified, s string, _ *rowDraft) (f *cellProblem) {
				d.IDNumber, f = parseNumber(s)
				return f
			}),
			columnOf("identity.id_number", "新身份证号 正确身份证号 更正后身份证号 新公民身份号码", func(d *events.PersonIdentified, s string, _ *rowDraft) (f *cellProblem) {
				newIdentity(d).IDNumber, f = parseNumber(s)
				return f
			}),
			columnOf("identity.name", "新姓名 正确姓名 更正后姓名", func(d *events.PersonIdentified, s string, _ *rowDraft) *cellProblem {
				newIdentity(d).Name = s
				return nil
			}),
			columnOf("identity.phone", "新电话 新手机号", func(d *events.PersonIdentified, s string, _ *rowDraft) *cellProblem {
				newIdentity(d).Phone = s
				return nil
			}),
			columnOf("identity.household", "新户号 新户籍地址", func(d *events.PersonIdentified, s string, _ *rowDraft) *cellProblem {
				newIdentity(d).Household = s
				return nil
			}),
			codeColumn("reason", "原因 更正原因 变更原因", identityCodes, func(d *events.PersonIdentified) *string { return &d.Reason }).asRequired(),
			dateColumn("on", "变更日期 更正日期 生效日期", func(d *events.PersonIdentified) *civil.Date { return &d.On }),
			{name: "name", labels: splitLabels("姓名 原姓名")},
		},
	}

	// A row of a sheet of divisions says of one code for which division it stands, and when.
	divisionLines = rowKind{
		name: "division", labels: splitLabels("区划 行政区划 区划调整 区划变更"), typ: events.DivisionsAdoptedType,
		names: namesOf(func(d *events.DivisionsAdopted) []string {
			l := theLine(d)
			return []string{string(l.Code), l.ValidFrom.String(), l.ValidTo.String()}
		}),
		columns: []column{
			columnOf("code", "代码 原代码 变动代码 村代码", func(d *events.DivisionsAdopted, s string, _ *rowDraft) *cellProblem {
				theLine(d).Code = division.Code(s)
				return nil
			}).asRequired(),
			columnOf("name", "名称 区划名称 村名", func(d *events.DivisionsAdopted, s string, _ *rowDraft) *cellProblem {
				theLine(d).Name = s
				return nil
			}).asRequired(),
			dateColumn("valid_from", "启用日期 设立日期", func(d *events.DivisionsAdopted) *civil.Date { return &theLine(d).ValidFrom }),
			dateColumn("valid_to", "撤销日期 失效日期", func(d *events.DivisionsAdopted) *civil.Date { return &theLine(d).ValidTo }),
			columnOf("valid_to.last", "最后有效日期", func(d *events.DivisionsAdopted, s string, r *rowDraft) *cellProblem {
				day, f := r.epoch.parseDate(s)
				if f == nil {
					theLine(d).ValidTo = day + 1
				}
				return f
			}),
			columnOf("successor", "承接代码 承接区划 并入代码", func(d *events.DivisionsAdopted, s string, _ *rowDraft) *cellProblem {
				theLine(d).Successor = division.Code(s)
				return nil
			}),
		},
	}

	resumptions = rowKind{
		name: "resumption", labels: splitLabels("恢复 恢复上岗 复岗"), typ: events.HireResumedType, anyOf: aboutPerson,
		names: namesOf(func(d *events.HireResumed) []string { return []string{d.Post, d.On.String()} }),
		columns: slices.Concat([]column{
			textColumn("post", postLabels, func(d *events.HireResumed) *string { return &d.Post }).asRequired(),
			dateColumn("on", "恢复日期 复岗日期", func(d *events.HireResumed) *civil.Date { return &d.On }).asRequired(),
		}, personColumns(func(d *events.HireResumed) *events.Who { return &d.Who })),
	}
)

// theLine returns the line of a row of a sheet of divisions.
func theLine(d *events.DivisionsAdopted) *events.DivisionLine {
	if len(d.Lines) == 0 {
		d.Lines = make([]events.DivisionLine, 1)
	}
	return &d.Lines[0]
}

// newIdentity returns what a row says that is right from now on.
func newIdentity(d *events.PersonIdentified) *events.Identity {
	if d.Identity == nil {
		d.Identity = new(events.Identity)
	}
	return d.Identity
}

// aboutPerson are the columns of which a sheet about persons has one at least.
var aboutPerson = [][]string{{"identity.id_number", "person"}}
