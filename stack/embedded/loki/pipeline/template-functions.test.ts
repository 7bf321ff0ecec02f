import { expect, it } from 'vitest';
import { newStreamLabels } from '../ingest/stream-labels.ts';
import { lineFormat } from './format.ts';
import { LineLabels, noMetadata } from './line-labels.ts';

const stream = newStreamLabels([
  ['name', 'Foo Bar'],
  ['n', '7'],
  ['took', '1.5s'],
  ['size', '2KB'],
  ['url', 'a b&c'],
  ['at', '2026-03-04 05:06:07'],
  ['json', '{"a":[{"b":5}]}'],
]);

it.each([
  ['{{.name | lower}} {{ToUpper .name}} {{.name | title}}', 'foo bar FOO BAR Foo Bar'],
  ['{{.name | trunc 3}} {{.name | trunc -3}} {{substr 1 3 .name}}', 'Foo Bar oo'],
  ['{{.name | replace "o" "0"}} {{Replace .name "o" "0" 1}}', 'F00 Bar F0o Bar'],
  ['{{alignLeft 9 .name}}|{{alignRight 9 .name}}|{{alignLeft 2 .name}}', 'Foo Bar  |  Foo Bar|Fo'],
  ['{{add .n 1 2}} {{sub .n 2}} {{mul .n 3}} {{div .n 2}} {{mod .n 4}}', '10 5 21 3 3'],
  ['{{addf .n 0.5}} {{divf .n 2}} {{round 3.14159 2}} {{ceil 1.2}} {{floor 1.8}}', '7.5 3.5 3.14 2 1'],
  ['{{max 1 .n 3}} {{min 4 .n}} {{int "12"}} {{float64 "1.5"}}', '7 4 12 1.5'],
  ['{{duration .took}} {{bytes .size}}', '1.5 2000'],
  ['{{.url | urlencode}} {{urldecode "a%20b"}} {{b64enc "x"}} {{b64dec "eA=="}}', 'a+b%26c a b eA== x'],
  [
    '{{regexReplaceAll "(o+)" .name "<$1>"}} {{regexReplaceAllLiteral "o+" .name "$1"}} {{count "o" .name}}',
    'F<oo> Bar F$1 Bar 2',
  ],
  [
    '{{if contains "Bar" .name}}yes{{end}} {{hasPrefix "Foo" .name}} {{hasSuffix "x" .name}}',
    'yes true false',
  ],
  ['{{.missing | default "none"}} {{default "none" .n}}', 'none 7'],
  ['{{toDate "2006-01-02 15:04:05" .at | unixEpoch}}', '1772600767'],
  [
    '{{__timestamp__ | date "2006-01-02T15:04:05.000Z07:00"}} {{__timestamp__ | unixEpochNanos}}',
    '2026-01-01T00:00:00.250Z 1767225600250000000',
  ],
  ['{{unixToTime "1767225600000" | date "Jan _2 15:04"}}', 'Jan  1 00:00'],
  ['{{range $i, $x := fromJson .json | len | printf "%d" }}{{end}}', '{{'],
  ['{{__line__ | len}} {{printf "%5.2f|%-4s|%q" 3.14159 "ab" "c"}}', '3  3.14|ab  |"c"'],
])('%s', (template, wanted) => {
  const labels = new LineLabels();
  labels.reset(stream, noMetadata);
  const result = lineFormat(template)('abc', labels, { seconds: 1_767_225_600, nanoseconds: 250_000_000 });
  if (wanted === '{{') expect(labels.error).toBe('TemplateFormatErr');
  else expect(labels.errorDetails || result).toBe(wanted);
});
