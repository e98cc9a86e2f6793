/** How the tests of the CRDs look at schemas. */

/* eslint-disable @typescript-eslint/no-explicit-any -- schemas are JSON */
export type Schema = any;

/**
 * A schema without its descriptions, in short: `type min..max = default: rules`, lists as `[item]` or `[list type, item]`, maps as `{value}`,
 * objects as objects, with `!` after the names of required fields. Refuses a keyword that it cannot show, so that nothing goes unseen.
 */
export function shape(schema: Schema): unknown {
  const {
    description, type, format, minimum, maximum, minLength, maxLength, pattern, default: preset, enum: values, items, properties, required = [],
    additionalProperties, 'x-kubernetes-validations': rules = [], 'x-kubernetes-map-type': mapType, 'x-kubernetes-list-type': listType,
    'x-kubernetes-list-map-keys': keys, ...unknown
  } = schema;
  expect(unknown).toEqual({});
  const messages = rules.map((rule: any) => rule.message);
  if (type === 'array') {
    const kind = listType === 'map' ? `by ${keys}` : listType;
    return kind ? [kind, shape(items)] : [shape(items)];
  }
  if (properties) {
    return {
      ...(messages.length && { '(rules)': messages }),
      ...(mapType && { [`(${mapType})`]: true }),
      ...Object.fromEntries(Object.keys(properties).map((name) => [name + (required.includes(name) ? '!' : ''), shape(properties[name])])),
    };
  }
  if (type === 'object') {
    return additionalProperties ? `{${shape(additionalProperties)}}` : '{}';
  }
  const low = minimum ?? minLength, high = maximum ?? maxLength;
  return [
    values?.join(' | ') ?? format ?? type,
    low === undefined && high === undefined ? '' : ` ${low ?? ''}..${high ?? ''}`,
    pattern ? ` /${pattern}/` : '',
    preset === undefined ? '' : ` = ${preset}`,
    messages.length ? `: ${messages.join('; ')}` : '',
  ].join('');
}

/** Every schema inside a schema, with where it is. */
export function* walk(schema: Schema, at: string): Generator<[string, Schema]> {
  yield [at, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    yield* walk(property, `${at}.${name}`);
  }
  if (schema.items) {
    yield* walk(schema.items, `${at}[]`);
  }
}
