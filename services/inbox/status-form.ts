import { z } from 'zod';
import { publicTextProblem } from '../contract/public-text.ts';
import {
  type ComponentState,
  type ComponentStates,
  componentStates,
  type IncidentState,
  incidentStates,
  publicComponentIds,
  publicComponents,
} from '../contract/status-words.ts';
import { Problem } from '../telemetry/problem.ts';

/** What somebody wrote on the status page. */
export interface StatusForm {
  readonly state: IncidentState;
  readonly message: string;
  readonly components: ComponentStates;
}

/** Fields as a form or a JSON document gives them; what is no text counts as empty. */
const fieldsSchema = z.record(z.string(), z.unknown()).catch({});
const known: ReadonlySet<string> = new Set(['token', 'state', 'message', ...publicComponentIds]);

/** The text of a field; empty where there is none. */
export function fieldOf(body: unknown, name: string): string {
  const value = fieldsSchema.parse(body)[name];
  return typeof value === 'string' ? value : '';
}

/**
 * Reads what was written.
 * @throws Problem 400 of one line: the value, the rule, the remedy.
 */
export function parseStatusForm(body: unknown): StatusForm {
  const foreign = Object.keys(fieldsSchema.parse(body)).find((name) => !known.has(name));
  if (foreign !== undefined)
    refuse(`${shown(foreign)} is no field of the status page: ${[...known].join(', ')}.`);
  const state = oneOf(incidentStates, fieldOf(body, 'state'), 'an update');
  const message = fieldOf(body, 'message').trim();
  const problem = publicTextProblem(message);
  if (problem !== undefined) refuse(`${problem.problem} ${problem.remedy}`);
  const components = Object.fromEntries(
    publicComponentIds.map((id): [string, ComponentState] => [
      id,
      oneOf(componentStates, fieldOf(body, id), publicComponents[id]),
    ]),
  ) as ComponentStates;
  const hurt = publicComponentIds.find((id) => components[id] !== 'operational');
  if (state === 'resolved' && hurt !== undefined) {
    refuse(
      `"resolved" says that all is well, and the state of ${publicComponents[hurt]} is "${components[hurt]}". Make it operational, or choose "monitoring".`,
    );
  }
  return { state, message, components };
}

function oneOf<Word extends string>(words: readonly Word[], given: string, what: string): Word {
  const word = words.find((one) => one === given);
  return word ?? refuse(`${shown(given)} is no state of ${what}. Choose one of: ${words.join(', ')}.`);
}

function refuse(line: string): never {
  throw new Problem(400, 'status-refused', line);
}

/** What was given, without obeying it and not at length. */
const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
