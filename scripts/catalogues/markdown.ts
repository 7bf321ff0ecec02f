/** A table; pipes and line breaks within a cell do not end it. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Words as inline code, one after the other; a dash where there are none. */
export function codes(words: readonly string[]): string {
  return words.length === 0 ? '–' : words.map((word) => `\`${word}\``).join(', ');
}

/** A page: its title, the line that says where it comes from, and its parts. */
export function page(title: string, source: string, parts: readonly string[]): string {
  const origin = `<!-- Written by \`npm run catalogues\` from ${source}. Edit that, and write this anew. -->`;
  return `${[`# ${title}`, origin, ...parts].join('\n\n')}\n`;
}
