package events

import (
	"errors"

	"github.com/muster-works/muster/events/idnumber"
)

// OfIDNumber says for people what is wrong with an identity number. err is an error of
// [idnumber.Parse]. The sentence never quotes the number.
func OfIDNumber(err error) Sentence {
	for _, known := range []struct {
		err error
		zh  string
	}{
		{idnumber.ErrForm, "公民身份号码须为17位数字加1位数字或X"},
		{idnumber.ErrBirthDate, "公民身份号码中的出生日期不存在"},
		{idnumber.ErrChecksum, "公民身份号码的校验码不对，请核对各位数字"},
		{idnumber.ErrProvince, "公民身份号码开头两位不是任何省份的代码"},
	} {
		if errors.Is(err, known.err) {
			return Sentence{err.Error(), known.zh}
		}
	}
	return Sentence{err.Error(), "公民身份号码有误"}
}
