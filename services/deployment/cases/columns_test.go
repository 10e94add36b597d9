package cases

import (
	"fmt"
	"strconv"
	"strings"
)

// A kind is a kind of report: its event type, what an event of the kind holds where a
// scenario does not say it, and the columns of its table.
type kind struct {
	event   string
	columns map[string]column
	lines   bool // rows with one 编号 are the lines of one event
	omitted func(e, data map[string]any)
}

// A column puts a cell into an event. Path is where: an attribute, data.x, or line.x for
// a member of a line. Value reads the cell; text where it is nil.
type column struct {
	path  string
	value func(cell string) (any, error)
}

var (
	asText   = func(cell string) (any, error) { return cell, nil }
	asNumber = func(cell string) (any, error) { return strconv.Atoi(cell) }
	asYes    = func(cell string) (any, error) { return cell == "是", nil }
)

// asFen reads an amount in yuan, such as 600 or 600.50.
func asFen(cell string) (any, error) {
	yuan, cents, _ := strings.Cut(cell, ".")
	n, err := strconv.ParseInt(yuan+(cents + "00")[:2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no amount in yuan", cell)
	}
	return n, nil
}

// asIdentity reads a person, called by a letter or by an identity number.
func asIdentity(cell string) (any, error) {
	return map[string]any{"id_number": idNumber(cell), "name": cell + "某"}, nil
}

func asIDNumber(cell string) (any, error) { return idNumber(cell), nil }

func idNumber(cell string) string {
	if number, ok := persons[cell]; ok {
		return number
	}
	return cell
}

// asSource reads the name of an agency, as the source of its events.
func asSource(cell string) (any, error) {
	a, ok := agencies[cell]
	if !ok {
		return nil, fmt.Errorf("there is no agency %q", cell)
	}
	return "/agency/" + a.name, nil
}

// asCode reads a word as one of the codes of the contract.
func asCode(codes map[string]string) func(string) (any, error) {
	return func(cell string) (any, error) {
		if code, ok := codes[cell]; ok {
			return code, nil
		}
		return cell, nil
	}
}

// The columns that the reports of several kinds have.
var (
	common = map[string]column{"编号": {path: "id"}, "区划": {path: "division"}, "更正": {path: "replaces"},
		"更正来源": {"replacessource", asSource}, "补录": {"submode", asCode(map[string]string{"是": "record"})}}
	who = map[string]column{"人员": {"data.identity", asIdentity}, "姓名": {path: "data.identity.name"}, "电话": {path: "data.identity.phone"}, "岗位": {path: "data.post"}}
)

func columns(sets ...map[string]column) map[string]column {
	all := map[string]column{}
	for _, set := range append(sets, common) {
		for name, c := range set {
			all[name] = c
		}
	}
	return all
}

var postDetails = map[string]column{"岗位": {path: "data.post"}, "席位": {"data.seats", asNumber}, "类别": {path: "data.category"}, "工种": {path: "data.kind"},
	"城乡": {"data.area", asCode(map[string]string{"城镇": "urban", "农村": "rural"})}, "自": {path: "data.from"}, "日期": {path: "data.on"}, "标准": {"data.standard", asFen},
	"应出勤": {"data.required_days", asNumber}, "资金": {path: "data.fund"}, "移至": {path: "data.division"}, "用人单位": {path: "data.employer"}}

var run = map[string]column{"批次": {path: "data.run"}, "下令单位": {"data.ordered_by", asSource}, "日期": {path: "data.on"}, "行": {path: "line.line"},
	"金额": {"line.amount", asFen}, "原因": {path: "line.reason"}}

// kinds lists the kinds of reports by the names that the scenarios call them by.
var kinds = map[string]kind{
	"岗位":   {event: "post.developed", columns: columns(postDetails), omitted: newPost},
	"席位增减": {event: "post.resized", columns: columns(postDetails)},
	"岗位变更": {event: "post.changed", columns: columns(postDetails)},
	"岗位撤销": {event: "post.closed", columns: columns(postDetails)},
	"计划":   {event: "plan.set", columns: columns(map[string]column{"年度": {"data.year", asNumber}, "城乡": postDetails["城乡"], "岗位数": {"data.posts", asNumber}})},
	"录用": {event: "hire.placed", columns: columns(who, map[string]column{"席位": {"data.seat", asNumber}, "自": {path: "data.from"}, "至": {path: "data.until"},
		"人员类别": {path: "data.group"}, "顶替": {"data.standing_in_for_id_number", asIDNumber}}), omitted: newHire},
	"续签":   {event: "hire.renewed", columns: columns(who, map[string]column{"至": {path: "data.until"}})},
	"类别变更": {event: "hire.changed", columns: columns(who, map[string]column{"日期": {path: "data.on"}, "人员类别": {path: "data.group"}})},
	"中止":   {event: "hire.suspended", columns: columns(who, map[string]column{"自": {path: "data.from"}, "至": {path: "data.until"}, "原因": {path: "data.reason"}})},
	"恢复":   {event: "hire.resumed", columns: columns(who, map[string]column{"日期": {path: "data.on"}})},
	"离岗": {event: "exit.recorded", columns: columns(who, map[string]column{"日期": {path: "data.on"}, "离岗代码": {path: "data.code"},
		"估计": {path: "data.estimated"}}), omitted: newExit},
	"身份更正": {event: "person.identified", columns: columns(map[string]column{"原号": {"data.id_number", asIDNumber}, "人员": {"data.identity", asIdentity},
		"姓名": {path: "data.identity.name"}, "原因": {path: "data.reason"}, "日期": {path: "data.on"}})},
	"培训": {event: "training.completed", columns: columns(who, map[string]column{"课程": {path: "data.course"}, "学时": {"data.hours", asNumber}, "日期": {path: "data.on"},
		"岗前": {"data.pre_service", asYes}})},
	"考勤": {event: "attendance.reported", lines: true, columns: columns(map[string]column{"岗位": {path: "data.post"}, "月份": {path: "data.month"}, "日期": {path: "data.date"},
		"现场核查": {"data.capacity", asCode(map[string]string{"是": "inspection"})}, "人员": {"line.id_number", asIDNumber}, "出勤": {path: "line.marks"},
		"标记": {path: "line.mark"}, "证据": {path: "line.evidence"}})},
	"资金下达": {event: "fund.allocated", columns: columns(map[string]column{"资金": {path: "data.fund"}, "年度": {"data.year", asNumber}, "金额": {"data.amount", asFen},
		"日期": {path: "data.on"}, "用至": {path: "data.usable_until"}})},
	"资金上缴": {event: "fund.surrendered", columns: columns(map[string]column{"资金": {path: "data.fund"}, "金额": {"data.amount", asFen}, "日期": {path: "data.on"},
		"原因": {path: "data.reason"}})},
	"账户": {event: "account.assigned", columns: columns(who, map[string]column{"银行": {path: "data.bank"}, "自": {path: "data.from"}, "账号": {path: "data.number"}})},
	"发放": {event: "payment.instructed", lines: true, columns: columns(run, map[string]column{"资金": {path: "data.fund"}, "月份": {path: "data.month"},
		"补发月份": {path: "line.month"}, "岗位": {path: "line.post"}, "人员": {"line.id_number", asIDNumber}, "款项": {path: "line.kind"}})},
	"到账": {event: "payment.settled", lines: true, columns: columns(run, map[string]column{"日期": {path: "data.paid_on"}})},
	"退汇": {event: "payment.returned", lines: true, columns: columns(run, map[string]column{"日期": {path: "line.on"}})},
	"追回": {event: "payment.reversed", lines: true, columns: columns(run, map[string]column{"日期": {path: "line.on"}})},
	"拒付": {event: "payment.rejected", lines: true, columns: columns(run)},
	"登记": {event: "registry.reported", lines: true, columns: columns(map[string]column{"登记簿": {path: "data.registry"}, "人员": {"line.id_number", asIDNumber},
		"自": {path: "line.from"}, "至": {path: "line.until"}})},
	"区划": {event: "divisions.adopted", lines: true, columns: columns(map[string]column{"代码": {path: "line.code"}, "名称": {path: "line.name"}, "自": {path: "line.valid_from"},
		"至": {path: "line.valid_to"}, "承接": {path: "line.successor"}})},
	"撤回": {event: "event.withdrawn", columns: columns(map[string]column{"种类": {"data.type", asType}, "所撤编号": {path: "data.id"}, "所撤来源": {"replacessource", asSource},
		"原因": {path: "data.reason"}})},
}

// asType reads the name of a kind of report. It looks kinds up when it is called, since
// kinds refers to it.
func asType(cell string) (any, error) { return eventType(cell) }

var eventType func(kind string) (any, error)

func init() {
	eventType = func(name string) (any, error) {
		k, ok := kinds[name]
		if !ok {
			return nil, fmt.Errorf("there is no kind of report %q", name)
		}
		return k.event, nil
	}
}

// newPost completes a post: rural, one seat, from the beginning of the programme.
func newPost(_, data map[string]any) {
	for name, value := range map[string]any{"category": "public_service", "kind": "保洁护路", "area": "rural", "seats": 1, "from": "2022-01-01"} {
		setDefault(data, name, value)
	}
}

// newHire completes a hire for two years with what the rules ask for before it.
func newHire(_, data map[string]any) {
	from, _ := data["from"].(string)
	day, err := parseDay(from)
	if err != nil {
		return // the engine refuses it
	}
	before := func(days int) string { return day.AddDate(0, 0, -days).Format(dayForm) }
	setDefault(data, "until", day.AddDate(2, 0, 0).Format(dayForm))
	setDefault(data, "group", "older")
	setDefault(data, "review", map[string]any{"on": before(12)})
	setDefault(data, "publicity", map[string]any{"from": before(11), "until": before(6)})
	setDefault(data, "agreement", map[string]any{"number": "A-1", "signed": before(3), "until": data["until"]})
}

// newExit completes an exit: somebody who found other work. Codes with D are dismissals.
func newExit(_, data map[string]any) {
	setDefault(data, "code", "N1")
	kind := "natural"
	if code, _ := data["code"].(string); strings.HasPrefix(code, "D") {
		kind = "dismissal"
	}
	setDefault(data, "kind", kind)
}

func setDefault(data map[string]any, name string, value any) {
	if _, ok := data[name]; !ok {
		data[name] = value
	}
}
