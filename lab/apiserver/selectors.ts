import { ApiObject, badRequest } from './objects';

/** Whether an object is chosen. */
export type Predicate = (object: ApiObject) => boolean;

const REQUIREMENT = /^\s*(!?)\s*([A-Za-z0-9./_-]+)\s*(?:(==?|!=)\s*([A-Za-z0-9._-]*)|\s(in|notin)\s*\(([^)]*)\))?\s*$/;

/** `a=b,c!=d,e in (f,g),h,!i`. @throws ApiError 400 */
export function labelSelector(text: string | null): Predicate {
  const requirements = (text ?? '').split(/,(?![^(]*\))/).filter((part) => part.trim() !== '').map((part) => {
    const match = REQUIREMENT.exec(part);
    if (!match || (match[1] === '!' && (match[3] || match[5]))) throw badRequest(`unable to parse requirement: ${JSON.stringify(part)}`);
    const [, not, key, operator, value, setOperator, values] = match;
    return requirement(key, not === '!', operator, value, setOperator, values);
  });
  return (object) => requirements.every((holds) => holds(object.metadata.labels ?? {}));
}

function requirement(key: string, not: boolean, operator?: string, value = '', setOperator?: string, values = ''): (labels: Record<string, string>) => boolean {
  const set = values.split(',').map((item) => item.trim());
  if (operator === '!=') return (labels) => labels[key] !== value;
  if (operator) return (labels) => labels[key] === value;
  if (setOperator === 'in') return (labels) => key in labels && set.includes(labels[key]);
  if (setOperator === 'notin') return (labels) => !(key in labels && set.includes(labels[key]));
  return (labels) => key in labels !== not;
}

/** Fields that the real server can select by, beside name and namespace, with the resource that has them. */
const SELECTABLE: Record<string, readonly string[]> = {
  events: ['involvedObject.kind', 'involvedObject.name', 'involvedObject.namespace', 'involvedObject.uid', 'reason', 'type'],
  namespaces: ['status.phase'],
  pods: ['spec.nodeName', 'status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
};

/** `metadata.name=web,metadata.namespace!=home`. @throws ApiError 400 for a field that cannot be selected by */
export function fieldSelector(text: string | null, plural: string): Predicate {
  const requirements = (text ?? '').split(',').filter((part) => part.trim() !== '').map((part) => {
    const match = /^\s*([^=!]+?)\s*(==?|!=)\s*(.*?)\s*$/.exec(part);
    if (!match) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
    const [, field, operator, value] = match;
    if (!['metadata.name', 'metadata.namespace', ...SELECTABLE[plural] ?? []].includes(field)) throw badRequest(`field label not supported: ${field}`);
    const path = field.split('.');
    return { path, value, equal: operator !== '!=' };
  });
  return (object) => requirements.every(({ path, value, equal }) => (String(valueAt(object, path)) === value) === equal);
}

function valueAt(object: ApiObject, path: readonly string[]): unknown {
  let value: unknown = object;
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  return value ?? '';
}
