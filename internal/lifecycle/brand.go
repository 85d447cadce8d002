package lifecycle

// Business is the kind of trade of a shop. It chooses among the built-in words
// and changes nothing of what happens to a contact.
type Business string

// The kinds of business.
const (
	Ecommerce Business = "ecommerce" // sells goods
	SaaS      Business = "saas"      // sells the use of a program, by subscription
	Education Business = "education" // sells courses and lessons
	Donations Business = "donations" // asks for gifts
)

// Businesses lists the kinds of business.
func Businesses() []Business { return []Business{Ecommerce, SaaS, Education, Donations} }

// Brand is how a shop's e-mails and pages look. All fields were checked by the
// configuration; each may be empty.
type Brand struct {
	Color     string // of buttons and links: "#" and six hexadecimal digits
	TextColor string // of text on Color, same form; not empty where Color is not
	Logo      string // https URL of an image
	Address   string // one line: who writes, and where from
	Font      string // list of font families as CSS takes it, such as "Georgia,'Times New Roman',serif"
}
