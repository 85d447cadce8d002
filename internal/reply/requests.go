package reply

import "strings"

// requests are whole messages that ask for no more SMS without a keyword, one
// form a line: {a|b} is one of these, [a] may be left out. They are in lower
// case without diacritics and without courtesy words, which may stand anywhere
// in such a message. Inside any other sentence they make the reply Unclear.
var requests = []struct{ language, forms string }{
	{"Italian", `
{non|nn} {scrivetemi|scrivermi|scrivete|scrivere|contattatemi|contattarmi|contattate|contattare|disturbatemi|disturbarmi|disturbate|disturbare} [piu|mai piu]
{non|nn} mi {scrivete|scriva|scrivi|scrivere|contattate|contatti|contattare|disturbate|disturbi|disturbare} [piu|mai piu]
{non|nn} {mandatemi|mandarmi|mandate|mandare|inviatemi|inviarmi|inviate|inviare} [piu|mai piu] [niente|nulla|messaggi|altri messaggi|questi messaggi|sms|altri sms|pubblicita|offerte|promozioni]
{non|nn} mi {mandate|mandi|mandare|inviate|invii|inviare} [piu|mai piu] [niente|nulla|messaggi|altri messaggi|questi messaggi|sms|altri sms|pubblicita|offerte|promozioni]
{non|nn} {voglio|vorrei|desidero|intendo} [piu] {ricevere|avere} [piu] [niente|nulla|messaggi|altri messaggi|questi messaggi|vostri messaggi|i vostri messaggi|sms|altri sms|vostri sms|i vostri sms|pubblicita|offerte|promozioni|comunicazioni]
{non|nn} {voglio|vorrei|desidero} [piu] essere [piu] {contattato|contattata|disturbato|disturbata}
{non|nn} voglio piu {messaggi|sms|i vostri messaggi|i vostri sms|pubblicita|niente da voi|sentirvi}
{non|niente|mai} piu {messaggi|sms|pubblicita}
niente {messaggi|pubblicita} [piu]
{lasciatemi|lasciami} {in pace|stare}
{smettetela|smettila|smettete|finitela|piantatela} di {scrivermi|scrivere|contattarmi|disturbarmi|mandarmi messaggi|mandare messaggi|inviarmi messaggi|inviare messaggi|mandarmi sms|mandare sms|inviarmi sms}
basta {scrivermi|scrivere|con i messaggi|con questi messaggi|con gli sms|con questi sms|con la pubblicita|questi messaggi|questi sms|disturbarmi}
{toglietemi|togliermi|toglimi|levatemi|levarmi|rimuovetemi|rimuovermi|rimuovimi|cancellatemi|cancellarmi|cancellami|eliminatemi|eliminarmi|eliminami} {dalla lista|dalla vostra lista|dalle liste|dalle vostre liste|dall elenco|dalla rubrica|dai contatti|dai vostri contatti|dal database|dal vostro database|dalla mailing list|dal servizio}
{togliete|cancellate|eliminate|rimuovete} il mio {numero|contatto|nominativo} [dalla lista|dalla vostra lista|dall elenco|dalla rubrica|dal database|dal vostro database]
{voglio|vorrei|desidero} {cancellarmi|disiscrivermi|essere cancellato|essere cancellata|essere rimosso|essere rimossa}
{revoco|ritiro|revoca} [il] [mio] consenso
`},
	{"English", `
{dont|don t|do not|never} {text|message|msg|contact|write|write to|bother|disturb} me [again|any more|anymore|ever again|any longer]
{dont|don t|do not|never} send me [any|any more|more|your|these] {texts|messages|text messages|sms|marketing} [again|any more|anymore]
{dont|don t|do not} send [any|any more|more] {texts|messages|text messages|sms} [any more|anymore|to me]
{stop|quit} {texting|messaging|msging|contacting|writing|writing to|bothering|spamming|harassing} me
{stop|quit} sending [me] [these|your|any more|more] {texts|messages|text messages|sms}
stop {texts|the texts|the messages|these texts|these messages|your texts|your messages|all texts|with the texts|with the messages|all messages}
leave me alone
{no|not any} more {texts|text messages|marketing}
{take|get} me off [of] {your|the|this} [mailing|marketing|contact|text|sms] list
{remove|delete|unsubscribe} me from {your|the|this} [mailing|marketing|contact|text|sms] list
{remove|delete|lose|take off} my number [from your list|from the list|from your system]
take my number off [your list|the list]
i {want|d like|would like|wish} to {unsubscribe|opt out|be removed|be unsubscribed|stop receiving messages|stop receiving texts}
i {dont|don t|do not} want {any|any more|more|your|these} {texts|messages|text messages|sms} [any more|anymore]
i {dont|don t|do not} want to {receive|get} [any|any more|more|your|these] {texts|messages|text messages|sms} [any more|anymore]
i no longer {want|wish} {to be contacted|to receive messages|to receive texts|to get messages|to get texts|your messages|your texts}
i {withdraw|revoke} my consent
`},
	{"German", `
{schreib|schreibt|schreiben sie|texte|textet} mir {nicht|nicht mehr|nie wieder|nie mehr}
{kontaktiere|kontaktiert|kontaktieren sie|storen sie|stoert|storen|belastigen sie} mich {nicht|nicht mehr|nie wieder}
{schick|schickt|schicken sie|sende|sendet|senden sie} mir {nichts mehr|keine nachrichten|keine nachrichten mehr|keine sms|keine sms mehr|keine werbung|keine werbung mehr}
nicht mehr {schreiben|anschreiben|kontaktieren|melden}
nie wieder {schreiben|anschreiben|kontaktieren|sms|eine sms}
keine {nachrichten|weiteren nachrichten|werbung|weiteren sms|weitere werbung} [mehr] [schicken|senden]
{lass|lasst|lassen sie} mich in {ruhe|frieden}
{hor|hoer|hort|hoert|horen sie|hoeren sie} auf mir {zu schreiben|nachrichten zu schicken|nachrichten zu senden|sms zu schicken}
ich {mochte|moechte|will|wunsche|wuensche} keine {nachrichten|weiteren nachrichten|sms|weiteren sms|werbung} [mehr] [erhalten|bekommen|empfangen]
ich {mochte|moechte|will} nichts mehr {von ihnen horen|von euch horen|von ihnen erhalten|bekommen|erhalten}
ich {mochte|moechte|will} nicht mehr {kontaktiert werden|angeschrieben werden|belastigt werden}
ich {mochte|moechte|will} mich [von der liste] {abmelden|austragen}
{nehmen sie|nehmt|nimm|streichen sie|streicht|entfernen sie|entfernt} mich {aus|von} {der|ihrer|eurer|dieser} {liste|kartei|datenbank}
{loschen sie|loescht|loeschen sie|loscht|entfernen sie} meine nummer [aus ihrer liste|aus der liste]
meine nummer {loschen|loeschen}
ich widerrufe [meine einwilligung|die einwilligung|meine zustimmung]
`},
	{"French", `
[ne] {m ecrivez|m ecris|m ecrire|me contactez|me contacte|me contacter|me derangez|me derange|me deranger|me texte|me textez} {plus|plus jamais|pas}
[ne] {m envoyez|m envoie|m envoyer} {plus|plus jamais|pas} [rien|de messages|de message|de sms|de textos|de pub|de publicite|vos messages|ces messages]
[n] envoyez plus {rien|de messages|de message|de sms|de pub|de publicite}
ne m en {envoyez|renvoyez} plus
{plus de|plus aucun} {message|messages|textos|pub|publicite}
pas de {pub|publicite}
[non] {laissez|laisse|foutez|fichez} moi {tranquille|en paix|la paix}
{arretez|arrete|arreter|cessez} de {m ecrire|me contacter|me deranger|me harceler|m envoyer des messages|m envoyer des sms|m envoyer vos messages|m envoyer de la pub}
{arretez|arrete|arreter|cessez} {les|vos|ces|tous ces|les envois de} {messages|sms|textos|pubs}
stop aux {messages|sms|textos|pubs}
{arretez|arrete|arreter|cessez} {vos envois|les envois|tout envoi}
je {ne veux|veux|ne souhaite|souhaite} plus {recevoir de messages|recevoir vos messages|recevoir ces messages|recevoir de sms|recevoir vos sms|recevoir de pub|rien recevoir|etre contacte|etre contactee|etre derange|etre derangee|de messages|de sms|de vos messages|de pub}
je {veux|voudrais|souhaite} {me desabonner|me desinscrire|etre desabonne|etre desabonnee|etre desinscrit|etre desinscrite|arreter de recevoir vos messages|arreter de recevoir ces messages}
{retirez|enlevez|supprimez|effacez} moi de {la|votre|cette} liste
{retirez|enlevez|supprimez|effacez} mon numero [de la liste|de votre liste|de vos listes]
je {retire|revoque} mon consentement
`},
	{"Spanish", `
no me {escriban|escriba|escribas|escribais|contacten|contacte|contactes|contacteis|molesten|moleste|molestes|molesteis} [mas|nunca mas]
no me {manden|mande|mandes|mandeis|envien|envie|envies|envieis} [mas] [nada|mensajes|sms|publicidad|ofertas|estos mensajes] [mas]
no {quiero|deseo} [recibir] {mas|mas mensajes|mensajes|mas sms|sms|sus mensajes|vuestros mensajes|tus mensajes|estos mensajes|mas publicidad|publicidad|nada mas}
no {quiero|deseo} que me {escriban|escribais|contacten|contacteis|molesten|molesteis} [mas]
no {envien|manden|envieis|mandeis} mas {mensajes|sms|publicidad}
{dejen|deje|deja|dejad|paren|parad} de {escribirme|molestarme|contactarme|enviarme mensajes|mandarme mensajes|enviarme sms|mandarme sms|enviarme publicidad|escribir|molestar}
{dejadme|dejame|dejenme|deje me} {en paz|tranquilo|tranquila}
basta de {mensajes|sms|publicidad}
{ni un|ningun} {mensaje|sms} mas
{quiero|quisiera|deseo|solicito} {darme de baja|la baja|cancelar la suscripcion|borrarme|que me borren|que me den de baja}
{denme|dadme|deme|dame} de baja
{borrenme|borradme|eliminenme|eliminadme|quitenme|quitadme|saquenme|sacadme} de {la|su|esta|vuestra|tu} {lista|base de datos}
{borren|borrad|eliminen|eliminad|quiten|quitad} mi {numero|telefono} [de la lista|de su lista|de vuestra lista]
{retiro|revoco} mi consentimiento
`},
}

// wholes maps every request in all its forms; it is looked up in by replies
// that no keyword explains, and never changes. longestWhole counts words.
var wholes, longestWhole = allForms()

func allForms() (map[string]bool, int) {
	all, longest := map[string]bool{}, 0
	for _, r := range requests {
		for line := range strings.Lines(r.forms) {
			for _, text := range expand(line) {
				if ws := strings.Fields(text); len(ws) > 0 {
					all[join(ws)] = true
					longest = max(longest, len(ws))
				}
			}
		}
	}
	return all, longest
}

// expand spells out all texts of a form. Groups do not nest.
func expand(form string) []string {
	open := strings.IndexAny(form, "{[")
	if open < 0 {
		return []string{form}
	}
	end := open + strings.IndexAny(form[open:], "}]")
	choices := strings.Split(form[open+1:end], "|")
	if form[open] == '[' {
		choices = append(choices, "")
	}
	var all []string
	rest := expand(form[end+1:])
	for _, c := range choices {
		for _, r := range rest {
			all = append(all, form[:open]+c+r)
		}
	}
	return all
}
