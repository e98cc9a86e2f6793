import fc from 'fast-check';
import { LineSplitter } from '../../src/kube/lines';

/** The bytes cut at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const points = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return points.slice(1).map((point, index) => bytes.subarray(points[index], point));
}

describe('lines', () => {
  test('come out whole wherever the stream is cut, also inside a character', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).map((value) => JSON.stringify(value)); // JSON escapes newlines, as in a watch
    fc.assert(fc.property(fc.array(text), fc.array(fc.nat()), (lines, places) => {
      const splitter = new LineSplitter();
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      expect(cut(bytes, places).flatMap((chunk) => splitter.push(chunk))).toEqual(lines);
      expect(splitter.pending).toBe(0);
    }));
  });

  test('cut at every single byte', () => {
    const lines = ['{"name":"wäschküche"}', '{"name":"🏠"}', '{}'];
    const splitter = new LineSplitter();
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    expect([...bytes].flatMap((byte) => splitter.push(Buffer.from([byte])))).toEqual(lines);
  });

  test('that have not ended are pending; empty ones are left out', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('a\n\n\nbc'))).toEqual(['a']);
    expect(splitter.pending).toBe(2);
    expect(splitter.push(Buffer.from('d\n'))).toEqual(['bcd']);
  });

  test('do not grow without bound', () => {
    const splitter = new LineSplitter(), megabyte = Buffer.alloc(1024 * 1024, 'x');
    expect(() => { for (;;) splitter.push(megabyte); }).toThrow(expect.objectContaining({ code: 'BadResponse' }));
  });
});
