package lifecycle

import (
	"fmt"
	"strings"
	"time"
)

// Receipt is why a message was allowed to leave, as decided at the gate. Its
// zero value stands for a message of a release that kept none.
type Receipt struct {
	Basis    Basis
	At       time.Time // of the opt-in, or of the order
	Source   string    // who told the opt-in or the order
	Evidence string    // of the opt-in, at most 120 bytes
	Order    string    // id of the order of a soft opt-in, at most 64 bytes

	Rules   string // [RulesVersion] at the time
	Country string // whose law was applied
	Region  string
	Also    string // a second place whose law was applied: where the number rings, such as US-FL

	Zone    string // names of the zones, separated by spaces, at most 120 bytes
	ZoneWhy ZoneReason
	Decided time.Time
	Offset  int // minutes east of UTC of the first zone at that time

	Law      LawState
	From, To int // minutes after local midnight between which the law lets messages leave on that day
	Left     int // minutes until law or quiet hours forbid it, at most 600
}

// LawState says whether the law's hours were looked at.
type LawState uint8

// The states. Their values are stored.
const (
	LawUnknown LawState = iota // no rule is known for the country and channel
	LawHeld                    // the rules of the version were applied
	LawOff                     // the shop switched the law's hours off
)

// String is the word of the API.
func (l LawState) String() string {
	return [...]string{"no_rule", "enforced", "off"}[l]
}

// receipt writes down why a message may leave now. It decides nothing.
func (d *decision) receipt(ch Channel) Receipt {
	where := d.r.WhereIs(&d.c)
	local := d.now.In(where.Local())
	_, offset := local.Zone()
	basis, order, _ := d.r.basis(&d.c, ch, d.now)
	x := Receipt{
		Basis: basis, Rules: RulesVersion, Zone: clip(where.String(), 120), ZoneWhy: where.Why,
		Decided: d.now, Offset: offset / 60, Left: int(d.r.MayWriteFor(&d.c, d.now, ch) / time.Minute),
	}
	switch basis {
	case OptIn:
		con := d.c.Consent[ch]
		x.At, x.Source, x.Evidence = con.At, con.Source, con.Evidence
	case SoftOptIn:
		x.At, x.Source, x.Order = order.At, order.Source, order.ID
	}
	d.r.noteLaw(&x, &d.c, ch, local)
	return x
}

// noteLaw adds whose law was applied, and the hours of the first on that local
// day.
func (r *Rules) noteLaw(x *Receipt, c *Contact, ch Channel, local time.Time) {
	at := r.places(c, ch)
	x.Country, x.Region = at[0].country, at[0].region
	if r.Lawless {
		x.Law = LawOff
		return
	}
	if len(at) > 1 {
		x.Also = strings.TrimSuffix(at[1].country+"-"+at[1].region, "-")
	}
	if w := windowAt(at[0], ch); w.known {
		y, m, d := local.Date()
		open := w.on(y, m, d, at[0])
		x.Law, x.From, x.To = LawHeld, open.From, open.To
	}
}

// StatusReceipt shows a receipt.
type StatusReceipt struct {
	Basis    string     `json:"basis"`
	At       *time.Time `json:"consent_at,omitempty"`
	Source   string     `json:"consent_source,omitempty"`
	Evidence string     `json:"evidence,omitempty"`
	Order    string     `json:"order,omitempty"`
	Rules    string     `json:"rules"`
	Country  string     `json:"country"`
	Region   string     `json:"region,omitempty"`
	Also     string     `json:"also,omitempty"`
	Zone     string     `json:"timezone"`
	ZoneWhy  ZoneReason `json:"timezone_why"`
	Local    string     `json:"local_time"`
	Law      string     `json:"law"`
	From     string     `json:"law_from,omitempty"`
	To       string     `json:"law_to,omitempty"`
	Left     int        `json:"minutes_left"`
}

// status is nil for a message without one.
func (x Receipt) status() *StatusReceipt {
	if x == (Receipt{}) {
		return nil
	}
	s := &StatusReceipt{
		Basis: x.Basis.String(), At: ptr(x.At), Source: x.Source, Evidence: x.Evidence, Order: x.Order,
		Rules: x.Rules, Country: x.Country, Region: x.Region, Also: x.Also, Zone: x.Zone, ZoneWhy: x.ZoneWhy,
		Local: x.Decided.In(time.FixedZone("", x.Offset*60)).Format(time.RFC3339), Law: x.Law.String(), Left: x.Left,
	}
	if x.Law == LawHeld {
		s.From, s.To = clockOf(x.From), clockOf(x.To)
	}
	return s
}

func clockOf(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }
