/**
 * The release whose behaviour this server follows: the one whose image the lab runs. The suffix says honestly what it is.
 */
export const version = '3.14.0-embedded';
