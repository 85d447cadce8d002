package lifecycle

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// CancelClass is what kind of reason somebody had for leaving: it decides what
// could make up for it.
type CancelClass string

// The classes of reasons. What was told and fits none is CancelOther; where
// nothing was told there is no class.
const (
	CancelPrice   CancelClass = "price"           // too expensive, no money for it
	CancelMissing CancelClass = "missing_feature" // does not do what is needed, or somebody else does it better
	CancelUnused  CancelClass = "unused"          // no need, no time, too much of it
	CancelService CancelClass = "service"         // something went wrong: quality, delivery, support
	CancelMoved   CancelClass = "moved"           // the circumstances are gone: moved away, closed down, died
	CancelFraud   CancelClass = "fraud"           // not the person's own doing: fraud, a disputed payment
	CancelPayment CancelClass = "payment"         // the payment failed, nobody decided to leave
	CancelOther   CancelClass = "other"
)

// cancelWords are what reasons are known by, in the order in which they are
// looked for: the first that fits counts, so what is unmistakable stands
// before what is said in passing. A word stands for every word that begins
// with it; one that ends in a dot is the whole word. Codes of Stripe, Shopify
// and Recharge and the choices of our own survey are words like others: docs/
// templates.md has the table. All are in small letters without accents.
var cancelWords = []struct {
	class CancelClass
	words []string
}{
	{CancelFraud, []string{
		"fraud", "frod", "truff", "chargeback", "disput", "contestazion", "unauthori", "not authori", "non autorizzat", "stolen", "rubat", "hacker",
	}},
	{CancelPayment, []string{
		"payment failed", "payment declined", "declined.", "pagamento fallit", "pagamento non riuscit", "pagamento rifiutat", "carta scadut", "carta rifiutat",
		"card expired", "expired card", "card declined", "max retries", "max number of charge", "maximum number of charge", "insufficient fund", "fondi insufficient", "insolut",
	}},
	{CancelMoved, []string{
		"trasfer", "trasloc", "cambio casa.", "cambiato casa.", "cambio citta.", "cambiato citta.", "all estero.", "moved.", "moving.", "relocat", "abroad.",
		"decedut", "scompars", "deceased.", "died.", "passed away.", "chiuso l attivita.", "attivita chiusa.", "chiusa attivita.", "cessat", "closed down.", "out of business.", "closing the business.",
	}},
	{CancelService, []string{
		"customer service", "servizio clienti", "pessimo servizio", "cattivo servizio", "servizio scadente", "bad service", "poor service", "low quality", "poor quality", "bad quality",
		"non funziona", "not work", "doesn t work", "does not work", "didn t work", "mai arrivat", "non e arrivat", "never arrived", "nessuno risponde", "nessuno mi ha rispost", "nobody answer", "no answer.",
		"assistenz", "consegn", "spedizion", "ritard", "deliver", "shipping.", "shipment", "late.", "delay", "difett", "dannegg", "rott", "damag", "broken.", "defect",
		"delus", "disappoint", "maleducat", "rude.", "insoddisf", "unhappy.", "unsatisf", "dissatisf", "lament", "complain", "reclam", "errore nell", "error in", "bug.", "bugs.", "inventory.",
	}},
	{CancelUnused, []string{
		"non uso.", "non usa.", "non usavo.", "non lo usavo.", "non la usavo.", "non lo usavamo.", "non la usavamo.", "usavo poco.", "non lo uso.", "non la uso.", "non li uso.", "non le uso.", "lo uso poco.", "la uso poco.", "uso poco.", "usato poco.", "non lo usiamo.", "non ho usato.", "mai usat", "mai aperto.", "non utilizz", "non lo utilizz", "non la utilizz", "inutilizz",
		"non mi serv", "non ci serv", "non serv", "non ne ho bisogno.", "non ho bisogno.", "non ho piu bisogno.", "ne ho abbastanza.", "ne ho tropp", "ne ho ancora.", "ho ancora scorte.",
		"non ho tempo.", "poco tempo.", "manca il tempo.", "mancanza di tempo.", "non trovo il tempo.", "non ho avuto tempo.", "finito il corso.", "corso finito.", "ho finito.", "ho termin", "ho completat",
		"unused.", "not using.", "don t use.", "dont use.", "do not use.", "didn t use.", "did not use.", "no longer us", "never use", "rarely us", "hardly us", "no longer need", "don t need", "dont need", "do not need", "not need", "no need.",
		"more than i need.", "too much product.", "too much left.", "no time.", "not enough time.", "lack of time.", "don t have time.", "finished the course.", "course is over.", "completed the course.",
	}},
	{CancelMissing, []string{
		"missing.", "mancan", "manca.", "lack", "funzion", "feature", "integraz", "integration", "concorren", "competitor", "alternativ", "altro fornitore.", "altro servizio.", "altra piattaforma.", "passato a.", "passata a.", "passiamo a.",
		"switched.", "switching.", "another provider.", "another service.", "another tool.", "better option.", "trovato di meglio.", "found something better.", "something else.", "complicat", "compless", "difficil", "complex.", "hard to use.", "difficult",
		"different product.", "variety.", "varieta.", "scelta limitata.", "poca scelta.", "limited choice.",
	}},
	{CancelPrice, []string{
		"caro.", "cara.", "cari.", "care.", "carissim", "costoso.", "costosa.", "costosi.", "costose.", "costo.", "costi.", "costa.", "costano.", "costava.", "prezzo.", "prezzi.", "economic", "spesa.", "spese.", "budget.", "soldi.", "risparmi",
		"permetter", "tariff", "aument", "rincar", "expensive.", "price", "pricing.", "pricey.", "cost.", "costs.", "costly.", "afford", "money.", "cheap", "financial", "saving", "too high.",
	}},
}

// ClassOfReason says what kind a reason is. words is what a source told: free
// words in Italian or English, a code, or both as "code: words"; or what
// somebody wrote or chose on a page of ours.
func ClassOfReason(words string) CancelClass {
	text := plainWords(words)
	if strings.TrimSpace(text) == "" {
		return ""
	}
	if class, ok := cancelCodes[text]; ok {
		return class
	}
	for _, c := range cancelWords {
		if slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(text, wordOf(w)) }) {
			return c.class
		}
	}
	return CancelOther
}

// cancelCodes are reasons that are a class only where nothing else is said:
// choices of our own survey.
var cancelCodes = map[string]CancelClass{" service ": CancelService, " product ": CancelService}

// wordOf is how an entry of cancelWords stands in a text: after a space, and
// before one where the whole word is meant.
func wordOf(w string) string {
	if whole, ok := strings.CutSuffix(w, "."); ok {
		return " " + whole + " "
	}
	return " " + w
}

// plainWords are the words of a text in small letters without accents, each
// between single spaces.
func plainWords(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		default:
			b.WriteByte(' ')
		}
	}
	b.WriteByte(' ')
	return " " + strings.Join(strings.Fields(b.String()), " ") + " "
}

// CancelClass is why a contact cancelled, as far as it is known. What the
// contact answered since then counts more than what the source told, and what
// was chosen more than the words beside it, unless it says less.
func (r *Rules) CancelClass(c *Contact) CancelClass {
	told := ClassOfReason(c.CancelReason)
	for i := len(c.Answers) - 1; i >= 0; i-- {
		a := &c.Answers[i]
		j := r.named(a.Journey)
		if a.Kind != ResponseAnswer || j == nil || j.Trigger != OnCancellation || c.State == Cancelled && a.At.Before(c.Since) {
			continue
		}
		for _, said := range []string{a.Choice, a.Text} {
			class := ClassOfReason(said)
			if class != "" && class != CancelOther {
				return class
			}
			told = cmp.Or(told, class)
		}
	}
	return told
}
