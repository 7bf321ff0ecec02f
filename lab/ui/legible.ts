/** Characters that a terminal obeys or hides: control characters, line ends, and those that turn the direction. */
const invisible = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const longestWord = 200;
const longestText = 2_000;

/**
 * Text from outside as it may stand in a message of one line: nothing in it can move the cursor, forge another line or
 * hide, and what is too long to be read is cut in the middle, with a word on how much is left out.
 */
export function legible(text: string): string {
  const words = text.replace(/\S{201,}/g, (word) => shorten(word, longestWord));
  const cut = words.length > longestText ? shorten(words, longestText) : words;
  return cut.replace(invisible, (character) =>
    JSON.stringify(character).slice(1, -1).replace(/^.$/s, escapeCode),
  );
}

/** For those that JSON leaves as they are. */
function escapeCode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function shorten(text: string, length: number): string {
  const tail = Math.floor(length / 5);
  const head = length - tail;
  return `${text.slice(0, head)}…(${text.length - length} more characters)…${text.slice(-tail)}`;
}
