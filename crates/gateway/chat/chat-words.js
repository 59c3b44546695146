// Every word of the page, once for each language.

/** @typedef {keyof typeof en} Word */

const en = {
  chatWith: 'Chat with {shop}',
  chat: 'Chat',
  title: 'How can we help?',
  lead: 'Write to us. An answer appears here, also if you come back later.',
  name: 'Your name',
  email: 'E-mail',
  emailHint: 'So that we find your order and can answer if you leave.',
  message: 'Message',
  begin: 'Start the chat',
  send: 'Send',
  keys: 'Enter sends, Shift and Enter makes a new line.',
  again: 'Start a new conversation',
  close: 'Close the chat',
  log: 'Conversation',
  you: 'You',
  sending: 'sending',
  waiting: 'not sent yet, retrying',
  refused: 'not sent',
  sent: 'sent',
  seen: 'seen',
  edit: 'Change the text',
  retry: 'Send again',
  typing: '{from} is writing …',
  offline: 'No connection. What you write is kept here and goes out as soon as there is one.',
  unkept: 'Your browser does not let this page keep anything. After a reload this conversation is gone.',
  left: '{count} characters left',
  over: 'Too long: shorten it by {count} characters.',
  nameEmpty: 'Enter your name.',
  emailEmpty: 'Enter your e-mail address.',
  emailWrong: 'This is not an e-mail address. It looks like ana@example.com.',
  textEmpty: 'Write a message first.',
  lineLong: 'Too long: at most {count} characters.',
  endedTitle: 'This conversation cannot be opened here any more',
  endedText: 'It is safe with us, but this browser may no longer read it. You can start a new one. What you have typed and not sent is kept.',
  confirmTitle: 'Start a new conversation?',
  confirmText: 'This browser forgets the conversation you see. We keep it, and answer by e-mail if something is open.',
  confirmKeep: 'Keep this one',
  newTab: '(opens in a new tab)',
  problemInvalid: 'The shop could not read this. Change the text and send it again.',
  problemLarge: 'This is too long. Shorten it and send it again.',
  problemConflict: 'The shop already has another message under this number. Send it again.',
  problemForbidden: 'The shop does not take messages here at the moment. Please write an e-mail.',
  problemOther: 'The shop did not take this. Send it again, or write an e-mail if it keeps happening.',
};

/** @type {Record<Word, string>} */
const de = {
  chatWith: 'Chat mit {shop}',
  chat: 'Chat',
  title: 'Wie können wir helfen?',
  lead: 'Schreiben Sie uns. Die Antwort erscheint hier, auch wenn Sie später wiederkommen.',
  name: 'Ihr Name',
  email: 'E-Mail',
  emailHint: 'Damit finden wir Ihre Bestellung und können antworten, wenn Sie gehen.',
  message: 'Nachricht',
  begin: 'Chat beginnen',
  send: 'Senden',
  keys: 'Eingabe sendet, Umschalt und Eingabe beginnt eine neue Zeile.',
  again: 'Neue Unterhaltung beginnen',
  close: 'Chat schließen',
  log: 'Unterhaltung',
  you: 'Sie',
  sending: 'wird gesendet',
  waiting: 'noch nicht gesendet, neuer Versuch läuft',
  refused: 'nicht gesendet',
  sent: 'gesendet',
  seen: 'gesehen',
  edit: 'Text ändern',
  retry: 'Noch einmal senden',
  typing: '{from} schreibt …',
  offline: 'Keine Verbindung. Was Sie schreiben, bleibt hier und geht hinaus, sobald es wieder geht.',
  unkept: 'Ihr Browser lässt diese Seite nichts speichern. Nach dem Neuladen ist diese Unterhaltung weg.',
  left: 'noch {count} Zeichen',
  over: 'Zu lang: bitte um {count} Zeichen kürzen.',
  nameEmpty: 'Bitte geben Sie Ihren Namen ein.',
  emailEmpty: 'Bitte geben Sie Ihre E-Mail-Adresse ein.',
  emailWrong: 'Das ist keine E-Mail-Adresse. Sie sieht aus wie ana@example.com.',
  textEmpty: 'Bitte schreiben Sie zuerst eine Nachricht.',
  lineLong: 'Zu lang: höchstens {count} Zeichen.',
  endedTitle: 'Diese Unterhaltung lässt sich hier nicht mehr öffnen',
  endedText: 'Bei uns ist sie sicher, aber dieser Browser darf sie nicht mehr lesen. Sie können eine neue beginnen. Was Sie geschrieben und nicht gesendet haben, bleibt erhalten.',
  confirmTitle: 'Neue Unterhaltung beginnen?',
  confirmText: 'Dieser Browser vergisst die Unterhaltung, die Sie sehen. Wir behalten sie und antworten per E-Mail, falls etwas offen ist.',
  confirmKeep: 'Diese behalten',
  newTab: '(öffnet einen neuen Tab)',
  problemInvalid: 'Der Shop konnte das nicht lesen. Ändern Sie den Text und senden Sie ihn noch einmal.',
  problemLarge: 'Das ist zu lang. Kürzen Sie es und senden Sie es noch einmal.',
  problemConflict: 'Der Shop hat unter dieser Nummer schon eine andere Nachricht. Senden Sie sie noch einmal.',
  problemForbidden: 'Der Shop nimmt hier gerade keine Nachrichten an. Bitte schreiben Sie eine E-Mail.',
  problemOther: 'Der Shop hat das nicht angenommen. Senden Sie es noch einmal, oder schreiben Sie eine E-Mail, wenn es so bleibt.',
};

/** @type {Record<Word, string>} */
const fr = {
  chatWith: 'Discussion avec {shop}',
  chat: 'Discussion',
  title: 'Comment pouvons-nous vous aider ?',
  lead: 'Écrivez-nous. La réponse s’affiche ici, même si vous revenez plus tard.',
  name: 'Votre nom',
  email: 'E-mail',
  emailHint: 'Pour retrouver votre commande et vous répondre si vous partez.',
  message: 'Message',
  begin: 'Commencer la discussion',
  send: 'Envoyer',
  keys: 'Entrée envoie, Maj et Entrée passe à la ligne.',
  again: 'Nouvelle conversation',
  close: 'Fermer la discussion',
  log: 'Conversation',
  you: 'Vous',
  sending: 'envoi en cours',
  waiting: 'pas encore envoyé, nouvel essai en cours',
  refused: 'non envoyé',
  sent: 'envoyé',
  seen: 'vu',
  edit: 'Modifier le texte',
  retry: 'Envoyer à nouveau',
  typing: '{from} écrit …',
  offline: 'Pas de connexion. Ce que vous écrivez est gardé ici et partira dès que possible.',
  unkept: 'Votre navigateur ne laisse rien garder à cette page. Après un rechargement, cette conversation sera perdue.',
  left: 'encore {count} caractères',
  over: 'Trop long : raccourcissez de {count} caractères.',
  nameEmpty: 'Indiquez votre nom.',
  emailEmpty: 'Indiquez votre adresse e-mail.',
  emailWrong: 'Ce n’est pas une adresse e-mail. Elle ressemble à ana@example.com.',
  textEmpty: 'Écrivez d’abord un message.',
  lineLong: 'Trop long : {count} caractères au plus.',
  endedTitle: 'Cette conversation ne peut plus être ouverte ici',
  endedText: 'Elle est en sécurité chez nous, mais ce navigateur ne peut plus la lire. Vous pouvez en commencer une nouvelle. Ce que vous avez écrit sans l’envoyer est gardé.',
  confirmTitle: 'Commencer une nouvelle conversation ?',
  confirmText: 'Ce navigateur oubliera la conversation affichée. Nous la gardons et répondons par e-mail si quelque chose reste ouvert.',
  confirmKeep: 'Garder celle-ci',
  newTab: '(s’ouvre dans un nouvel onglet)',
  problemInvalid: 'La boutique n’a pas pu lire ce message. Modifiez le texte et renvoyez-le.',
  problemLarge: 'C’est trop long. Raccourcissez et renvoyez.',
  problemConflict: 'La boutique a déjà un autre message sous ce numéro. Renvoyez-le.',
  problemForbidden: 'La boutique ne prend pas de messages ici en ce moment. Écrivez un e-mail.',
  problemOther: 'La boutique n’a pas accepté ce message. Renvoyez-le, ou écrivez un e-mail si cela continue.',
};

/** @type {Record<string, Record<Word, string>>} */
export const languages = { en, de, fr };

/**
 * The first language of the visitor that the page speaks; English when there is none.
 *
 * @param {readonly string[]} wanted BCP 47, best first
 * @returns {'en' | 'de' | 'fr'}
 */
export function pick(wanted) {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'de' || language === 'fr') return language;
  }
  return 'en';
}

/**
 * A way to say things in one language.
 *
 * @param {string} language
 * @returns {(word: Word, values?: Record<string, string | number>) => string}
 */
export function speaker(language) {
  const words = languages[language] ?? en;
  return (word, values = {}) =>
    words[word].replace(/\{(\w+)\}/g, (hole, key) => String(values[key] ?? hole));
}
