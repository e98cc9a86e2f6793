import { readFileSync } from 'fs';
import { join } from 'path';
import { EVENT_REASONS, lasting, Reason, REASONS, reasonText } from '../../src/allocation';

const docs = readFileSync(join(__dirname, '../../../docs/reasons.md'), 'utf8');
/** What stands in the first column of the tables of a part. */
const listed = (part: string) => [...part.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code]) => code);
const [codes, events] = docs.split('\n## Events\n').map(listed);

test('docs/reasons.md explains each code once, and no other', () => {
  expect(codes.sort()).toEqual(Object.keys(REASONS).sort());
});

test('docs/reasons.md explains each event once, and no other', () => {
  expect(events.sort()).toEqual(Object.keys(EVENT_REASONS).sort());
});

test('codes may be the reason of a condition (metav1.Condition)', () => {
  for (const code of Object.keys(REASONS)) expect(code).toMatch(/^[A-Za-z][A-Za-z0-9]{0,62}$/);
});

const reason: Reason = { code: 'PortConflict', message: 'taken', asked: '10.0.0.1', fix: 'change it' };
test.each<[string, Partial<Reason>, string]>([
  ['nothing about what is free', {}, 'taken; asked for: 10.0.0.1; change it'],
  ['nothing free', { free: [] }, 'taken; asked for: 10.0.0.1; free: nothing; change it'],
  ['something free', { free: ['10.0.0.2', '10.0.0.3'] }, 'taken; asked for: 10.0.0.1; free: 10.0.0.2, 10.0.0.3; change it'],
  ['control characters', { message: 'a\nb\u2028c' }, 'a b c; asked for: 10.0.0.1; change it'],
])('a reason with %s is one line, which lasts whatever is free', (_, more, text) => {
  expect(reasonText({ ...reason, ...more })).toBe(text);
  expect(lasting(text)).toBe(lasting(reasonText({ ...reason, ...more, free: more.free && ['10.9.9.9'] })));
});

test('a reason fits into an event, however long the annotation was that it is about', () => {
  const long = 'x'.repeat(262_144);
  expect(Buffer.byteLength(reasonText({ ...reason, message: long, asked: long, free: [long], fix: long }))).toBeLessThan(950);
});
