import { readFileSync } from 'fs';
import { join } from 'path';
import { ACQUIRE_REASONS, FRAME_DROPS, HEARTBEAT_DROPS } from '../../src/lan';
import { ControllerMetrics, SpeakerMetrics } from '../../src/observability';

const TEXT = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');

/** First cells of the rows below a heading, up to the next one. */
function namesUnder(heading: RegExp): string[] {
  const section = TEXT.split(/^#+ /m).find((each) => heading.test(each))!;
  return section.split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => [...line.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

/** `name [labels] type`, of the metrics of a role that are not the process's. */
async function measured(metrics: SpeakerMetrics | ControllerMetrics): Promise<string[]> {
  const text = await metrics.text();
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`).filter((line) => /^(metallb|hlb)_/.test(line));
}

/** The same, as the tables say. */
const told = TEXT.split('\n').filter((line) => /^\| `(metallb|hlb)_/.test(line)).flatMap((line) => {
  const [, names, , type] = line.split('|').map((cell) => cell.trim());
  return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name} ${type}`);
});

test('every metric is explained, with its type, and nothing else is', async () => {
  const all = new Set([...await measured(new SpeakerMetrics()), ...await measured(new ControllerMetrics())]);
  expect([...told].sort()).toEqual([...all].sort());
});

test.each([
  ['a frame was not answered', FRAME_DROPS],
  ['a heartbeat was not accepted', HEARTBEAT_DROPS],
  ['an address was taken', ACQUIRE_REASONS],
])('why %s: every reason is explained, and no other', (heading, reasons) => {
  expect(namesUnder(new RegExp(heading)).sort()).toEqual([...reasons].sort());
});
