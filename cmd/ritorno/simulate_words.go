package main

import "strings"

// simulateWords are all texts of the report in one language.
type simulateWords struct {
	Lang, Title, Lead, ReadAs                                      string
	Customers, Orders, Average, Messages, Cost, WrittenTo, Spared  string
	Entries, Journey, Entered, Ended, Steps, Step, Channel, Sent   string
	Template, Segments, Months, Month, Blocked, Skipped, Moved     string
	Reason                                                         string
	PerCustomer, Mean, Median, Ninety, Most                        string
	SparedLead, Returns, ReturnsLead, BreakEven, BreakEvenLead     string
	Compare, First, Other, Difference, Same, Different, Only, None string
	Notes, Prices, NoMessage, Before, More, NotSent                string
	Reasons, Channels, Remarks                                     map[string]string
}

func wordsOf(locale string) *simulateWords {
	if strings.HasPrefix(strings.ToLower(locale), "it") {
		return &simulateItalian
	}
	return &simulateEnglish
}

// reason is a reason in words; one without words shows as it is.
func (w *simulateWords) reason(r string) string {
	if t, ok := w.Reasons[r]; ok {
		return t
	}
	return r
}

var simulateEnglish = simulateWords{
	Lang: "en", Title: "What the journeys would do", Lead: "The order history, played through the configured journeys. Nothing was sent.",
	ReadAs: "from %s to %s", Customers: "customers", Orders: "orders", Average: "average order", Messages: "messages", Cost: "cost",
	WrittenTo: "customers written to", Spared: "customers spared",
	Entries: "Journeys", Journey: "journey", Entered: "entered", Ended: "how they ended",
	Steps: "Messages by step", Step: "step", Channel: "channel", Sent: "messages", Template: "template", Segments: "segments",
	Months: "Messages by month", Month: "month", Blocked: "Steps without a message", Skipped: "steps", Moved: "Messages that had to wait", Reason: "why",
	PerCustomer: "Messages for one customer", Mean: "mean", Median: "half get at most", Ninety: "nine in ten get at most", Most: "the most",
	SparedLead: "%d customers had bought again before a fixed calendar of 30, 60 and 90 days would have been through with them: %d messages to people who were back already. Orders ended %d journeys here.",
	Returns:    "Orders after messages",
	ReturnsLead: "Nobody got these messages, so whoever ordered came back by themselves: %d of %d messages would have been followed by an order within %d days " +
		"(%s; between %s and %s with 95 %% confidence). What real messages add to that, no past history can tell.",
	BreakEven:     "What they must bring",
	BreakEvenLead: "To earn their cost of %s %s the messages must bring %s orders of the average value that would not have come otherwise: %s of the customers written to. The value is turnover, not profit.",
	Compare:       "Two configurations", First: "this one", Other: "the other", Difference: "difference",
	Same: "treated the same", Different: "treated differently", Only: "written to by one only", None: "no further message",
	Notes: "Good to know", Prices: "An SMS segment at %s, an e-mail at %s %s.", NoMessage: "No message would be sent.", Before: "%d the same", More: "%d more", NotSent: "not sent",
	Channels: map[string]string{"email": "e-mail", "sms": "SMS"},
	Reasons: map[string]string{
		"no_consent": "no consent", "no_address": "no address", "quiet_hours": "quiet hours", "law_window": "the law's hours", "capped": "frequency cap", "best_hour": "the customer's best hour",
		"expired": "too late", "condition_false": "its condition does not hold", "condition_error": "its condition failed", "opted_out": "opted out",
		"content_rejected": "cannot be composed", "paused": "paused", "won_by_order": "bought", "no_response": "no answer, let go", "welcome_back_done": "done",
		"second_order": "bought again", "finished": "done", "journey finished": "done", "unreachable": "could not be reached", "spared": "spared", "subscription_cancelled": "cancelled",
	},
	Remarks: map[string]string{
		"no_consent":    "Every step is blocked because the history says nothing of consent. If your customers have agreed, say so with --assume-consent email,sms or with consent.assume in the configuration.",
		"no_address":    "Every step is blocked because the history holds no address. --reach email,sms makes addresses up for the simulation.",
		"made_up":       "Addresses were made up for customers of whom the history knows none: really, fewer people can be reached.",
		"prices":        "Prices were not given and are typical ones: give yours with --sms-price and --email-price.",
		"by_themselves": "In this history nobody got a message. Orders after a message are of people who came back by themselves; they are no forecast.",
		"currency":      "The orders are not in the shop's currency: they count as orders, but there is no average value to hold the cost against.",
		"bad_lines":     "Some lines of the file could not be read and were left out.",
	},
}

var simulateItalian = simulateWords{
	Lang: "it", Title: "Che cosa farebbero i percorsi", Lead: "Lo storico degli ordini, fatto passare per i percorsi configurati. Nulla è stato inviato.",
	ReadAs: "dal %s al %s", Customers: "clienti", Orders: "ordini", Average: "ordine medio", Messages: "messaggi", Cost: "costo",
	WrittenTo: "clienti contattati", Spared: "clienti risparmiati",
	Entries: "Percorsi", Journey: "percorso", Entered: "entrati", Ended: "come sono finiti",
	Steps: "Messaggi per passo", Step: "passo", Channel: "canale", Sent: "messaggi", Template: "modello", Segments: "segmenti",
	Months: "Messaggi per mese", Month: "mese", Blocked: "Passi senza messaggio", Skipped: "passi", Moved: "Messaggi che hanno dovuto aspettare", Reason: "perché",
	PerCustomer: "Messaggi per cliente", Mean: "media", Median: "la metà ne riceve al massimo", Ninety: "nove su dieci al massimo", Most: "il massimo",
	SparedLead: "%d clienti avevano già ricomprato prima che un calendario fisso di 30, 60 e 90 giorni avesse finito con loro: %d messaggi a chi era già tornato. Qui gli ordini hanno chiuso %d percorsi.",
	Returns:    "Ordini dopo i messaggi",
	ReturnsLead: "Nessuno ha ricevuto questi messaggi, quindi chi ha ordinato è tornato da sé: a %d messaggi su %d sarebbe seguito un ordine entro %d giorni " +
		"(%s; tra %s e %s con il 95 %% di confidenza). Quanto aggiungano i messaggi veri, nessuno storico può dirlo.",
	BreakEven:     "Quanto devono rendere",
	BreakEvenLead: "Per ripagare il costo di %s %s i messaggi devono portare %s ordini di valore medio che altrimenti non sarebbero arrivati: %s dei clienti contattati. Il valore è fatturato, non utile.",
	Compare:       "Due configurazioni", First: "questa", Other: "l'altra", Difference: "differenza",
	Same: "trattati allo stesso modo", Different: "trattati diversamente", Only: "contattati da una sola", None: "nessun altro messaggio",
	Notes: "Da sapere", Prices: "Un segmento SMS a %s, un'e-mail a %s %s.", NoMessage: "Nessun messaggio verrebbe inviato.", Before: "%d uguali", More: "altri %d", NotSent: "non inviato",
	Channels: map[string]string{"email": "e-mail", "sms": "SMS"},
	Reasons: map[string]string{
		"no_consent": "manca il consenso", "no_address": "manca il recapito", "quiet_hours": "ore di quiete", "law_window": "orari di legge", "capped": "limite di frequenza", "best_hour": "l'ora migliore del cliente",
		"expired": "troppo tardi", "condition_false": "la condizione non vale", "condition_error": "condizione in errore", "opted_out": "si è disiscritto",
		"content_rejected": "non componibile", "paused": "in pausa", "won_by_order": "ha comprato", "no_response": "nessuna risposta, lasciato andare", "welcome_back_done": "finito",
		"second_order": "ha ricomprato", "finished": "finito", "journey finished": "finito", "unreachable": "non raggiungibile", "spared": "risparmiato", "subscription_cancelled": "disdetto",
	},
	Remarks: map[string]string{
		"no_consent":    "Ogni passo è bloccato perché lo storico non dice nulla del consenso. Se i clienti hanno acconsentito, dillo con --assume-consent email,sms o con consent.assume nella configurazione.",
		"no_address":    "Ogni passo è bloccato perché lo storico non contiene recapiti. --reach email,sms ne inventa per la simulazione.",
		"made_up":       "Per i clienti senza recapito nello storico se ne sono inventati: in realtà le persone raggiungibili sono meno.",
		"prices":        "I prezzi non sono stati indicati e sono quelli tipici: indica i tuoi con --sms-price e --email-price.",
		"by_themselves": "In questo storico nessuno ha ricevuto messaggi. Gli ordini dopo un messaggio sono di chi è tornato da sé: non sono una previsione.",
		"currency":      "Gli ordini non sono nella valuta del negozio: contano come ordini, ma non c'è un valore medio con cui confrontare il costo.",
		"bad_lines":     "Alcune righe del file non si leggono e sono state tralasciate.",
	},
}

// Figure writes a number as readers of the language do; it comes with a point
// for decimals and commas between thousands.
func (w *simulateWords) Figure(s string) string {
	if w.Lang == "en" {
		return s
	}
	return strings.NewReplacer(",", ".", ".", ",").Replace(s)
}

// Count writes a number of things so.
func (w *simulateWords) Count(n int) string { return w.Figure(grouped(n)) }
