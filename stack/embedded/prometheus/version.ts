/** The release whose behaviour this server follows. The suffix says honestly what it is. */
export const version = '3.5.3-embedded';
