import { compileRegexp } from '../../regexp/regexp.ts';
import { sanitizeLabelName } from './line-labels.ts';
import type { StageFunction } from './stage.ts';

/** `| regexp`: each named group becomes a label, empty where it took no part. */
export function regexpParser(pattern: string): StageFunction {
  const regexp = compileRegexp(pattern);
  return (line, labels) => {
    const match = regexp.exec(line);
    if (match === null) return line;
    for (const [group, value] of Object.entries(match.names)) {
      const name = sanitizeLabelName(group);
      labels.extract(labels.nameFor(name), value ?? '');
    }
    return line;
  };
}
