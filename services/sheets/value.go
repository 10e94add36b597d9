package sheets

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A cellProblem is what is wrong with a cell. It never quotes the cell.
type cellProblem struct {
	code events.Code
	says events.Sentence
}

// invalid returns the problem of a value that is not allowed, see [events.Say].
func invalid(en, zh string, operands ...any) *cellProblem {
	return &cellProblem{events.Invalid, events.Say(en, zh, operands...)}
}

// cleanCell removes what spreadsheet programs put around the text of a cell.
func cleanCell(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == '\u00a0' || r == '\u3000' || r == '\ufeff' })
	return strings.TrimPrefix(s, "'")
}

// An epoch is day 0 of the serial day numbers of a workbook; 0 for a file without them.
type epoch civil.Date

var (
	epoch1900 = epoch(civil.On(1899, 12, 30)) // two days before 1900-01-01: workbooks count from 1, and take 1900 for a leap year
	epoch1904 = epoch(civil.On(1904, 1, 1))
)

// parseSerial parses a serial day number. Numbers up to 60 are none: they lie before
// March 1900, where workbooks disagree.
func (e epoch) parseSerial(s string) (civil.Date, bool) {
	if e == 0 || len(s) < 3 {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 61 || n >= 109_000 {
		return 0, false
	}
	return civil.Date(e) + civil.Date(math.Floor(n)), true
}

// parseDate parses a day in the forms in use: 2022-05-01, 2022/5/1, 2022.5.1, 20220501,
// 2022年5月1日, each with or without a time of day, and serial day numbers.
func (e epoch) parseDate(s string) (civil.Date, *cellProblem) {
	if d, ok := e.parseSerial(s); ok {
		return d, nil
	}
	if y, m, d, ok := splitDate(s); ok && d > 0 {
		if date, err := civil.ParseDate(isoDate(y, m, d)); err == nil {
			return date, nil
		}
	}
	return 0, &cellProblem{events.InvalidDate, events.Say(
		"must be a date that exists, such as 2022-05-01 or 2022/5/1", "须为存在的日期，如2022-05-01或2022/5/1")}
}

// parseMonth parses a month: 2022-05, 2022/5, 202205, 2022年5月, or a day in it.
func (e epoch) parseMonth(s string) (civil.Month, *cellProblem) {
	if d, ok := e.parseSerial(s); ok {
		return d.Month(), nil
	}
	if y, m, d, ok := splitDate(s); ok {
		if date, err := civil.ParseDate(isoDate(y, m, max(d, 1))); err == nil {
			return date.Month(), nil
		}
	}
	return 0, &cellProblem{events.InvalidDate, events.Say(
		"must be a month that exists, such as 2022-05 or 2022/5", "须为存在的月份，如2022-05或2022/5")}
}

func isoDate(y, m, d int) string {
	pad := func(n, width int) string {
		s := strconv.Itoa(n)
		return strings.Repeat("0", max(0, width-len(s))) + s
	}
	return pad(y, 4) + "-" + pad(m, 2) + "-" + pad(d, 2)
}

// splitDate splits a date into year, month and day. The day is 0 if there is none.
func splitDate(s string) (y, m, d int, ok bool) {
	if day, time, timed := strings.Cut(strings.Replace(s, "T", " ", 1), " "); timed {
		if strings.Trim(time, "0123456789:.") != "" {
			return 0, 0, 0, false
		}
		s = day
	}
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		switch len(s) {
		case 8:
			return int(n / 10000), int(n / 100 % 100), int(n % 100), n%100 > 0
		case 6:
			return int(n / 100), int(n % 100), 0, true
		}
		return 0, 0, 0, false
	}
	fields := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-/.年月日", r) })
	if len(fields) < 2 || len(fields) > 3 {
		return 0, 0, 0, false
	}
	var n [3]int
	for i, f := range fields {
		v, err := strconv.ParseUint(f, 10, 16)
		if err != nil || i > 0 && v == 0 {
			return 0, 0, 0, false
		}
		n[i] = int(v)
	}
	return n[0], n[1], n[2], true
}

// parseYuan parses an amount in yuan with up to two decimals. A number of a workbook
// may be off by less than a hundredth of a fen, because of floating point.
func parseYuan(s string) (events.Fen, *cellProblem) {
	bad := invalid("must be an amount in yuan with at most two decimals", "须为以元为单位的金额，最多两位小数")
	s = strings.NewReplacer(",", "", "，", "", "¥", "", "￥", "", "元", "", " ", "").Replace(s)
	whole, cents, _ := strings.Cut(s, ".")
	if digits(whole) && digits(cents) && len(whole) > 0 && len(whole) <= 13 && len(cents) <= 2 {
		n, _ := strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
		return events.Fen(n), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	switch n := math.Round(f * 100); {
	case err != nil || math.IsNaN(f):
		return 0, bad
	case f < 0:
		return 0, &cellProblem{events.NegativeAmount, events.Say("must not be negative", "不得为负数")}
	case n > 1e15 || math.Abs(f*100-n) > 0.01:
		return 0, bad
	default:
		return events.Fen(n), nil
	}
}

// parseInt parses a number without decimals.
func parseInt(s string) (int, *cellProblem) {
	s = strings.ReplaceAll(s, ",", "")
	if head, tail, ok := strings.Cut(s, "."); ok && strings.Trim(tail, "0") == "" {
		s = head
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, invalid("must be a whole number", "须为整数")
	}
	return int(n), nil
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// parseBool parses yes or no.
func parseBool(s string) (bool, *cellProblem) {
	switch strings.ToLower(s) {
	case "true", "yes", "y", "1", "是", "√", "✓":
		return true, nil
	case "false", "no", "n", "0", "否", "×":
		return false, nil
	}
	return false, invalid("must be yes or no (是, 否)", "须为是或否")
}

// parseNumber parses an identity or account number.
func parseNumber(s string) (string, *cellProblem) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 1e15 && strings.ContainsAny(s, "eE") {
		return "", invalid("was typed as a number, of which a workbook keeps 15 digits only; format the column as text and type it again",
			"是按数值录入的，电子表格只保留15位数字；请将该列设为文本格式后重新录入")
	}
	return strings.ToUpper(strings.ReplaceAll(s, " ", "")), nil
}

// checkText fails if the text was in neither encoding.
func checkText(s string) *cellProblem {
	if strings.ContainsRune(s, utf8.RuneError) {
		return &cellProblem{events.Malformed, events.Say("holds bytes that are neither UTF-8 nor GB18030", "含有既不是UTF-8也不是GB18030的字节")}
	}
	return nil
}

// A codeTable maps labels to codes of the contract.
type codeTable map[string]string

// lookup returns the code of a label. Any other text is returned in lower case, and the
// contract decides whether it is a code.
func (c codeTable) lookup(s string) string {
	if v, ok := c[s]; ok {
		return v
	}
	return strings.ToLower(s)
}

var (
	categoryCodes = codeTable{"公共管理": "public_management", "公共服务": "public_service", "社会事业": "social_undertaking", "设施维护": "facility_maintenance", "社会治理": "social_governance"}
	areaCodes     = codeTable{"农村": "rural", "乡村": "rural", "城镇": "urban", "城市": "urban"}
	groupCodes    = codeTable{"大龄": "older", "大龄人员": "older", "脱贫": "out_of_poverty", "脱贫人员": "out_of_poverty", "脱贫人口": "out_of_poverty", "低收入": "low_income", "低收入人口": "low_income",
		"残疾": "disabled", "残疾人": "disabled", "零就业家庭": "zero_employment_family", "其他": "other"}
	exitCodes     = codeTable{"自然退出": "natural", "正常退出": "natural", "清退": "dismissal", "辞退": "dismissal", "解聘": "dismissal"}
	payCodes      = codeTable{"岗位补贴": "allowance", "补贴": "allowance", "补发": "arrears", "保险": "insurance", "意外险": "insurance", "迟发补偿": "delay_compensation"}
	capacityCodes = codeTable{"稽核": "inspection", "现场稽核": "inspection", "现场检查": "inspection", "抽查": "inspection"}
	estimateCodes = codeTable{"月": "month", "按月": "month", "年": "year", "按年": "year"}
	identityCodes = codeTable{"录入错误": "mistyped", "登记错误": "mistyped", "录错": "mistyped", "换号": "changed", "号码变更": "changed", "重号更换": "changed", "十五位升位": "fifteen_digits", "15位升18位": "fifteen_digits", "升位": "fifteen_digits", "改名": "renamed", "更名": "renamed"}
	modeCodes     = codeTable{"判定": "decide", "登记": "record"}
)

// parseMark parses the mark of one day: a letter of the contract, or a sign in use.
func parseMark(s string) (byte, bool) {
	switch strings.ToUpper(s) {
	case "P", "√", "✓", "✔", "出", "出勤", "到", "1":
		return 'P', true
	case "H", "半", "半天", "△", "0.5":
		return 'H', true
	case "L", "假", "请假", "事", "病", "事假", "病假":
		return 'L', true
	case "A", "×", "✗", "X", "旷", "旷工", "缺", "缺勤":
		return 'A', true
	case "S", "替", "顶岗", "代":
		return 'S', true
	case ".", "休", "休息", "公休":
		return '.', true
	case "", "-":
		return '-', true
	}
	return 0, false
}

// parseDays parses a list of the days present, such as 1-5,8-12,15. It says nothing
// about the other days.
func (d *rowDraft) parseDays(s string) *cellProblem {
	bad := invalid("must list the days present, such as 1-5,8-12; a number of days does not say which",
		"须列出出勤日，如1-5,8-12；只有天数看不出是哪几天")
	if !strings.ContainsAny(s, "-,，、;~") {
		return bad
	}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",，、; ", r) }) {
		from, to, span := strings.Cut(strings.ReplaceAll(part, "~", "-"), "-")
		if !span {
			to = from
		}
		a, err := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil || a < 1 || b < a || b > 31 {
			return bad
		}
		for day := a; day <= b; day++ {
			if f := d.setMark(day, 'P'); f != nil {
				return f
			}
		}
	}
	return nil
}
