import { LabNameInvalid } from '../errors.ts';

const rule = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** The lab's name from `LAB_NAME` (default `default`); it names a folder and, in Docker, a network. */
export function labNameFrom(environment: Readonly<Record<string, string | undefined>>): string {
  const name =
    environment.LAB_NAME === undefined || environment.LAB_NAME === '' ? 'default' : environment.LAB_NAME;
  if (!rule.test(name)) throw new LabNameInvalid(name);
  return name;
}
