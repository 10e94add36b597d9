package events_test

import (
	"testing"

	"github.com/muster-works/muster/events"
)

// Goal: the header Accept-Language of browsers, command lines and libraries is
// understood as RFC 9110 says.
func TestAcceptLanguage(t *testing.T) {
	for name, c := range map[string]struct {
		header []string
		want   events.Language
	}{
		"no header":             {nil, events.English},
		"empty":                 {[]string{""}, events.English},
		"any":                   {[]string{"*"}, events.English},
		"Chinese":               {[]string{"zh"}, events.Chinese},
		"of mainland China":     {[]string{"zh-CN"}, events.Chinese},
		"with a script":         {[]string{"ZH-Hans-CN"}, events.Chinese},
		"a Chinese browser":     {[]string{"zh-CN,zh;q=0.9,en;q=0.8"}, events.Chinese},
		"an English browser":    {[]string{"en-US,en;q=0.9,zh-CN;q=0.8"}, events.English},
		"weights out of order":  {[]string{"en;q=0.2, zh;q=0.7"}, events.Chinese},
		"spaces":                {[]string{" en ; q=0.2 , zh ; q=0.7 "}, events.Chinese},
		"a language we lack":    {[]string{"ja, zh;q=0.1"}, events.Chinese},
		"only ones we lack":     {[]string{"ja, de;q=0.5"}, events.English},
		"Chinese is not wanted": {[]string{"zh;q=0"}, events.English},
		"equal weights":         {[]string{"zh;q=0.5,en;q=0.5"}, events.Chinese},
		"two headers":           {[]string{"en;q=0.3", "zh"}, events.Chinese},
		"a malformed weight":    {[]string{"zh;q=much, en;q=0.1"}, events.English},
		"a weight too large":    {[]string{"zh;q=7, en;q=0.1"}, events.English},
		"no number":             {[]string{"zh;q=NaN, en;q=0.1"}, events.English},
		"begins like Chinese":   {[]string{"zhx"}, events.English},
	} {
		if got := events.AcceptLanguage(c.header...); got != c.want {
			t.Errorf("%s: %q is %s, want %s", name, c.header, got, c.want)
		}
	}
}

// Goal: a receipt in one language leaves the receipt that it was made of alone, since
// the parts of a deployment may share that one.
func TestReceiptInLanguage(t *testing.T) {
	both := events.Receipt{Status: events.Rejected, Reasons: events.Refusal(events.Missing, "id", events.Say("is required", "为必填项"))}
	if got := both.In(events.Chinese).Reasons[0]; got.Detail != "为必填项" || got.DetailZH != "" {
		t.Errorf("in Chinese: %+v", got)
	}
	if got := both.In(events.English).Reasons[0]; got.Detail != "is required" || got.DetailZH != "" {
		t.Errorf("in English: %+v", got)
	}
	if got := both.Reasons[0]; got.Detail != "is required" || got.DetailZH != "为必填项" {
		t.Errorf("the receipt itself became %+v", got)
	}
}
