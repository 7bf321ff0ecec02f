import { describe, expect, it } from 'vitest';
import { typed } from './functions.ts';
import { parseTemplate } from './index.ts';

class Pairs extends Map<string, string> {
  SortedNames() {
    return [...this.keys()].sort();
  }
}
class Alert {
  Status = 'firing';
  Labels = new Pairs([
    ['b', '2'],
    ['a', '1'],
  ]);
  Greet(name: string) {
    return `hello ${name}`;
  }
}
const functions = {
  toUpper: typed(['string'], (text: string) => text.toUpperCase()),
  join: typed(['string', 'any'], (separator: string, items: string[]) => items.join(separator)),
  boom: () => {
    throw new Error('no luck');
  },
};
const run = (text: string, data: unknown = {}, missingKey: 'default' | 'zero' | 'error' = 'default') =>
  parseTemplate(text, { name: 't', functions, missingKey }).execute(data);
const failure = (text: string, data: unknown = {}): string => {
  try {
    run(text, data);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

describe('Go templates', () => {
  it.each<[string, unknown, string]>([
    ['plain', {}, 'plain'],
    ['{{.a}}', { a: 'x' }, 'x'],
    ['{{.a.b.c}}', { a: { b: { c: 'deep' } } }, 'deep'],
    ['{{.missing}}', {}, '<no value>'],
    ['a  {{- /* comment */ -}}  b', {}, 'ab'],
    ['a {{- "x" -}} b', {}, 'axb'],
    ['{{"a\\tb\\u00e9"}}{{`raw\\n`}}', {}, 'a\tbéraw\\n'],
    ['{{if .a}}yes{{else if .b}}maybe{{else}}no{{end}}', { a: '', b: 1n }, 'maybe'],
    ['{{with .a}}{{.}}{{else}}none{{end}}', { a: [] }, 'none'],
    ['{{with .a}}{{.}}{{else with .b}}b={{.}}{{end}}', { b: 'x' }, 'b=x'],
    ['{{range $i, $v := .items}}{{$i}}={{$v}};{{end}}', { items: ['a', 'b'] }, '0=a;1=b;'],
    ['{{range $k, $v := .}}{{$k}}={{$v}};{{end}}', { z: 1n, a: 2n }, 'a=2;z=1;'],
    ['{{range .items}}x{{else}}empty{{end}}', { items: [] }, 'empty'],
    ['{{range 3}}{{.}}{{end}}', {}, '012'],
    [
      '{{range .}}{{if eq . "b"}}{{continue}}{{end}}{{if eq . "d"}}{{break}}{{end}}{{.}}{{end}}',
      ['a', 'b', 'c', 'd'],
      'ac',
    ],
    ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', {}, '2'],
    ['{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', {}, '21'],
    ['{{define "a"}}<{{.}}>{{end}}{{template "a" .v}}', { v: 'in' }, '<in>'],
    ['{{block "b" .}}default{{end}}', {}, 'default'],
    ['{{define "loop"}}{{range .}}{{$.x}}{{end}}{{end}}{{template "loop" .}}', { x: 'q' }, 'q'],
    ['{{"abc" | toUpper | printf "%s-%s" "x"}}', {}, 'x-ABC'],
    [
      '{{printf "%5d|%-5s|%05.1f|%q|%x|%t|%v" 42 "ab" 3.14159 "q\\"" 255 true .}}',
      {},
      '   42|ab   |003.1|"q\\""|ff|true|map[]',
    ],
    [
      '{{printf "%d" "x"}} {{printf "%s"}} {{printf "a" 1}}',
      {},
      '%!d(string=x) %!s(MISSING) a%!(EXTRA int=1)',
    ],
    ['{{print 1 2 "a" "b" 3}}', {}, '1 2a b3'.replace('a b', 'ab')],
    ['{{println "a" 1}}', {}, 'a 1\n'],
    ['{{len "héllo"}} {{len .}}', { a: 1, b: 2 }, '6 2'],
    ['{{index .m "a"}} {{index .l 1}}', { m: { a: 'A' }, l: ['x', 'y'] }, 'A y'],
    ['{{slice "abcdef" 1 3}}', {}, 'bc'],
    ['{{and 1 0}} {{or 0 "x"}} {{not true}}', {}, '0 x false'],
    ['{{and false (index .l 9)}}', { l: [] }, 'false'],
    ['{{eq 1 2 1}} {{ne "a" "b"}} {{lt 1 2}} {{ge 2.5 2.5}}', {}, 'true true true true'],
    [
      '{{html "<a href=\'x\'>&"}} {{js "it\'s <b>"}} {{urlquery "a b&c"}}',
      {},
      "&lt;a href=&#39;x&#39;&gt;&amp; it\\'s \\u003Cb\\u003E a+b%26c",
    ],
    [
      '{{.Status}} {{.Labels.a}} {{.Labels.SortedNames | join ","}} {{.Greet "you"}}',
      new Alert(),
      'firing 1 a,b hello you',
    ],
    [
      '{{.}} {{1000000.0}} {{123456.0}} {{0.00001}} {{1e300}}',
      [1n, 'a', 0.5],
      '[1 a 0.5] 1e+06 123456 1e-05 1e+300',
    ],
    ['{{ (index .l 0).name }}', { l: [{ name: 'n' }] }, 'n'],
    ["{{'a'}}", {}, '97'],
  ])('%s', (text, data, expected) => {
    expect(run(text, data)).toBe(expected);
  });

  it.each<[string, string]>([
    ['{{', 'template: t:1: unclosed action'],
    ['{{.a', 'template: t:1: unclosed action'],
    ['\n{{if .a}}x', 'template: t:2: unexpected EOF'],
    ['{{end}}', 'template: t:1: unexpected {{end}}'],
    ['{{nope}}', 'template: t:1: function "nope" not defined'],
    ['{{$x}}', 'template: t:1: undefined variable "$x"'],
    ['{{.a}', "template: t:1: bad character U+007D '}'"],
    ['{{if}}x{{end}}', 'template: t:1: missing value for if'],
    ['{{"a" | 1}}', 'template: t:1: non executable command in pipeline stage 2'],
    ['{{(.a}}', 'template: t:1: unclosed left paren'],
    ['{{range .}}{{end}}{{break}}', 'template: t:1: {{break}} outside {{range}}'],
    ['{{template "x"}}', 'template: t:1:11: executing "t" at <{{template "x"}}>: template "x" not defined'],
    ['{{boom}}', 'template: t:1:2: executing "t" at <boom>: error calling boom: no luck'],
    ['{{"x".y}}', 'template: t:1: unexpected . after term "\\"x\\""'],
    ['{{toUpper 1}}', 'template: t:1:10: executing "t" at <1>: expected string; found 1'],
    [
      '{{toUpper}}',
      'template: t:1:2: executing "t" at <toUpper>: wrong number of args for toUpper: want 1 got 0',
    ],
    [
      '{{toUpper .n}}',
      'template: t:1:10: executing "t" at <.n>: wrong type for value; expected string; got int',
    ],
    [
      '{{eq 1 "a"}}',
      'template: t:1:2: executing "t" at <eq 1 "a">: error calling eq: incompatible types for comparison: int and string',
    ],
    [
      '{{index .l 5}}',
      'template: t:1:2: executing "t" at <index .l 5>: error calling index: index out of range: 5',
    ],
    ['{{.n.x}}', 'template: t:1:4: executing "t" at <.n.x>: can\'t evaluate field x in type int'],
  ])('%s is refused in the words of Go', (text, message) => {
    expect(failure(text, { n: 1n, l: [] })).toBe(message);
  });

  it('names the type and field that a struct does not have', () => {
    expect(failure('{{.Nope}}', new Alert())).toContain("can't evaluate field Nope in type *Alert");
  });

  it('never reaches the prototype of what it is given', () => {
    expect(run('{{.constructor}}{{.__proto__}}{{.toString}}', {})).toBe('<no value><no value><no value>');
    expect(failure('{{.constructor}}', new Alert())).toContain("can't evaluate field constructor");
  });

  it('gives the empty string or an error for a missing key when asked to', () => {
    expect(run('[{{.x}}]', {}, 'zero')).toBe('[]');
    expect(() => run('[{{.x}}]', {}, 'error')).toThrow('map has no entry for key "x"');
  });

  it('lets a text call, and replace, the templates of its base', () => {
    const base = parseTemplate('{{define "a"}}A{{end}}{{define "b"}}[{{template "a"}}]{{end}}', {
      name: 'base',
    });
    expect(parseTemplate('{{template "b"}}', { name: '', base }).execute({})).toBe('[A]');
    expect(parseTemplate('{{define "a"}}Z{{end}}{{template "b"}}', { name: '', base }).execute({})).toBe(
      '[Z]',
    );
  });

  it('stops a template that calls itself, loops too long, writes too much or nests too deep', () => {
    expect(() => run('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}')).toThrow(
      'exceeded maximum template depth',
    );
    expect(() => run('{{range 100000000}}{{end}}')).toThrow('execution exceeds 1000000 steps');
    expect(() => run('{{range 900000}}xxxxxxxxxxxxxxxxxxxx{{end}}')).toThrow('output exceeds');
    expect(() => run(`{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`)).toThrow('max expression depth exceeded');
  });

  it('escapes for the place in the HTML', () => {
    const text = '<a href="{{.u}}" title="{{.t}}">{{.t}}</a><!-- gone --><script>var x = {{.t}};</script>';
    const out = parseTemplate(text, { name: 't' }).execute(
      { u: 'javascript:alert(1)', t: `"<b>'` },
      { escape: 'html' },
    );
    expect(out).toBe(
      `<a href="#ZgotmplZ" title="&#34;&lt;b&gt;&#39;">&#34;&lt;b&gt;&#39;</a><script>var x = "\\"\\u003Cb\\u003E\\'";</script>`,
    );
  });
});
