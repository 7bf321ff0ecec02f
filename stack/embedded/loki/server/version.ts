/** The Loki whose behaviour this server follows; the suffix says what it is. */
export const version = '3.7.6-embedded';
