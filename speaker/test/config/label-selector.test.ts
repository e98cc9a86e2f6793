import { LabelSelector, readLabelSelector } from '../../src/config';

function compile(raw: unknown): LabelSelector {
  const result = readLabelSelector(raw);
  if ('faults' in result) throw new Error(result.faults.map(({ message }) => message).join());
  return result.selector;
}

describe('a label selector matches', () => {
  const expression = (key: string, operator: string, values?: string[]) => ({ matchExpressions: [{ key, operator, values }] });
  test.each<[object, Record<string, string>, boolean]>([
    [{}, {}, true],
    [{}, { app: 'x' }, true],
    [{ matchLabels: { app: 'x' } }, { app: 'x', tier: 'y' }, true],
    [{ matchLabels: { app: 'x' } }, { app: 'y' }, false],
    [{ matchLabels: { app: 'x' } }, {}, false],
    [{ matchLabels: { app: '' } }, { app: '' }, true],
    [{ matchLabels: { app: 'x', tier: 'y' } }, { app: 'x' }, false],
    [expression('app', 'In', ['x', 'y']), { app: 'y' }, true],
    [expression('app', 'In', ['x', 'y']), { app: 'z' }, false],
    [expression('app', 'In', ['x']), {}, false],
    [expression('app', 'NotIn', ['x']), { app: 'y' }, true],
    [expression('app', 'NotIn', ['x']), { app: 'x' }, false],
    [expression('app', 'NotIn', ['x']), {}, true],
    [expression('app', 'Exists'), { app: '' }, true],
    [expression('app', 'Exists'), {}, false],
    [expression('app', 'DoesNotExist', []), {}, true],
    [expression('app', 'DoesNotExist'), { app: 'x' }, false],
    [{ matchLabels: { a: '1' }, ...expression('b', 'Exists') }, { a: '1', b: '2' }, true],
    [{ matchLabels: { a: '1' }, ...expression('b', 'Exists') }, { a: '1' }, false],
    [{ matchLabels: null, matchExpressions: null }, {}, true],
    // Names that objects of the platform inherit are no labels.
    [expression('constructor', 'Exists'), {}, false],
    [expression('toString', 'DoesNotExist'), {}, true],
  ])('%j on %j: %s', (raw, labels, expected) => {
    expect(compile(raw).matches(labels)).toBe(expected);
  });

  test('and says the same in the same words, whatever the order', () => {
    const a = compile({ matchLabels: { b: '1', a: '2' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['y', 'x'] }, { key: 'd', operator: 'DoesNotExist' }] });
    const b = compile({ matchExpressions: [{ key: 'd', operator: 'DoesNotExist' }, { key: 'c', operator: 'NotIn', values: ['x', 'y'] }], matchLabels: { a: '2', b: '1' } });
    expect(a.text).toBe('!d,a in (2),b in (1),c notin (x,y)');
    expect(b.text).toBe(a.text);
  });
});

describe('a label selector is refused', () => {
  test.each<[unknown, string, string]>([
    [null, '', 'invalid label selector'],
    ['app=x', '', 'invalid label selector "app=x"'],
    [[], '', 'invalid label selector []'],
    [{ matchLabels: [] }, '.matchLabels', 'not an object'],
    [{ matchLabels: { app: 1 } }, '.matchLabels["app"]', 'invalid label value 1'],
    [{ matchLabels: { app: 'not ok' } }, '.matchLabels["app"]', 'invalid label value "not ok"'],
    [{ matchLabels: { app: 'x'.repeat(64) } }, '.matchLabels["app"]', 'invalid label value'],
    [{ matchLabels: { '': 'x' } }, '.matchLabels[""]', 'invalid label key ""'],
    [{ matchLabels: { 'a/b/c': 'x' } }, '.matchLabels["a/b/c"]', 'invalid label key "a/b/c"'],
    [{ matchLabels: { 'Example.com/a': 'x' } }, '.matchLabels["Example.com/a"]', 'invalid label key'],
    [{ matchExpressions: {} }, '.matchExpressions', 'not a list'],
    [{ matchExpressions: ['app'] }, '.matchExpressions[0]', 'no expression'],
    [{ matchExpressions: [{ operator: 'Exists' }] }, '.matchExpressions[0].key', 'invalid label key nothing'],
    [{ matchExpressions: [{ key: 'a' }] }, '.matchExpressions[0].operator', 'nothing is not a valid label selector operator'],
    [{ matchExpressions: [{ key: 'a', operator: 'in', values: ['b'] }] }, '.matchExpressions[0].operator', '"in" is not a valid label selector operator'],
    [{ matchExpressions: [{ key: 'a', operator: 'In' }] }, '.matchExpressions[0].values', "can't be empty"],
    [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] }, '.matchExpressions[0].values', "can't be empty"],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }, '.matchExpressions[0].values', 'must be empty'],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: 'b' }] }, '.matchExpressions[0].values', 'not a list'],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'b'] }] }, '.matchExpressions[0].values[1]', 'duplicate definition of values'],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }, { key: 'a', operator: 'In', values: ['c', 'b'] }] }, '.matchExpressions[1]',
      'duplicate definition of matchExpressions'],
  ])('%j at %s: %s', (raw, path, message) => {
    const result = readLabelSelector(raw);
    expect(result).toMatchObject({ faults: expect.arrayContaining([expect.objectContaining({ path, message: expect.stringContaining(message) })]) });
  });
});
