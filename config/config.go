// Package config reads ritorno.yaml into plain values. It reports every
// mistake of the file in one run, with line, column and the mend, and prints
// no secret.
package config

import (
	"net/netip"
	"time"

	"ritorno/internal/lifecycle"
)

// Config is a whole configuration. It is never changed after Parse.
type Config struct {
	PublicURL    string `yaml:"public_url"`    // base of webhook URLs, links and unsubscribe links; no slash at the end
	Listen       string `yaml:"listen"`        // host:port, default ":8080"
	DataDir      string `yaml:"data_dir"`      // home of the embedded store, default "./data"; relative to the working directory
	TemplatesDir string `yaml:"templates_dir"` // the owner's templates; empty: only the built-in ones

	Redis    Redis     `yaml:"redis"`
	Twilio   *Twilio   `yaml:"twilio"`   // nil: no SMS can be sent
	SendGrid *SendGrid `yaml:"sendgrid"` // nil: no e-mail can be sent
	Delivery Delivery  `yaml:"delivery"`
	Outbound Outbound  `yaml:"outbound"`

	Shops    []*Shop    `yaml:"shops"`    // by name
	Journeys []*Journey `yaml:"journeys"` // those of the file, by name; the built-in ones come on top

	report *report // places of the values, for Check
}

// Redis says where the store is. Without URL and Cluster it is the embedded
// one.
type Redis struct {
	URL         Secret   `yaml:"url"`          // redis:// or rediss://, may hold a password; not together with Cluster
	Cluster     []string `yaml:"cluster"`      // host:port of some nodes
	AllowUnsafe bool     `yaml:"allow_unsafe"` // send although this Redis may forget acknowledged writes
	Shards      int      `yaml:"shards"`       // 1 to 1024, default 64; fixed for the life of an installation
	// Replicas is how many replicas must have each change before it counts as
	// stored; -1, which is also what is meant without the key: the one that is
	// connected at start, or a majority of several.
	Replicas int `yaml:"replicas"`
}

// Embedded reports whether Ritorno runs the store itself.
func (r Redis) Embedded() bool { return r.URL.Empty() && len(r.Cluster) == 0 }

// Twilio is the SMS account. Either From or MessagingServiceSID is set.
type Twilio struct {
	AccountSID          string  `yaml:"account_sid"`
	AuthToken           Secret  `yaml:"auth_token"`
	From                string  `yaml:"from"` // E.164, or a name of at most 11 letters, digits and spaces
	MessagingServiceSID string  `yaml:"messaging_service_sid"`
	Rate                float64 `yaml:"rate"` // messages a second, default 10
	// Price is what one segment costs, by country (ISO 3166 alpha-2).
	Price   map[string]Price `yaml:"price"`
	BaseURL string           `yaml:"base_url"` // no slash at the end; may be http and loopback
}

// SendGrid is the e-mail account.
type SendGrid struct {
	APIKey           Secret  `yaml:"api_key"`
	From             Sender  `yaml:"from"`
	Rate             float64 `yaml:"rate"`               // messages a second, default 50
	BaseURL          string  `yaml:"base_url"`           // no slash at the end; may be http and loopback
	WebhookPublicKey string  `yaml:"webhook_public_key"` // base64 DER of an ECDSA P-256 key; empty: no delivery reports
}

// Sender is who an e-mail comes from.
type Sender struct {
	Email string `yaml:"email"`
	Name  string `yaml:"name"` // empty: the shop's name
}

// Delivery says what to do when a send's outcome is not known.
type Delivery struct {
	Settle    Duration  `yaml:"settle"`     // first look for evidence, default 60s
	Recheck   Duration  `yaml:"recheck"`    // second look, default 10m
	OnUnknown OnUnknown `yaml:"on_unknown"` // default hold
	Expires   Duration  `yaml:"expires"`    // a step later than this is dropped, default 3d
}

// OnUnknown is what becomes of a message that no evidence settles.
type OnUnknown string

// The ways to treat it.
const (
	Hold             OnUnknown = "hold"                // keep it for the operator to decide
	ResendIfNotFound OnUnknown = "resend_if_not_found" // send again once the provider's records, looked at twice, know nothing of it
)

// Outbound is the guard against calls to internal addresses.
type Outbound struct {
	Allow []netip.Prefix `yaml:"allow"` // networks that shop APIs and outgoing webhooks may be in although they are internal
}

// Shop is one merchant.
type Shop struct {
	ID      string `yaml:"-,key"` // its key in the file; part of webhook URLs
	Name    string `yaml:"name"`  // as contacts read it, default the ID
	HomeURL string `yaml:"home_url"`
	Address string `yaml:"address"` // postal address, one line, below e-mails; empty: none

	Locale   string `yaml:"locale"`   // language tag, default by the country: it for Italy, else en
	Timezone string `yaml:"timezone"` // IANA name, default by the country where it has one zone
	Country  string `yaml:"country"`  // ISO 3166 alpha-2, default IT
	Currency string `yaml:"currency"` // ISO 4217, default by the country

	Business lifecycle.Business `yaml:"business"` // which built-in words fit, default ecommerce
	Brand    *Brand             `yaml:"brand"`    // nil: the looks of Ritorno

	Consent      Consent       `yaml:"consent"`
	QuietHours   *QuietHours   `yaml:"quiet_hours"` // never nil after Parse
	Law          Law           `yaml:"law"`         // default enforce
	BestHour     bool          `yaml:"best_hour"`   // steps wait for the contact's own best hour of their day
	Brakes       Brakes        `yaml:"brakes"`      // default on
	Lapse        Duration      `yaml:"lapse"`       // an order after a longer gap is a return; default the last step of the inactivity journey, else 90d
	Contest      *Contest      `yaml:"contest"`     // nil: not registered
	FrequencyCap *FrequencyCap `yaml:"frequency_cap"`
	Coupon       *Coupon       `yaml:"coupon"` // nil: codes of our own that nobody made in the shop
	LastLook     LastLook      `yaml:"last_look,short"`
	Offers       []*Offer      `yaml:"offers"`    // by name
	Retention    Duration      `yaml:"retention"` // records are erased this long after the last order or interaction, default 730d

	Import Import `yaml:"import"`
	// Placeholders are e-mail addresses that the shop fills in where a buyer gives
	// none: a whole address, "@domain" or "name@".
	Placeholders []string `yaml:"placeholders,one"`

	Sources  []*Source       `yaml:"sources"`  // by name
	Webhooks []*OutgoingHook `yaml:"webhooks"` // by name: who is told what becomes of the contacts
	Journeys []string        `yaml:"journeys"` // names; nil in the file means the three built-in ones
}

// Import says how orders come in from files.
type Import struct {
	Dormant Dormant `yaml:"dormant"` // imported contacts who were silent already, default none
}

// Dormant is how many imported contacts who were silent already enter the
// inactivity journey in a day, the best first: none, all at once, or a number.
type Dormant int

// The words of Dormant.
const (
	DormantNone Dormant = 0
	DormantAll  Dormant = -1
)

// Consent says what a shop takes for granted.
type Consent struct {
	Assume    Assume    `yaml:"assume"`
	SoftOptIn SoftOptIn `yaml:"soft_opt_in"`
}

// SoftOptIn is the owner's statement that addresses are collected at the sale
// with notice, so that buyers may be written to about similar products until
// they object. There is none for SMS.
type SoftOptIn struct {
	Email  bool `yaml:"email"`
	Months int  `yaml:"months"` // age of the newest sale that still counts, default 24
}

// Assume is the consent of contacts whose sources never told any: Unknown or
// Subscribed.
type Assume struct {
	Email lifecycle.ConsentState `yaml:"email"`
	SMS   lifecycle.ConsentState `yaml:"sms"`
}

// QuietHours is when a shop does not write, in the contact's local time.
type QuietHours struct {
	From     Clock               `yaml:"from"`
	To       Clock               `yaml:"to"`       // equal to From: no quiet stretch of the day
	Days     []time.Weekday      `yaml:"days"`     // quiet as a whole
	Holidays bool                `yaml:"holidays"` // national holidays of the contact's country are quiet
	Channels []lifecycle.Channel `yaml:"channels"` // default sms only
}

// Law says whether the country's own window for marketing messages is added.
type Law string

// The choices of Law.
const (
	Enforce Law = "enforce"
	LawOff  Law = "off"
)

// Brakes says whether a shop pauses itself when too many of its messages do harm.
type Brakes string

// The choices of Brakes.
const (
	BrakesOn  Brakes = "on"
	BrakesOff Brakes = "off"
)

// Contest is the registration of a prize contest.
type Contest struct {
	RulesURL     string `yaml:"rules_url"`
	Registration string `yaml:"registration"`
	From         Date   `yaml:"from"` // first day; zero: open
	To           Date   `yaml:"to"`   // last day; zero: open
}

// FrequencyCap limits the messages to one contact over all journeys.
type FrequencyCap struct {
	Messages int      `yaml:"messages"`
	Per      Duration `yaml:"per"`
}

// Coupon says where coupons come from and what they give. Either Percent or
// Amount is set, at most one for a pool.
type Coupon struct {
	From    string   `yaml:"from"`    // name of a source with access to its shop's API, or Pool
	Percent int      `yaml:"percent"` // 1 to 100; 0: Amount counts
	Amount  string   `yaml:"amount"`  // in the shop's currency, such as 5.00
	Expires Duration `yaml:"expires"` // how long a coupon can be used, default 14d; of a pool: where the file names no day
}

// Pool is the From of shops whose codes come from a file.
const Pool = "pool"

// Source is one inbound integration.
type Source struct {
	Name    string   `yaml:"-,key"` // its key in the file; part of its webhook URL
	Kind    Kind     `yaml:"kind"`
	Secrets []Secret `yaml:"secret,one"` // newest first, none empty; empty list for activecampaign
	Auth    *Auth    `yaml:"auth"`       // webhook; nil: Standard Webhooks
	Mapping *Mapping `yaml:"mapping"`    // webhook; nil: the body is that of docs/webhook.md
	Token   Secret   `yaml:"token"`      // activecampaign: of the webhook URL
	APIURL  string   `yaml:"api_url"`    // activecampaign, shopify, woocommerce; stripe: empty is Stripe's own
	APIKey  Secret   `yaml:"api_key"`    // activecampaign; shopify: an app's client id; woocommerce: consumer key; stripe: restricted key

	APISecret  Secret `yaml:"api_secret"`  // shopify: the app's client secret; woocommerce: consumer secret
	APIToken   Secret `yaml:"api_token"`   // shopify: Admin API token, instead of key and secret
	APIVersion string `yaml:"api_version"` // shopify: of the Admin API; empty: the one this release was made for

	Tags   map[string]Meaning  `yaml:"tags"`  // activecampaign: what having a tag means, by its name
	Lists  map[string]ListKind `yaml:"lists"` // activecampaign: what being on a list stands for, by its id
	Fields SourceFields        `yaml:"fields"`

	CatchUp  CatchUp   `yaml:"catch_up,short"` // shopify, woocommerce, activecampaign, stripe: reading through the API what webhooks lost
	TellBack *TellBack `yaml:"tell_back"`      // nil: nothing is written into the shop or CRM

	Timezone string `yaml:"-"` // the shop's, for times without a zone
	// OrdersOf names the source, or the system (shopify, stripe, recharge), whose
	// order ids this one tells: of a webhook all of them; of recharge those of the
	// shop system, empty: shopify; of stripe those in a payment's metadata.order_id.
	OrdersOf string `yaml:"orders_of"`
	// TestEvents takes what Stripe's test mode sends as if it were real.
	TestEvents bool `yaml:"test_events"`
}

// CatchUp says how often a source is read through its shop's own API, and how
// fast. In the file a duration, or off, may stand in place of the keys.
type CatchUp struct {
	Every Every   `yaml:"every"` // default 1h for woocommerce, activecampaign and stripe with access to the API, else off
	Rate  float64 `yaml:"rate"`  // calls a second to the API, all reads of the source together, default 2
}

// Every is how often something happens; 0: never.
type Every time.Duration

// LastLook says whether the shop is asked, right before a message leaves to
// somebody because they have not bought, whether that still holds. In the file
// true or false may stand in place of the keys.
type LastLook struct {
	On            bool          `yaml:"on"`             // default false
	Within        Duration      `yaml:"within"`         // longest wait for the answer, default 3s
	OnUnreachable OnUnreachable `yaml:"on_unreachable"` // default send
	Sources       []string      `yaml:"sources"`        // names; nil: all of the shop that can be asked
}

// OnUnreachable is what becomes of a message where the shop does not answer.
type OnUnreachable string

// The ways to treat it.
const (
	SendAnyway OnUnreachable = "send"
	HoldBack   OnUnreachable = "hold" // for some minutes, and ask again
)

// SourceFields name the fields of a shop system's plugins, or an account's own:
// keys of meta_data for woocommerce, ids or personalisation tags for
// activecampaign. Several are tried in turn.
type SourceFields struct {
	EmailConsent []string `yaml:"email_consent,one"` // woocommerce
	SMSConsent   []string `yaml:"sms_consent,one"`   // woocommerce
	Locale       []string `yaml:"locale,one"`
	CancelReason []string `yaml:"cancel_reason,one"`
}

// Meaning is what having a tag means.
type Meaning string

// The meanings of a tag.
const (
	TagCancelled         Meaning = "subscription.cancelled"
	TagStarted           Meaning = "subscription.started"
	TagPaused            Meaning = "subscription.paused"
	TagRenewed           Meaning = "subscription.renewed"
	TagPaymentFailed     Meaning = "payment.failed"
	TagEmailSubscribed   Meaning = "email.subscribed"
	TagEmailUnsubscribed Meaning = "email.unsubscribed"
	TagSMSSubscribed     Meaning = "sms.subscribed"
	TagSMSUnsubscribed   Meaning = "sms.unsubscribed"
	TagErase             Meaning = "contact.erase"
)

// ListKind is what being on a list stands for.
type ListKind string

// The kinds of list.
const (
	ListEmail        ListKind = "email"        // consent to e-mail; also of a list that is not named
	ListSMS          ListKind = "sms"          // consent to SMS
	ListSubscription ListKind = "subscription" // a running subscription
	ListIgnore       ListKind = "ignore"       // nothing
)

// Auth is how the sender of a webhook source proves that it is the one; what
// it proves it with is the source's secret.
type Auth struct {
	Scheme   Scheme   `yaml:"scheme"`
	Header   string   `yaml:"header"`   // hmac: with the signature; token: with the secret, empty: it stands in the URL
	Prefix   string   `yaml:"prefix"`   // hmac: text before the signature
	Encoding Encoding `yaml:"encoding"` // hmac, default hex
	User     string   `yaml:"user"`     // basic
}

// Scheme is a way to prove it.
type Scheme string

// The schemes.
const (
	StandardWebhooks Scheme = "standard-webhooks"
	BigCommerce      Scheme = "bigcommerce"
	HubSpotV3        Scheme = "hubspot-v3"
	HMAC             Scheme = "hmac"
	Bearer           Scheme = "bearer"
	Basic            Scheme = "basic"
	Token            Scheme = "token"
)

// Encoding is how a signature is written.
type Encoding string

// The encodings.
const (
	Hex    Encoding = "hex"
	Base64 Encoding = "base64"
)

// Kind is what a source speaks.
type Kind string

// The kinds of source.
const (
	Shopify        Kind = "shopify"
	WooCommerce    Kind = "woocommerce"
	ActiveCampaign Kind = "activecampaign"
	Stripe         Kind = "stripe"
	Recharge       Kind = "recharge"
	Webhook        Kind = "webhook"
)

// Once reports whether sources of the kind send each delivery once: what was not
// taken never comes again.
func (k Kind) Once() bool { return k == WooCommerce || k == ActiveCampaign }

// Readable reports whether what the source's webhooks tell can be read through
// its API as well.
func (s *Source) Readable() bool {
	switch s.Kind {
	case Shopify, WooCommerce, ActiveCampaign:
		return s.APIURL != ""
	case Stripe:
		return !s.APIKey.Empty()
	}
	return false
}

// HasAPI reports whether the source's own API can be called to make coupons.
func (s *Source) HasAPI() bool {
	return (s.Kind == Shopify || s.Kind == WooCommerce) && s.APIURL != ""
}

// Shop returns the shop with this key, or nil.
func (c *Config) Shop(id string) *Shop {
	for _, s := range c.Shops {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Source returns the source with this name, or nil.
func (s *Shop) Source(name string) *Source {
	for _, src := range s.Sources {
		if src.Name == name {
			return src
		}
	}
	return nil
}
