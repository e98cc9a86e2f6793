/** Which ways to a peer's kernel are trusted, so that silence on them tells something. */
import { LATE_MS, Path } from '../../src/lan/path';

const MAC = 2;

test.each<[string, (path: Path) => void, boolean]>([
  ['nothing was ever answered', (path) => path.asked(100), false],
  ['all was answered at once', (path) => {
    path.asked(100);
    path.answered(100 + LATE_MS, MAC, false);
  }, true],
  ['one answer was late', (path) => {
    path.asked(100);
    path.answered(101 + LATE_MS, MAC, false);
  }, false],
  ['one was read late, as this node was late itself', (path) => {
    path.asked(100);
    path.answered(101 + LATE_MS, MAC, true);
  }, true],
  ['one question was never answered, though the peer lives', (path) => {
    path.answered(50, MAC, false);
    path.asked(100);
    path.asked(1101);
  }, false],
])('%s', (_, happen, trusted) => {
  const path = new Path(1);
  happen(path);
  expect(path.trusted(1200)).toBe(trusted);
});
