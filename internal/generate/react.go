package generate

import (
	"time"

	"ritorno/internal/lifecycle"
)

// Reaction is what a person does with a message. Durations count from the
// message; 0 means that it does not happen.
type Reaction struct {
	Opens  time.Duration // fetches the page behind the link
	Seen   bool          // … and is there in person: some links are opened by scanners only
	Answer string        // … and picks this in the survey, or enters the contest
	Text   string        // … and adds a few words
	Leaves bool          // … and unsubscribes instead
	Reply  string        // answers the SMS with this, at ReplyIn
	// ReplyIn is when Reply is sent.
	ReplyIn time.Duration
	Buys    time.Duration // orders again
}

// temper is how likely people do what, by the template of the message.
type temper struct{ opens, answers, buys, leaves float64 }

var tempers = map[string]temper{
	"survey":              {0.42, 0.45, 0.05, 0.04},
	"contest":             {0.38, 0.50, 0.05, 0.04},
	"coupon":              {0.40, 0.00, 0.16, 0.06},
	"welcome_back_memory": {0.45, 0.10, 0.02, 0.02},
	"welcome_back_news":   {0.30, 0.05, 0.03, 0.02},
	"welcome_back_stay":   {0.30, 0.05, 0.04, 0.02},
	"welcome_back_check":  {0.25, 0.10, 0.06, 0.03},
	"cancellation_sorry":  {0.50, 0.30, 0.00, 0.02},
	"cancellation_offer":  {0.45, 0.00, 0.15, 0.03},
	"":                    {0.30, 0.00, 0.02, 0.02},
}

// Choices are the answers of the survey, as its page offers them.
var Choices = []string{"nothing", "no_need", "price", "product", "delivery", "service", "other"}

// React is what a person does with one message: the same every time it is
// asked. at is when the message arrived.
func (l *Life) React(person, step int, channel lifecycle.Channel, template string, at time.Time) Reaction {
	p := l.People[person]
	c := about(l.seed, "react "+template, int64(person), int64(step), int64(channel), at.Unix()/86400)
	r := reactionOf(c, p, channel, template)
	if !at.After(l.last[person]) {
		r.Buys = 0 // buys at their own time anyway
	}
	return r
}

// ReactionOf is [Life.React] for a person whose orders are somebody else's
// history: they never buy.
func ReactionOf(seed uint64, p Person, step int, channel lifecycle.Channel, template string, at time.Time) Reaction {
	c := about(seed, "react "+template, int64(p.Number), int64(step), int64(channel), at.Unix()/86400)
	r := reactionOf(c, p, channel, template)
	r.Buys = 0
	return r
}

func reactionOf(c chance, p Person, channel lifecycle.Channel, template string) (r Reaction) {
	t, ok := tempers[template]
	if !ok {
		t = tempers[""]
	}
	lean := 0.4 + 1.2*p.patient // 1 on average
	if c.happens(t.opens * lean) {
		r.Opens = 2*time.Minute + time.Duration(c.share()*c.share()*30*float64(time.Hour))
		r.Seen = c.happens(0.7)
	}
	if r.Seen {
		l := c.share()
		switch {
		case l < t.leaves:
			r.Leaves = true
		case l < t.leaves+t.answers && template == "contest":
			r.Answer = "entry"
		case l < t.leaves+t.answers:
			r.Answer = pick(c, Choices)
			if c.happens(0.25) {
				r.Text = pick(c, words)
			}
		}
	}
	if channel == lifecycle.SMS && r.Opens == 0 && c.happens(0.05*(1.6-lean)) {
		r.Reply, r.ReplyIn = "STOP", 5*time.Minute+time.Duration(c.share()*float64(6*time.Hour))
		if c.happens(0.3) {
			r.Reply = "Basta, grazie"
		}
		return r
	}
	if channel == lifecycle.SMS && r.Opens == 0 && c.happens(0.015) {
		r.Reply, r.ReplyIn = pick(c, replies), 10*time.Minute+time.Duration(c.share()*float64(9*time.Hour))
	}
	if !r.Leaves && c.happens(t.buys*lean) {
		r.Buys = time.Duration((0.1 + 5*c.share()) * float64(day))
	}
	return r
}

var words = []string{"Tutto buono, ma la spedizione costa troppo", "Ho la dispensa piena", "Il vino era arrivato rotto", "Torno a Natale!", "Nessun motivo"}

var replies = []string{"Ciao, quando torna il pecorino?", "Grazie, passo in negozio", "Va bene"}
