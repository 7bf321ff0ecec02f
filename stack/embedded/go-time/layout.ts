/** What a layout is made of: Go's reference time, Mon Jan 2 15:04:05 MST 2006, piece by piece. */

export const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

export const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/**
 * The pieces, in the order in which Go looks for them. A fraction of a second ends where the digits end, a short name
 * is none inside of a word ("Month"), and `_2006` is an underscore before the year.
 *
 * Source: `nextStdChunk` in Go's time/format.go.
 */
export const layoutPiece =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|-07:00|-0700|-07|Z07:00|Z0700|Z07|002|01|02|03|04|05|06|15|PM|pm|_2(?!006)|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g;
