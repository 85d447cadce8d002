package handlers

import (
	"strings"
	"time"
)

// choice is one answer that a page offers: a word for programs, a text for
// people.
type choice struct{ Value, Text string }

// words are all texts of the pages in one language.
type words struct {
	Lang  string
	Hello string
	Day   string // layout of a day, for package time

	SurveyTitle, SurveyLead, SurveyQuestion string
	SurveyChoices                           []choice
	MoreText, SendAnswer, MissingChoice     string

	FeedbackTitle, FeedbackLabel, MissingText string

	ContestTitle, ContestLead, ContestRules, ContestAccept, ContestEnter string
	MissingRules, ContestClosed, ContestRegistration, ContestIn          string

	CouponTitle, CouponCode, CouponCopy, CouponCopied, CouponUntil, CouponOver string
	StayTitle, StayLead, StayButton, StayNoted                                 string

	PlainTitle, PlainLead string
	Thanks, AnswerIn      string
	ToShop, Preferences   string

	GoneTitle, GoneText, BusyTitle, BusyText, AwayTitle, AwayText string

	PrefTitle, PrefLead, PrefChannels, PrefAt, PrefPause, PrefPaused, PrefSave, PrefAll string
	PrefSaved, PrefPausedNow, PrefOut, PrefWhy, PrefEmail, PrefSMS                      string
	PrefReasons                                                                         []choice
	OutTitle, OutText, TakenTitle, TakenText                                            string
}

var texts = map[string]*words{"it": &italian, "en": &english}

// wordsFor is the language's words; languages that we do not have get English.
func wordsFor(locale string) *words {
	base, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if w, ok := texts[base]; ok {
		return w
	}
	return &english
}

// day writes a day as people of the language do.
func (w *words) day(t time.Time, loc *time.Location) string { return t.In(loc).Format(w.Day) }

var italian = words{
	Lang: "it", Hello: "Ciao", Day: "2/1/2006",

	SurveyTitle:    "Ci manchi. Com'è andata?",
	SurveyLead:     "Una domanda sola, mezzo minuto. Le risposte le legge una persona.",
	SurveyQuestion: "Come mai è passato tanto tempo?",
	SurveyChoices: []choice{
		{"nothing", "Niente di che, mi è passato di mente"},
		{"no_need", "Per ora non mi serve altro"},
		{"price", "I prezzi"},
		{"product", "Il prodotto non mi ha convinto"},
		{"delivery", "La spedizione o la consegna"},
		{"service", "L'assistenza"},
		{"other", "Altro"},
	},
	MoreText:      "Vuoi aggiungere qualcosa? (facoltativo)",
	SendAnswer:    "Invia la risposta",
	MissingChoice: "Scegli una risposta, poi invia.",

	FeedbackTitle: "Ti ascoltiamo",
	FeedbackLabel: "Scrivi qui: lo legge una persona",
	MissingText:   "Scrivi qualcosa, poi invia.",

	ContestTitle:        "Partecipa al concorso",
	ContestLead:         "Si partecipa una volta sola e non serve comprare nulla.",
	ContestRules:        "Leggi il regolamento completo",
	ContestAccept:       "Ho letto il regolamento e lo accetto",
	ContestEnter:        "Partecipa",
	MissingRules:        "Per partecipare serve accettare il regolamento.",
	ContestClosed:       "In questo momento il concorso non è aperto.",
	ContestRegistration: "Concorso registrato",
	ContestIn:           "La tua partecipazione è registrata. In bocca al lupo!",

	CouponTitle:  "Un regalo per te",
	CouponCode:   "Il tuo codice",
	CouponCopy:   "Copia",
	CouponCopied: "Copiato",
	CouponUntil:  "Valido fino al",
	CouponOver:   "Il codice non è più valido, ma la porta resta aperta.",
	StayTitle:    "Resta con noi",
	StayLead:     "Basta un tocco e continuiamo a scriverti, senza esagerare.",
	StayButton:   "Voglio restare",
	StayNoted:    "Segnato: siamo felici che tu resti.",

	PlainTitle:  "Che bello ritrovarti",
	PlainLead:   "Le novità ti aspettano in negozio.",
	Thanks:      "Grazie!",
	AnswerIn:    "La tua risposta è arrivata.",
	ToShop:      "Vai al negozio",
	Preferences: "Preferenze e disiscrizione",

	GoneTitle: "Questa pagina non c'è",
	GoneText:  "Il collegamento è scaduto o non è completo. Se l'hai copiato a mano, controlla che ci sia tutto.",
	BusyTitle: "Troppi tentativi",
	BusyText:  "Aspetta un minuto e riprova.",
	AwayTitle: "Un attimo di pazienza",
	AwayText:  "Qualcosa non ha funzionato da parte nostra. Riprova tra qualche istante.",

	PrefTitle:     "Le tue preferenze",
	PrefLead:      "Decidi tu se e come ti scriviamo.",
	PrefChannels:  "Voglio ricevere messaggi",
	PrefAt:        "a",
	PrefPause:     "Mettimi in pausa per 90 giorni",
	PrefPaused:    "In pausa fino al",
	PrefSave:      "Salva",
	PrefAll:       "Disiscrivimi da tutto",
	PrefSaved:     "Preferenze salvate.",
	PrefPausedNow: "Pausa salvata.",
	PrefOut:       "Fatto: non ti scriviamo più.",
	PrefWhy:       "Se te ne vai, perché? (facoltativo)",
	PrefEmail:     "E-mail",
	PrefSMS:       "SMS",
	PrefReasons: []choice{
		{"too_many", "Troppi messaggi"},
		{"not_for_me", "Non mi interessano"},
		{"never_asked", "Non li ho chiesti"},
		{"other", "Altro"},
	},
	OutTitle:   "Disiscrizione fatta",
	OutText:    "Non riceverai altre e-mail.",
	TakenTitle: "Richiesta ricevuta",
	TakenText:  "Se questo collegamento è tuo, la richiesta è stata eseguita.",
}

var english = words{
	Lang: "en", Hello: "Hi", Day: "2 January 2006",

	SurveyTitle:    "We miss you. How did it go?",
	SurveyLead:     "One question, half a minute. A person reads the answers.",
	SurveyQuestion: "Why has it been so long?",
	SurveyChoices: []choice{
		{"nothing", "No reason, it slipped my mind"},
		{"no_need", "I don't need anything right now"},
		{"price", "The prices"},
		{"product", "The product wasn't what I hoped for"},
		{"delivery", "Shipping or delivery"},
		{"service", "The service"},
		{"other", "Something else"},
	},
	MoreText:      "Anything to add? (optional)",
	SendAnswer:    "Send the answer",
	MissingChoice: "Choose an answer, then send it.",

	FeedbackTitle: "We are listening",
	FeedbackLabel: "Write here: a person reads it",
	MissingText:   "Write something, then send it.",

	ContestTitle:        "Enter the prize draw",
	ContestLead:         "One entry each, and there is nothing to buy.",
	ContestRules:        "Read the full rules",
	ContestAccept:       "I have read the rules and accept them",
	ContestEnter:        "Take part",
	MissingRules:        "To take part, please accept the rules.",
	ContestClosed:       "The prize draw is not open at the moment.",
	ContestRegistration: "Registered contest",
	ContestIn:           "Your entry is registered. Good luck!",

	CouponTitle:  "A gift for you",
	CouponCode:   "Your code",
	CouponCopy:   "Copy",
	CouponCopied: "Copied",
	CouponUntil:  "Valid until",
	CouponOver:   "The code is no longer valid, but the door stays open.",
	StayTitle:    "Stay with us",
	StayLead:     "One tap, and we keep in touch, now and then.",
	StayButton:   "I would like to stay",
	StayNoted:    "Noted: we are glad that you stay.",

	PlainTitle:  "Good to see you again",
	PlainLead:   "There is news waiting for you in the shop.",
	Thanks:      "Thank you!",
	AnswerIn:    "Your answer has arrived.",
	ToShop:      "Go to the shop",
	Preferences: "Preferences and unsubscribe",

	GoneTitle: "This page isn't here",
	GoneText:  "The link has expired or is incomplete. If you copied it by hand, check that all of it is there.",
	BusyTitle: "Too many attempts",
	BusyText:  "Wait a minute and try again.",
	AwayTitle: "One moment, please",
	AwayText:  "Something did not work on our side. Try again in a moment.",

	PrefTitle:     "Your preferences",
	PrefLead:      "You decide if and how we write to you.",
	PrefChannels:  "I want to get messages",
	PrefAt:        "at",
	PrefPause:     "Pause for 90 days",
	PrefPaused:    "Paused until",
	PrefSave:      "Save",
	PrefAll:       "Unsubscribe from everything",
	PrefSaved:     "Preferences saved.",
	PrefPausedNow: "Pause saved.",
	PrefOut:       "Done: we will not write to you again.",
	PrefWhy:       "If you are leaving, why? (optional)",
	PrefEmail:     "E-mail",
	PrefSMS:       "Text message",
	PrefReasons: []choice{
		{"too_many", "Too many messages"},
		{"not_for_me", "They are not for me"},
		{"never_asked", "I never asked for them"},
		{"other", "Something else"},
	},
	OutTitle:   "You are unsubscribed",
	OutText:    "You will get no more e-mails.",
	TakenTitle: "Request received",
	TakenText:  "If this link is yours, the request has been carried out.",
}
