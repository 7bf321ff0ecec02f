import type { Alertmanager } from '../alertmanager.ts';
import { SilenceError, type SilenceMatcher } from '../alerts/silences.ts';
import { ApiError, openApiError, required } from './api-error.ts';
import { bodyError, FieldReader } from './body.ts';
import { jsonKind } from './json.ts';

/** Creates or changes a silence; answers its ID. */
export function postSilence(manager: Alertmanager, body: unknown): { silenceID: string } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    if (body === null) throw required('comment');
    throw bodyError(
      'silence',
      `json: cannot unmarshal ${jsonKind(body)} into Go value of type struct { ID string "json:\\"id,omitempty\\"" }`,
    );
  }
  const outer = new FieldReader(body as Record<string, unknown>, 'silence', '');
  const fields = new FieldReader(body as Record<string, unknown>, 'silence', 'Silence');
  const id = outer.string('id') ?? '';
  const comment = fields.string('comment');
  const createdBy = fields.string('createdBy');
  const endsAtGiven = given(fields, 'endsAt');
  const endsAt = fields.time('endsAt');
  const matchers = decodeMatchers(fields.get('matchers'));
  const startsAtGiven = given(fields, 'startsAt');
  const startsAt = fields.time('startsAt');
  if (comment === undefined) throw required('comment');
  if (createdBy === undefined) throw required('createdBy');
  if (!endsAtGiven) throw required('endsAt');
  if (matchers === undefined) throw required('matchers');
  if (matchers.length === 0) throw openApiError(612, 'matchers in body should have at least 1 items');
  matchers.forEach((matcher, index) => {
    for (const name of ['isRegex', 'name', 'value'] as const)
      if (matcher[name] === undefined) throw required(`matchers.${index}.${name}`);
  });
  if (!startsAtGiven) throw required('startsAt');

  const now = manager.clock.now();
  if (startsAt >= endsAt)
    throw new ApiError(400, 'Failed to create silence: start time must be before end time');
  if (endsAt < now) throw new ApiError(400, "Failed to create silence: end time can't be in the past");
  try {
    const silenceID = manager.silences.set({
      id,
      comment,
      createdBy,
      startsAt,
      endsAt,
      matchers: matchers as SilenceMatcher[],
    });
    return { silenceID };
  } catch (error) {
    if (error instanceof SilenceError) throw new ApiError(error.notFound ? 404 : 400, error.message);
    throw error;
  }
}

const given = (fields: FieldReader, name: string) => {
  const value = fields.get(name);
  return value !== undefined && value !== null;
};

function decodeMatchers(value: unknown): Partial<SilenceMatcher>[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value))
    throw bodyError(
      'silence',
      `json: cannot unmarshal ${jsonKind(value)} into Go struct field Silence.matchers of type models.Matchers`,
    );
  return value.map((item: unknown, index) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      throw bodyError(
        'silence',
        `json: cannot unmarshal ${jsonKind(item)} into Silence.matchers.${index} of type models.Matcher`,
      );
    const fields = new FieldReader(item as Record<string, unknown>, 'silence', `Silence.matchers.${index}`);
    return {
      name: fields.string('name'),
      value: fields.string('value'),
      isRegex: fields.boolean('isRegex'),
      isEqual: fields.boolean('isEqual') ?? true,
    };
  });
}
