package lifecycle

// RulesVersion names the state of the tables below. Every receipt carries it.
const RulesVersion = "2026-11-26"

// laws are the rules for marketing messages that we know, the country's own row
// first. Where sources disagree or none binds a text message, the stricter
// reading stands, and Sure is false. How to add a country: docs/law.md.
var laws = []Law{
	{
		Country: "IT", Channel: SMS, Open: weekdays(8, 22).with(saturday, 8, 22), Holidays: true,
		Source: "Twilio, SMS guidelines Italy: promotional traffic is prohibited from 22:00 to 08:00 and on Sundays (https://www.twilio.com/en/guidelines/it/sms); consent: art. 130(1)-(2) Codice Privacy",
		Dated:  "2026-11-22", Sure: true, Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "FR", Channel: SMS, Open: weekdays(8, 22).with(saturday, 8, 22),
		Source: "rule of the French operators: Monday to Saturday from 08:00 to 22:00, never on Sundays and public holidays (https://developers.brevo.com/reference/transactional-sms-1, https://help.brevo.com/hc/en-us/articles/11884482521234); consent: art. L34-5 CPCE",
		Dated:  "2026-11-26", Sure: true, Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "DE", Channel: SMS, Open: daily(8, 20), Holidays: true,
		Source: "no binding hours are known; customary quiet hours are 20:00 to 08:00 (https://kb.zap.co.uk/docs/a-guide-to-sms-quiet-hours/); consent: § 7(2) no. 2 UWG",
		Dated:  "2026-11-26", Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "ES", Channel: SMS, Open: weekdays(9, 21),
		Source: "art. 96.2 TRLGDCU allows unasked offers by telephone from 09:00 to 21:00, never on weekends and holidays; whether it binds a text message that somebody consented to is open (https://www.boe.es/eli/es/rdlg/2007/11/16/1/con); consent: art. 21.1 LSSI",
		Dated:  "2026-11-26", Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "GB", Channel: SMS, Open: daily(8, 20), Holidays: true,
		Source: "no binding hours are known; customary quiet hours are 20:00 to 08:00 (https://kb.zap.co.uk/docs/a-guide-to-sms-quiet-hours/); consent: regulation 22(2) PECR",
		Dated:  "2026-11-26", Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "US", Channel: SMS, Open: daily(8, 21), Holidays: true,
		Source: "47 CFR 64.1200(c)(1): from 08:00 to 21:00, local time of the called party; consent: prior express written consent, 47 CFR 64.1200(a)(2) and (f)(9)",
		Dated:  "2026-11-26", Sure: true, Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	},

	// Stricter states. The chart is that of https://www.dropcowboy.com/state-compliance
	// (1 November 2025), beside each state's own law where it is known.
	state("AL", daily(8, 20).with(sunday, 0, 0), false, "chart; Alabama Public Service Commission"),
	state("CT", daily(9, 20), true, "Conn. Gen. Stat. 42-288a as amended by Public Act 23-98; chart").surely(),
	state("FL", daily(8, 20), true, "Fla. Stat. 501.616(6)(a); chart").surely(),
	state("KY", daily(10, 21), true, "KRS 367.46955; chart"),
	state("LA", daily(8, 20).with(sunday, 0, 0), false, "La. R.S. 45:811, LPSC General Order R-29617; chart"),
	state("MD", daily(8, 20), true, "Md. Code, Com. Law 14-4502 (Stop the Spam Calls Act of 2023); chart").surely(),
	state("MA", daily(8, 20), true, "M.G.L. c. 159C s. 3; chart"),
	state("MI", daily(9, 21), true, "chart"),
	state("MN", daily(9, 21), true, "Minn. Stat. 325E.30; chart"),
	state("MS", daily(8, 20).with(sunday, 0, 0), false, "chart; https://dnc.com/holiday-alerts for holidays"),
	state("NV", daily(9, 20), true, "NRS 599B.230; chart"),
	state("NJ", daily(8, 20), true, "https://support.referrizer.com/en/category/text-campaigns/article/tcpa-quiet-hours-and-state-specific-rules-for-text-campaigns"),
	state("NM", daily(9, 21), true, "N.M. Stat. 57-12-22; chart"),
	state("OK", daily(8, 20), true, "Okla. Stat. tit. 15, 775C.4; chart").surely(),
	state("PA", daily(8, 21).with(saturday, 8, 12).with(sunday, 13, 21), false, "73 P.S. 2245; chart"),
	state("RI", weekdays(9, 18).with(saturday, 10, 17), false, "R.I. Gen. Laws 5-61-3.6; chart"),
	state("SD", daily(9, 21).with(sunday, 0, 0), true, "SDCL 37-30A-3"),
	state("TX", daily(9, 21).with(sunday, 12, 21), true, "Tex. Bus. & Com. Code 301.051 and 302, Senate Bill 140 of 2025").surely(),
	state("UT", daily(8, 21).with(sunday, 0, 0), false, "Utah Code 13-25a-103"),
	state("WA", daily(8, 20), true, "RCW 80.36.390").surely(),
	state("WY", daily(8, 20), true, "Wyo. Stat. 40-12-302"),

	{
		Country: "IT", Channel: Email, Open: always, Holidays: true, Needs: needsOptIn, Soft: true,
		Source: "art. 130(1)-(2) Codice Privacy; buyers: art. 130(4), read strictly (Garante, doc. web 10114967; Cass. 15881/2025). No hours are set",
		Dated:  "2026-11-22", Sure: true, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "FR", Channel: Email, Open: always, Holidays: true, Needs: needsOptIn, Soft: true,
		Source: "art. L34-5 CPCE, buyers: its fourth paragraph. No hours are set",
		Dated:  "2026-11-26", Sure: true, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "DE", Channel: Email, Open: always, Holidays: true, Needs: needsOptIn, Soft: true,
		Source: "§ 7(2) no. 2 UWG; buyers: § 7(3) UWG (https://www.gesetze-im-internet.de/uwg_2004/__7.html). No hours are set",
		Dated:  "2026-11-26", Sure: true, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "ES", Channel: Email, Open: always, Holidays: true, Needs: needsOptIn, Soft: true,
		Source: "art. 21.1 LSSI; buyers: art. 21.2. No hours are set",
		Dated:  "2026-11-26", Sure: true, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "GB", Channel: Email, Open: always, Holidays: true, Needs: needsOptIn, Soft: true,
		Source: "regulation 22(2) PECR; buyers: regulation 22(3). No hours are set",
		Dated:  "2026-11-26", Sure: true, Must: ContentIdentity | ContentOptOut,
	},
	{
		Country: "US", Channel: Email, Open: always, Holidays: true, Needs: needsNothing, Soft: true,
		Source: "CAN-SPAM Act, 15 U.S.C. 7704(a): nobody after an opt-out; opt-out and postal address in each message. No hours are set",
		Dated:  "2026-11-26", Sure: true, Must: ContentIdentity | ContentOptOut | ContentAddress,
	},
}

// state is a row of a state of the United States. It adds to the country's.
func state(region string, open Week, holidays bool, source string) Law {
	return Law{
		Country: "US", Region: region, Channel: SMS, Open: open, Holidays: holidays, Source: source, Dated: "2026-11-26",
		Needs: needsOptIn, Must: ContentIdentity | ContentOptOut,
	}
}

func (l Law) surely() Law {
	l.Sure = true
	return l
}
