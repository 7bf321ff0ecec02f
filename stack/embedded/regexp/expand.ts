/** Go's regexp Expand: `$name`, `${name}`, `$1`, `$$`; an unknown or unmatched group is the empty string. */
export function expandTemplate(
  template: string,
  groups: readonly (string | undefined)[],
  names: Readonly<Record<string, string | undefined>>,
): string {
  return template.replace(
    /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_, dollar, braced, bare) => {
      if (dollar !== undefined) return '$';
      const name: string = braced ?? bare;
      if (/^\d+$/.test(name)) return groups[Number(name)] ?? '';
      return (Object.hasOwn(names, name) ? names[name] : undefined) ?? '';
    },
  );
}
