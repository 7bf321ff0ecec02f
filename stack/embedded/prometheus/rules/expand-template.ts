import { type GoTemplate, parseTemplate } from '../../go-template/index.ts';
import { type TemplateEnvironment, templateFunctions } from './template-functions.ts';

/** Prometheus defines these variables in front of every template of a rule. */
const prelude =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}';

export interface TemplateData {
  readonly labels: ReadonlyMap<string, string>;
  readonly externalLabels: ReadonlyMap<string, string>;
  readonly externalUrl: string;
  readonly value: number;
}

const nothing: TemplateEnvironment = { query: () => [], externalUrl: 'http://localhost' };

/** What is wrong with a template's text, if anything. */
export function checkTemplate(text: string, alertName: string): string | undefined {
  try {
    compile(text, alertName, nothing);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A template of a rule, ready to be filled for one alert after the other. */
export class RuleTemplate {
  readonly #text: string;
  readonly #template: GoTemplate | undefined;

  constructor(text: string, alertName: string, environment: TemplateEnvironment) {
    this.#text = text;
    // Most labels hold no template at all.
    this.#template = text.includes('{{') ? compile(text, alertName, environment) : undefined;
  }

  /** The filled text; an error becomes the text, as in Prometheus, and does not stop the rule. */
  expand(data: TemplateData): string {
    if (this.#template === undefined) return this.#text;
    try {
      return this.#template.execute({
        Labels: data.labels,
        ExternalLabels: data.externalLabels,
        ExternalURL: data.externalUrl,
        Value: data.value,
      });
    } catch (error) {
      return `<error expanding template: ${(error as Error).message}>`;
    }
  }
}

function compile(text: string, alertName: string, environment: TemplateEnvironment): GoTemplate {
  return parseTemplate(prelude + text, {
    name: `__alert_${alertName}`,
    functions: templateFunctions(environment),
    missingKey: 'zero',
  });
}
