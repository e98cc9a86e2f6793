import { isName } from './_names';
import { hasToken, isToken } from './_tokens';
import { show } from './_values';

/** A Kubernetes LabelSelector as it is in a manifest. What a user wrote by hand may be anything. */
export interface SelectorManifest {
  readonly matchLabels?: { readonly [key: string]: string };
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

export type Labels = Readonly<Record<string, string>>;

const WITH_VALUES = ['In', 'NotIn'];
const WITHOUT_VALUES = ['Exists', 'DoesNotExist'];

/** Whether the labels satisfy every line of a selector. One with a token in it may say anything, and so matches. */
export function matches(selector: SelectorManifest, labels: Labels): boolean {
  if (hasToken(selector) || hasToken(labels)) return true;
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
    && (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const present = Object.hasOwn(labels, key);
      switch (operator) {
        case 'In': return present && values.includes(labels[key]);
        case 'NotIn': return !present || !values.includes(labels[key]); // as in Kubernetes: without the label it is "not in" the values
        case 'Exists': return present;
        default: return !present;
      }
    });
}

/** Whether one of the selectors matches, or there are none: an empty list restricts nothing. */
export function anyMatches(selectors: readonly SelectorManifest[], labels: Labels): boolean {
  return selectors.length === 0 || selectors.some((selector) => matches(selector, labels));
}

/** Whether two lists of selectors certainly choose a node in common: one of those that are known, else if that can be said without knowing them. */
export function meet(a: readonly SelectorManifest[], b: readonly SelectorManifest[], nodes?: readonly { readonly labels: Labels }[]): boolean {
  if (nodes) return nodes.some(({ labels }) => anyMatches(a, labels) && anyMatches(b, labels));
  if (a.length === 0 || b.length === 0) return true;
  const texts = a.map(selectorText);
  return b.some((selector) => texts.includes(selectorText(selector)));
}

/** Text for people, equal for selectors that say the same in another order. */
export function selectorText(selector: SelectorManifest): string {
  if (hasToken(selector)) return 'what is known when it is applied';
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const list = [...new Set(values)].sort();
    switch (operator) {
      case 'In': return list.length === 1 ? `${key}=${list[0]}` : `${key} in (${list.join(', ')})`;
      case 'NotIn': return `${key} not in (${list.join(', ')})`;
      case 'Exists': return key;
      default: return `!${key}`;
    }
  });
  return [...labels, ...expressions].sort().join(', ') || 'everything';
}

/** What is wrong with a list of selectors, such as `spec.nodeSelectors`. */
export function selectorsProblems(field: string, list: any): string[] {
  if (list === undefined || list === null || isToken(list)) return [];
  if (!Array.isArray(list)) return [`${field} is ${show(list)}: expected a list of label selectors`];
  const problems = list.flatMap((selector, i) => selectorProblems(`${field}[${i}]`, selector));
  if (problems.length > 0) return problems;
  const seen = new Set<string>();
  return list.flatMap((selector) => {
    const text = selectorText(selector);
    const again = seen.has(text) && !hasToken(selector);
    seen.add(text);
    return again ? [`${field} says '${text}' twice: remove one of them`] : [];
  });
}

/** What is wrong with one selector. */
export function selectorProblems(field: string, selector: any): string[] {
  if (isToken(selector)) return [];
  if (!isObject(selector)) return [`${field} is ${show(selector)}: expected a label selector with matchLabels or matchExpressions`];
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const problems: string[] = [];
  if (isToken(matchLabels)) return problems;
  if (!isObject(matchLabels ?? {})) problems.push(`${field}.matchLabels is ${show(matchLabels)}: expected labels and their values`);
  else for (const [key, value] of Object.entries(matchLabels ?? {})) problems.push(...keyProblems(field, key), ...valueProblems(field, value));
  if (!Array.isArray(matchExpressions ?? []) && !isToken(matchExpressions)) {
    problems.push(`${field}.matchExpressions is ${show(matchExpressions)}: expected a list`);
  } else if (!isToken(matchExpressions)) {
    const texts = new Set<string>();
    for (const expression of matchExpressions ?? []) {
      const own = expressionProblems(field, expression);
      problems.push(...own);
      const text = own.length > 0 || hasToken(expression) ? '' : selectorText({ matchExpressions: [expression] });
      if (text && texts.has(text)) problems.push(`${field} says '${text}' twice: remove one of them`);
      texts.add(text);
    }
  }
  return problems;
}

function expressionProblems(field: string, expression: any): string[] {
  if (isToken(expression)) return [];
  if (!isObject(expression)) return [`${field}: ${show(expression)} is no expression: expected key, operator and values`];
  const { key, operator, values } = expression;
  const problems = keyProblems(field, key);
  if (isToken(operator) || isToken(values)) return problems;
  if (![...WITH_VALUES, ...WITHOUT_VALUES].includes(operator)) {
    return [...problems, `${field}: the operator ${show(operator)} is not valid: expected ${[...WITH_VALUES, ...WITHOUT_VALUES].join(', ')}`];
  }
  const list = values ?? [];
  if (!Array.isArray(list)) return [...problems, `${field}: values ${show(values)} is not valid: expected a list`];
  if (WITH_VALUES.includes(operator) && list.length === 0) problems.push(`${field}: ${operator} needs at least one value: add it, or use Exists or DoesNotExist`);
  if (WITHOUT_VALUES.includes(operator) && list.length > 0) problems.push(`${field}: ${operator} takes no values: remove them, or use In or NotIn`);
  problems.push(...list.flatMap((value) => valueProblems(field, value)));
  const twice = list.find((value, i) => list.indexOf(value) < i && !isToken(value));
  if (twice !== undefined) problems.push(`${field}: ${operator} names the value ${show(twice)} twice: remove one of them`);
  return problems;
}

function keyProblems(field: string, key: any): string[] {
  if (isToken(key) || (typeof key === 'string' && isName('labelKey', key))) return [];
  return [`${field}: ${show(key)} is not the key of a label: expected up to 63 letters, digits, dashes, dots and underscores, such as app or example.com/app`];
}

function valueProblems(field: string, value: any): string[] {
  if (isToken(value) || (typeof value === 'string' && isName('labelValue', value))) return [];
  return [`${field}: ${show(value)} is not the value of a label: expected up to 63 letters, digits, dashes, dots and underscores, or nothing`];
}

function isObject(value: any): value is Record<string, any> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isToken(value);
}
