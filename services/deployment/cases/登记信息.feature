# language: zh-CN
功能: 其他部门的登记信息
  A register may know of somebody before any agency has placed the person; a hire takes the person up with what is known.
  Reported in the audits of Qingdao (2021) and Jinan (2022): people who had died were hired, and nobody looked.

  背景:
    假如 黄岛区于2022-01-05已报送岗位:
      | 岗位 |
      | P1  |

  场景: 上岗之前已有死亡登记，上岗后履历中可见
    当 区民政局于2022-04-10报送登记:
      | 编号 | 登记簿   | 人员 | 自          |
      | g1  | death | 甲  | 2022-04-01 |
    那么 回执依次为"受理"
    当 黄岛区于2022-04-12报送账户:
      | 人员 | 银行  | 自          | 账号                  |
      | 甲  | 102 | 2022-04-12 | 6222021602012345678 |
    那么 回执依次为"退回unknown_person"
    当 黄岛区于2022-04-29报送录用:
      | 岗位 | 人员 | 自          |
      | P1  | 甲  | 2022-05-01 |
    那么 回执依次为"受理"
    并且 人员甲的履历依次为"登记、录用"

  场景: 同一陌生人的两次登记是同一个人
    当 区民政局于2022-04-10报送登记:
      | 编号 | 登记簿       | 人员 | 自          |
      | g1  | pension   | 乙  | 2022-03-01 |
    当 区民政局于2022-04-11报送登记:
      | 编号 | 登记簿       | 人员 | 自          |
      | g2  | insurance | 乙  | 2022-02-01 |
    那么 回执依次为"受理"
    当 黄岛区于2022-04-29报送录用:
      | 岗位 | 人员 | 自          |
      | P1  | 乙  | 2022-05-01 |
    那么 人员乙的履历依次为"登记、登记、录用"
