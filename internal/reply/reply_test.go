package reply_test

import (
	"strings"
	"testing"

	"ritorno/internal/reply"
)

func TestClassify(t *testing.T) {
	const open, closed, either = "survey open", "no survey", ""
	for name, c := range map[string]struct {
		when string
		want reply.Kind
		says []string
	}{
		"a keyword alone is an opt-out, survey or not": {either, reply.OptOut, []string{
			"STOP", "stop", " Stop. ", "STOP!!!", "S.T.O.P.", "s t o p", "\u200bSTOP", "ＳＴＯＰ", "stop stop STOP",
			"STOPALL", "Stop all", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "opt-out",
			"BASTA", "Cancella", "CANCELLAMI", "cancellare", "Disiscrivi", "disiscrivimi", "RIMUOVI", "rimuovimi", "annulla", "Revoca",
			"Stopp", "Abmelden", "kündigen", "KÜNDIGEN",
			"Arrêt", "ARRET", "désabonner", "Désinscrire", "baja", "Darme de baja", "cancelar", "ALTO",
		}},
		"a keyword with courtesy only is an opt-out": {either, reply.OptOut, []string{
			"Basta, grazie", "Stop grazie mille", "Buongiorno, STOP per favore. Cordiali saluti", "please stop", "Stop, thank you very much!",
			"Stopp bitte", "ARRÊT s'il vous plaît", "Baja, por favor", "No, basta", "STOP 🙏", "Stop SMS", "no stop", "Bitte abmelden. Viele Grüße",
		}},
		"a request of the list is an opt-out, survey or not": {either, reply.OptOut, []string{
			"Non scrivetemi più", "NON SCRIVETEMI PIU'", "non scrivetemi +", "nn scrivetemi piu", "Per favore, non mi scrivete più. Grazie",
			"Basta, non scrivetemi più!", "lasciatemi in pace", "Lasciatemi stare!!!", "Non voglio più ricevere i vostri messaggi",
			"non desidero ricevere sms", "Buongiorno, non desidero più essere contattata. Cordiali saluti", "smettetela di scrivermi",
			"basta con questi messaggi", "toglietemi dalla lista, per favore", "Cancellatemi dal vostro database", "revoco il mio consenso",
			"Cancellate il mio numero", "niente messaggi", "No, lasciatemi in pace",
			"leave me alone", "Don't text me any more", "Don’t text me anymore!", "DONT TEXT ME", "Please do not contact me again",
			"stop texting me", "Stop sending me messages please", "Take me off your list", "please take me off of this mailing list",
			"I don't want to receive messages anymore", "I no longer want to be contacted", "No more texts", "remove my number, thanks", "Lose my number",
			"Schreiben Sie mir bitte nicht mehr", "Schreiben Sie mir nicht mehr", "schreibt mir nie wieder", "Lassen Sie mich in Ruhe!", "Lass mich in Ruhe",
			"Ich möchte keine Nachrichten mehr erhalten", "Ich moechte keine SMS mehr", "Bitte keine Werbung mehr", "Löschen Sie meine Nummer",
			"Ich möchte mich abmelden", "Hören Sie auf, mir zu schreiben", "Ich widerrufe meine Einwilligung",
			"Ne m'écrivez plus", "m'envoyez plus de messages", "Laissez-moi tranquille", "Non, laissez-moi tranquille SVP", "Arrêtez de m'écrire",
			"je ne veux plus recevoir vos messages", "Je veux plus de SMS", "Retirez-moi de votre liste s'il vous plaît", "plus aucun message",
			"je veux arrêter de recevoir vos messages",
			"No me escriban más", "¡No me manden más mensajes!", "No quiero recibir más mensajes", "Déjenme en paz", "dejad de escribirme",
			"quiero darme de baja", "Por favor, bórrenme de su lista", "basta ya de publicidad", "Ni un mensaje más",
		}},
		"no alone is an opt-out where no survey is open": {closed, reply.OptOut, []string{
			"NO", "No.", "no grazie", "No, grazie mille", "No thanks", "Nein", "nein danke", "Non merci", "no gracias", "no no",
		}},
		"no alone answers an open survey": {open, reply.Answer, []string{"NO", "No grazie", "Nein danke", "non merci", "no thanks"}},
		"a keyword inside a sentence is for a person to read": {either, reply.Unclear, []string{
			"Basta che mi chiamate domani", "non cancellarmi", "Non cancellatemi per favore", "don't stop", "Please don’t cancel",
			"cancella il mio ordine 1001", "posso annullare l'ordine?", "If I say stop will you stop?", "Ich möchte mich abmelden von allem",
			"quiero cancelar mi pedido", "shopping non stop", "stop start", "no start", "questo è spam",
			"Non scrivetemi più di due volte al mese", "Non scrivetemi se non avete sconti", "My husband says leave me alone when I shop",
			"don't text me at night", "Don't leave me alone", "non lasciatemi in pace", "Vi prego non scrivetemi più la domenica",
			"Schreiben Sie mir nicht mehr nachts", "Ne m'écrivez plus le dimanche", "no me escriban por la noche",
			"Lasciatemi in pace? Ma se adoro i vostri messaggi", "cancellate i miei dati", "Unsubscribe me from the newsletter but keep the texts",
		}},
		"start and its like are an opt-in":               {either, reply.OptIn, []string{"START", "start!", "Unstop", "Start please", "iscrivimi", "Anmelden", "riattiva grazie"}},
		"yes alone is an opt-in where no survey is open": {closed, reply.OptIn, []string{"YES", "yes please"}},
		"yes alone answers an open survey":               {open, reply.Answer, []string{"YES", "yes please"}},
		"a call for help is one":                         {either, reply.Help, []string{"HELP", "INFO", "Aiuto", "hilfe bitte", "Aide", "ayuda por favor", "chi siete?"}},
		"anything else answers an open survey": {open, reply.Answer, []string{
			"1", "B", "Sì", "si grazie", "👍", "Troppo caro", "the weekend", "alto e basso", "grazie", "non stopover", "7/10", "nonstop",
		}},
		"anything else is just text where no survey is open": {closed, reply.Other, []string{
			"1", "Sì", "👍", "Troppo caro", "quando riaprite?", "at the end of the month", "grazie", "yes and no", "\xff\xfe", "fine",
		}},
		"an empty reply says nothing": {either, reply.Other, []string{"", "   ", "\n\t", "\u200b"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, body := range c.says {
				if c.when != closed {
					if got := reply.Classify(body, true); got != c.want {
						t.Errorf("Classify(%q, survey open) = %v, want %v", body, got, c.want)
					}
				}
				if c.when != open {
					if got := reply.Classify(body, false); got != c.want {
						t.Errorf("Classify(%q, no survey) = %v, want %v", body, got, c.want)
					}
				}
			}
		})
	}
}

func TestAHugeReplyIsReadInBounds(t *testing.T) {
	if got := reply.Classify(strings.Repeat("a ", 1<<20)+"stop", false); got != reply.Other {
		t.Errorf("got %v, want other: nobody reads a megabyte", got)
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"STOP", "Basta, grazie", "no", "", "\xff", "S.T.O.P", "don't stop", "👍"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, body string, open bool) {
		k := reply.Classify(body, open)
		if k > reply.Unclear || k.String() == "" {
			t.Fatalf("kind %d", k)
		}
		if k == reply.Answer && !open {
			t.Fatal("an answer without a survey")
		}
		if again := reply.Classify(strings.ToUpper(body)+"!", open); k == reply.OptOut && isASCII(body) && again != reply.OptOut {
			t.Fatalf("%q is an opt-out, in capitals it is %v", body, again)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}
