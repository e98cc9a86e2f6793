/** CEL, as far as the embedded API server evaluates it. */
import { failure, Fixture } from './support';
import { compile } from '../../../lab/apiserver/cel';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../src/kube';

const self = { name: 'web', port: 80, list: ['a', 'b'], nested: { on: true }, wait: '1m30s' };

describe('a rule', () => {
  test.each<[string, boolean]>([
    ['self.port == 80', true],
    ['self.port != 80 || self.name == "web"', true],
    ['self.port > 80 ? false : self.nested.on', true],
    ['has(self.name) && !has(self.missing)', true],
    ['has(self.nested.on) && !has(self.nested.off)', true],
    ['!has(self.list) || size(self.list) == 0', false],
    ['self.list.size() == 2 && size(self.name) == 3', true],
    ['"b" in self.list && !("c" in self.list)', true],
    ['self.list.all(x, size(x) == 1) && self.list.exists(x, x == "b")', true],
    ['self.list[0] == \'a\'', true],
    ['self.name.matches("^w.b$") && self.name.startsWith("w") && self.name.endsWith("b") && self.name.contains("e")', true],
    ['duration(self.wait) == duration("90s") && duration(self.wait).getSeconds() == 90', true],
    ['duration("1500ms").getMilliseconds() % 1000 == 0', false],
    ['duration("1s") <= duration("65535s") && duration("-1s") < duration("0s")', true],
    ['1 + 2 * 3 - 4 / 2 == 5', true],
    ['(1 + 2) * 3 == 9', true],
    ['-self.port < 0', true],
    ['self.list == ["a", "b"]', true],
    ['oldSelf.port == self.port', false],
    ['self.missing == 1 || true', true],
    ['false && self.missing == 1', false],
  ])('%s is %s', (rule, expected) => {
    expect(compile(rule)({ self, oldSelf: { port: 1 } })).toBe(expected);
  });

  test.each<[string, RegExp]>([
    ['self.missing == 1', /no such key: missing/], ['other', /undeclared reference to 'other'/],
    ['self.name && true', /expected true or false/], ['duration("soon") > duration("1s")', /invalid duration "soon"/],
  ])('%s fails when it is evaluated', (rule, expected) => {
    expect(() => compile(rule)({ self })).toThrow(expected);
  });

  test.each([
    'isURL(self.name)', 'self.name.format()', 'self.list.map(x, x)', 'self.a ==', '(self.a', 'self.a @ 1', 'self.list.filter(x, true)', 'has(self', 'self..a',
  ])('%s, which is outside the supported part, is refused when it is compiled', (rule) => {
    expect(() => compile(rule)).toThrow(/^CEL: /);
  });
});

test('a definition with a rule that cannot be evaluated is refused', async () => {
  const fixture = await Fixture.start();
  const validations = [{ rule: 'isURL(self)' }];
  const spec = {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { 'type': 'string', 'x-kubernetes-validations': validations } } }],
  };
  const error = await failure(fixture.client().create(CUSTOM_RESOURCE_DEFINITIONS, { metadata: { name: 'things.example.org' }, spec }));
  expect(error).toMatchObject({ code: 'Rejected', message: expect.stringContaining('the function isURL is not supported, in rule "isURL(self)"') });
  await fixture.close();
});
