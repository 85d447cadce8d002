package config_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/config"
	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

// fullEnv are the variables of testdata/full.yaml.
var fullEnv = map[string]string{
	"REDIS_PASSWORD":     "redis-planted",
	"TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
	"TWILIO_AUTH_TOKEN":  "twilio-planted",
	"SENDGRID_API_KEY":   "SG.sendgrid-planted",
	"SHOPIFY_SECRET":     "shpss_shopify-planted",
	"WOO_SECRET":         "woo-planted",
	"AC_TOKEN":           "activecampaign-token-planted",
	"AC_KEY":             "activecampaign-key-planted",
	"RECHARGE_SECRET":    "recharge-planted",
}

func from(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

// full is the configuration with every key, without mistakes.
func full(t *testing.T) *config.Config {
	t.Helper()
	c, found := config.Load("testdata/full.yaml", from(fullEnv))
	if config.Bad(found) {
		t.Fatalf("problems: %v", found)
	}
	return c
}

// minimal is a configuration with the least that works, and more lines.
func minimal(t *testing.T, more string) *config.Config {
	t.Helper()
	src := "public_url: https://win.shop.example\nshops:\n  bottega:\n    country: IT\n" + more
	c, found := config.Parse("ritorno.yaml", []byte(src), nil)
	if config.Bad(found) {
		t.Fatalf("problems: %v", found)
	}
	return c
}

func TestTheWholeFileIsRead(t *testing.T) {
	c := full(t)
	zeta := c.Shop("zeta")
	for name, pair := range map[string][2]any{
		"address without its slash":     {c.PublicURL, "https://win.shop.example"},
		"default of a reference":        {c.Listen, "127.0.0.1:9090"},
		"reference inside a text":       {c.Redis.URL.Reveal(), "rediss://ritorno:redis-planted@redis.internal:6380/1"},
		"embedded":                      {c.Redis.Embedded(), false},
		"shards":                        {c.Redis.Shards, 128},
		"reference alone":               {c.Twilio.AuthToken.Reveal(), "twilio-planted"},
		"number with decimals":          {c.Twilio.Rate, 2.5},
		"comma and accents in quotes":   {c.SendGrid.From.Name, "Caffè Perché, Roma"},
		"delivery":                      {c.Delivery, config.Delivery{Settle: config.Duration(90 * time.Second), Recheck: config.Duration(15 * time.Minute), OnUnknown: config.ResendIfNotFound, Expires: config.Duration(36 * time.Hour)}},
		"network":                       {c.Outbound.Allow[0].String(), "10.1.0.0/16"},
		"shops by name":                 {[]string{c.Shops[0].ID, c.Shops[1].ID}, []string{"alfa", "zeta"}},
		"no such shop":                  {c.Shop("beta") == nil, true},
		"time without quotes":           {zeta.QuietHours.From.String(), "22:00"},
		"a word that YAML 1.1 takes":    {zeta.Law, config.LawOff},
		"brakes":                        {zeta.Brakes, config.BrakesOff},
		"date":                          {zeta.Contest.To, config.Date{Year: 2027, Month: 12, Day: 31}},
		"empty secrets are skipped":     {len(zeta.Source("shopify").Secrets), 1},
		"secret in a flow list":         {zeta.Source("shopify").Secrets[0].Reveal(), "shpss_shopify-planted"},
		"secret in a flow mapping":      {zeta.Source("woo").Secrets[0].Reveal(), "woo-planted"},
		"secret in a block list":        {zeta.Source("recharge").Secrets[0].Reveal(), "recharge-planted"},
		"several secrets, newest first": {zeta.Source("erp").Secrets[0].Reveal(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		"token of the URL":              {zeta.Source("crm").Token.Reveal(), "activecampaign-token-planted"},
		"catching up, in short":         {zeta.Source("shopify").CatchUp, config.CatchUp{Every: config.Every(15 * time.Minute), Rate: 2}},
		"catching up, at length":        {zeta.Source("woo").CatchUp, config.CatchUp{Every: config.Every(2 * time.Hour), Rate: 0.5}},
		"catching up, by default":       {zeta.Source("crm").CatchUp, config.CatchUp{Every: config.Every(time.Hour), Rate: 2}},
		"catching up without an API":    {zeta.Source("recharge").CatchUp.Every, config.Every(0)},
		"last look":                     {zeta.LastLook, config.LastLook{On: true, Within: config.Duration(5 * time.Second), OnUnreachable: config.HoldBack, Sources: []string{"woo", "crm"}}},
		"whom the last look asks":       {[]string{zeta.Looks()[0].Name, zeta.Looks()[1].Name}, []string{"crm", "woo"}},
		"no such source":                {zeta.Source("none") == nil, true},
		"share":                         {c.Journey("win_back").Holdout, config.Share(0.1)},
		"a journey that is built in":    {c.Journey("cancellation").Trigger, lifecycle.OnCancellation},
		"no such journey":               {c.Journey("none") == nil, true},
	} {
		if d := cmp.Diff(pair[1], pair[0]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestDefaults(t *testing.T) {
	c := minimal(t, "redis: {shards: 8}\n")
	s := c.Shop("bottega")
	for name, pair := range map[string][2]any{
		"listen":                     {c.Listen, ":8080"},
		"data_dir":                   {c.DataDir, "./data"},
		"only shards: embedded":      {c.Redis.Embedded(), true},
		"the shards given":           {c.Redis.Shards, 8},
		"delivery":                   {c.Delivery, config.Delivery{Settle: config.Duration(time.Minute), Recheck: config.Duration(10 * time.Minute), OnUnknown: config.Hold, Expires: config.Duration(72 * time.Hour)}},
		"name of the shop":           {s.Name, "bottega"},
		"time zone of the country":   {s.Timezone, "Europe/Rome"},
		"currency of the country":    {s.Currency, "EUR"},
		"language of the country":    {s.Locale, "it"},
		"law":                        {s.Law, config.Enforce},
		"no last look":               {s.LastLook, config.LastLook{Within: config.Duration(3 * time.Second), OnUnreachable: config.SendAnyway}},
		"brakes":                     {s.Brakes, config.BrakesOn},
		"lapse is the last step's":   {s.Lapse.String(), "90d"},
		"retention":                  {s.Retention.String(), "730d"},
		"the three built-in ones":    {s.Journeys, []string{"reactivation", "welcome_back", "cancellation"}},
		"no limit of messages":       {s.FrequencyCap == nil, true},
		"nothing is taken for given": {s.Consent.Assume, config.Assume{}},
		"quiet hours": {*s.QuietHours, config.QuietHours{
			From: 1260, To: 540, Days: []time.Weekday{time.Sunday},
			Holidays: true, Channels: []lifecycle.Channel{lifecycle.SMS},
		}},
	} {
		if d := cmp.Diff(pair[1], pair[0]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	if c := minimal(t, ""); c.Redis.Shards != 64 || !c.Redis.Embedded() {
		t.Errorf("without redis: %d shards, embedded %v", c.Redis.Shards, c.Redis.Embedded())
	}
}

func TestQuietHoursOfTheRules(t *testing.T) {
	night := &lifecycle.Quiet{From: 1260, To: 540}
	night.Channels[lifecycle.SMS] = true
	def := &lifecycle.Quiet{From: 1260, To: 540, Holidays: true}
	def.Days[time.Sunday] = true
	def.Channels[lifecycle.SMS] = true
	sundays := &lifecycle.Quiet{}
	sundays.Days[time.Sunday] = true
	sundays.Channels[lifecycle.Email] = true
	for name, tt := range map[string]struct {
		line string
		want *lifecycle.Quiet
	}{
		"left out: the default":            {"", def},
		"without a value: the default":     {"    quiet_hours:\n", def},
		"only from and to":                 {"    quiet_hours: {from: \"21:00\", to: \"09:00\"}\n", night},
		"from equal to to":                 {"    quiet_hours: {from: \"09:00\", to: \"09:00\"}\n", nil},
		"from equal to to, and a free day": {"    quiet_hours: {from: 00:00, to: 00:00, days: [sun], channels: [email]}\n", sundays},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, minimal(t, tt.line).Rules("bottega").Quiet); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestRulesOfTheJourneyLanguage(t *testing.T) {
	src, err := os.ReadFile("testdata/full-journeys.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := config.Parse("full-journeys.yaml", src, nil)
	if config.Bad(problems) {
		t.Fatal(problems)
	}
	days := 24 * time.Hour
	want := lifecycle.Rules{Journeys: []lifecycle.Journey{
		{
			Name: "renewal_failed", Trigger: lifecycle.OnPaymentFailed, Priority: 90, PerDay: 200, Holdout: 0.05,
			Reentry: lifecycle.Reentry{After: 180 * days}, StopIf: expression(t, "orders > 100"),
			Steps: []lifecycle.Step{
				{After: time.Hour, Channels: []lifecycle.Channel{lifecycle.Email}, Variants: []lifecycle.Variant{
					{Name: "dry", Weight: 1, Template: "coupon"}, {Name: "warm", Weight: 3, Template: "survey"},
				}},
				{
					After: 3 * days, Previous: true, Channels: []lifecycle.Channel{lifecycle.Email}, Template: "coupon", StopIf: expression(t, "opened"),
					WaitFor: &lifecycle.WaitFor{Reaction: lifecycle.ReactionClick, Timeout: 2 * days, Otherwise: lifecycle.UnheardGo},
				},
			},
			Finish: lifecycle.Finish{Otherwise: lifecycle.Active},
		},
	}}
	want.Pin()
	opts := cmp.Comparer(func(a, b *when.Expr) bool { return a.String() == b.String() })
	if d := cmp.Diff(want.Journeys, c.Rules("bottega").Journeys, opts); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func expression(t *testing.T, src string) *when.Expr {
	t.Helper()
	e, err := when.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRules(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	const days = 24 * time.Hour
	condition, err := when.Compile("spent > 50 and orders >= 2")
	if err != nil {
		t.Fatal(err)
	}
	unopened, err := when.Compile("not opened")
	if err != nil {
		t.Fatal(err)
	}
	pounds := func(minor int64) lifecycle.Money { return lifecycle.Money{Minor: minor, Currency: "GBP"} }
	want := lifecycle.Rules{
		Lawless: true, BestHours: true, Soft: lifecycle.Soft{Email: true, Months: 18},
		Shop: "zeta", Name: "Zeta Books", HomeURL: "https://zeta.example/shop", Address: "1 High Street, London",
		Locale: "en-GB", Country: "GB", Currency: "GBP", Location: london, Business: lifecycle.Education,
		Brand: lifecycle.Brand{
			Color: "#b3261e", TextColor: "#ffffff", Logo: "https://zeta.example/logo.png",
			Address: "Zeta Books Ltd, 1 High Street, London", Font: "Georgia,'Times New Roman',serif",
		},
		Lapse: 84 * days, Expires: 36 * time.Hour, Settle: 90 * time.Second, Recheck: 15 * time.Minute, Resend: true,
		Quiet: &lifecycle.Quiet{From: 1320, To: 510, Days: [7]bool{true, 6: true}, Holidays: true},
		Cap:   lifecycle.Cap{Messages: 4, Per: 30 * days},
		Contest: &lifecycle.Contest{
			RulesURL: "https://zeta.example/rules", Registration: "PZ/2026/1",
			From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC),
		},
		Person: "Giulia", Phone: "+39 02 1234567",
		Offers: []lifecycle.Offer{
			{
				Name: "strong", Kind: lifecycle.Financial, Type: lifecycle.OfferCoupon, Percent: 20, Cost: pounds(800), Life: 7 * days,
				Reusable: true, When: unopened, Framing: "loss", Budget: lifecycle.Budget{Amount: pounds(50000), Per: 30 * days},
			},
			{Name: "surprise", Kind: lifecycle.Material, Type: "surprise", Cost: pounds(0), Text: "a bookmark in your next parcel", Framing: "gain"},
		},
		Placeholders: []string{"bancone@zeta.example", "@till.zeta.example", "kiosk@"},
		Owners: map[string]string{
			"api": "source:api", "crm": "source:crm", "erp": "source:woo", "flow": "source:flow", "recharge": "system:recharge",
			"shopify": "system:shopify", "signs": "source:signs", "stripe": "system:stripe", "woo": "source:woo",
		},
		Journeys: []lifecycle.Journey{
			{Name: "win_back", Trigger: lifecycle.OnInactivity, Auto: true, Holdout: 0.1, Steps: []lifecycle.Step{
				{After: 14 * days, Channels: []lifecycle.Channel{lifecycle.Email}, Template: "survey", Expires: 12 * time.Hour},
				{After: 30 * days, Channels: []lifecycle.Channel{lifecycle.SMS, lifecycle.Email}, Template: "coupon", When: condition, Offers: []string{"strong", "surprise"}},
			}, Finish: lifecycle.Finish{After: 3 * days, Otherwise: lifecycle.Active}},
			{Name: "welcome_back", Trigger: lifecycle.OnReturn},
		},
	}
	want.Pin()
	want.Assume[lifecycle.Email] = lifecycle.Subscribed
	want.Quiet.Channels[lifecycle.Email], want.Quiet.Channels[lifecycle.SMS] = true, true
	got := full(t).Rules("zeta")
	want.Journeys[1] = got.Journeys[1] // see TestBuiltInJourneys
	opts := []cmp.Option{
		cmp.Comparer(func(a, b *when.Expr) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
		cmpopts.EquateEmpty(),
	}
	if d := cmp.Diff(want, got, opts...); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if none := full(t).Rules("nobody"); none.Shop != "nobody" || len(none.Journeys) != 0 {
		t.Errorf("rules of an unknown shop: %+v", none)
	}
}

// A journey of the contract, one step a line: day, channels, template, condition.
// Whoever moved away has had the farewell with the first message of cancellation.
func TestBuiltInJourneys(t *testing.T) {
	var got []string
	for _, j := range minimal(t, "").Rules("bottega").Journeys {
		got = append(got, j.Name+" on "+string(j.Trigger))
		for _, s := range j.Steps {
			line := config.Duration(s.After).String()
			for _, ch := range s.Channels {
				line += " " + ch.String()
			}
			got = append(got, line+" "+s.Template+" "+s.When.String())
		}
		got = append(got, "after "+config.Duration(j.Finish.After).String()+" "+j.Finish.Otherwise.String())
	}
	want := []string{
		"reactivation on inactivity", "30d sms email survey ", "60d sms email contest ", "90d sms email coupon ", "after 1w unsubscribed",
		"welcome_back on return", "0s email welcome_back_memory ", "3d email welcome_back_news ", "1w email welcome_back_stay ",
		"4w email welcome_back_check orders_since_return == 0", "after 0s active",
		"cancellation on cancellation", "1h email cancellation_sorry ", "2w email cancellation_offer " + `cancel_reason_class not in ["moved", "fraud"]`, "after 2w dormant",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAJourneyOfTheFileTakesTheBuiltInOnesPlace(t *testing.T) {
	c := minimal(t, "journeys:\n  reactivation:\n    trigger: inactivity\n    steps: [{after: 5d, channel: email, template: survey}]\n")
	r := c.Rules("bottega")
	if len(r.Journeys) != 3 || len(r.Journeys[0].Steps) != 1 || r.Lapse != 120*time.Hour {
		t.Errorf("journeys %+v, lapse %s", r.Journeys, r.Lapse)
	}
	if f := r.Journeys[0].Finish; f.Otherwise != lifecycle.UnsubscribedState || f.After != 0 {
		t.Errorf("an inactivity journey without finish ends %+v", f)
	}
	if none := minimal(t, "    journeys: []\n").Rules("bottega"); len(none.Journeys) != 0 || none.Lapse != 90*24*time.Hour {
		t.Errorf("a shop that wants no journey has %+v, lapse %s", none.Journeys, none.Lapse)
	}
}

func TestLoadSaysWhatIsWrongWithTheFile(t *testing.T) {
	missing := t.TempDir() + "/ritorno.yaml"
	for name, tt := range map[string]struct{ path, want string }{
		"a file that is not there": {missing, missing + ": does not exist: name another file with --config, or start from examples/ritorno.yaml"},
		"a folder":                 {"testdata", "testdata: cannot be read: name a file, not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			c, found := config.Load(tt.path, os.LookupEnv)
			if c == nil || len(found) != 1 || found[0].String() != tt.want || !config.Bad(found) {
				t.Errorf("got %v, want %s", found, tt.want)
			}
		})
	}
}
