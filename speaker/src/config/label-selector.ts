import { Field, isObject } from './field';
import { printValue } from './problem';

/** Labels of an object, as in `metadata.labels`. */
export type Labels = Readonly<Record<string, string>>;

/** What can be wrong with a label selector, at `path` below it (empty for the selector itself). */
export interface LabelSelectorFault {
  readonly code: 'DuplicateEntry' | 'InvalidLabelSelector';
  readonly path: string;
  readonly value: unknown;
  readonly message: string;
  readonly fix: string;
}

type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: ReadonlySet<string>;
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const LABEL_PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const DNS_SUBDOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const KEY_FIX = 'write a label key, such as app or example.com/app: at most 63 letters, digits, -, _ or . after an optional domain and /';
const VALUE_FIX = 'write a label value: at most 63 letters, digits, -, _ or ., beginning and ending with a letter or digit';

/** A compiled Kubernetes LabelSelector (`matchLabels` and `matchExpressions`, all of which must hold). An empty one matches everything. */
export class LabelSelector {
  /** Canonical text, equal for selectors that say the same in another order: `app in (jellyfin),!debug`. Empty for the one that matches everything. */
  readonly text: string;

  /** @internal use `readLabelSelector` */
  constructor(private readonly requirements: readonly Requirement[]) {
    this.text = requirements.map(requirementText).sort().join(',');
  }

  matches(labels: Labels): boolean {
    return this.requirements.every(({ key, operator, values }) => {
      const present = Object.hasOwn(labels, key);
      switch (operator) {
        case 'In': return present && values.has(labels[key]);
        // As in Kubernetes: an object without the label is "not in" the values.
        case 'NotIn': return !present || !values.has(labels[key]);
        case 'Exists': return present;
        case 'DoesNotExist': return !present;
      }
    });
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In': return `${key} in (${[...values].sort().join(',')})`;
    case 'NotIn': return `${key} notin (${[...values].sort().join(',')})`;
    case 'Exists': return key;
    case 'DoesNotExist': return `!${key}`;
  }
}

/** True when one of the selectors matches, or when there are none: an empty list of selectors restricts nothing. */
export function anyMatches(selectors: readonly LabelSelector[], labels: Labels): boolean {
  return selectors.length === 0 || selectors.some((selector) => selector.matches(labels));
}

/**
 * Compiles untrusted JSON in the shape of a LabelSelector. Never throws.
 * @returns the selector, or everything that is wrong with it by the rules of Kubernetes and, for duplicates, of MetalLB
 */
export function readLabelSelector(raw: unknown): { selector: LabelSelector } | { faults: LabelSelectorFault[] } {
  const faults: LabelSelectorFault[] = [];
  const fault = (path: string, value: unknown, message: string, fix: string) =>
    faults.push({ code: message.startsWith('duplicate') ? 'DuplicateEntry' : 'InvalidLabelSelector', path, value, message, fix });
  if (!isObject(raw)) {
    fault('', raw, `invalid label selector ${printValue(raw)}`, 'make it an object with matchLabels or matchExpressions; {} matches everything');
    return { faults };
  }
  const requirements = [...readMatchLabels(raw.matchLabels, fault), ...readMatchExpressions(raw.matchExpressions, fault)];
  return faults.length > 0 ? { faults } : { selector: new LabelSelector(requirements) };
}

type Fault = (path: string, value: unknown, message: string, fix: string) => void;

function readMatchLabels(raw: unknown, fault: Fault): Requirement[] {
  if (raw === undefined || raw === null) return [];
  if (!isObject(raw)) {
    fault('.matchLabels', raw, `invalid label selector: matchLabels is ${printValue(raw)}, not an object`, 'write matchLabels as key: value lines');
    return [];
  }
  return Object.entries(raw).flatMap(([key, value]): Requirement[] => {
    const path = `.matchLabels[${JSON.stringify(key)}]`;
    checkKey(path, key, fault);
    return checkValue(path, value, fault) ? [{ key, operator: 'In', values: new Set([value]) }] : [];
  });
}

function readMatchExpressions(raw: unknown, fault: Fault): Requirement[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) {
    fault('.matchExpressions', raw, `invalid label selector: matchExpressions is ${printValue(raw)}, not a list`, 'write matchExpressions as a list');
    return [];
  }
  const seen = new Set<string>();
  return raw.flatMap((item: unknown, index): Requirement[] => {
    const path = `.matchExpressions[${index}]`;
    const requirement = readExpression(path, item, fault);
    if (!requirement) return [];
    const text = requirementText(requirement);
    if (seen.has(text)) fault(path, item, 'duplicate definition of matchExpressions', 'remove it; the same expression is in the list already');
    seen.add(text);
    return [requirement];
  });
}

function readExpression(path: string, raw: unknown, fault: Fault): Requirement | undefined {
  if (!isObject(raw)) {
    fault(path, raw, `invalid label selector: ${printValue(raw)} is no expression`, 'make it an object with key, operator and values');
    return undefined;
  }
  const { key, operator } = raw;
  const values = readValues(`${path}.values`, raw.values, fault);
  const keyOk = checkKey(`${path}.key`, key, fault);
  if (typeof operator !== 'string' || !OPERATORS.includes(operator)) {
    fault(`${path}.operator`, operator, `invalid label selector: ${printValue(operator) || 'nothing'} is not a valid label selector operator`,
      `use one of ${OPERATORS.join(', ')}`);
    return undefined;
  }
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.size === 0) {
    fault(`${path}.values`, raw.values, `invalid label selector: values of ${operator} can't be empty`, 'list at least one value, or use Exists or DoesNotExist');
  } else if (!takesValues && values.size > 0) {
    fault(`${path}.values`, raw.values, `invalid label selector: values must be empty for ${operator}`, 'remove the values, or use In or NotIn');
  }
  return keyOk ? { key: key as string, operator: operator as Operator, values } : undefined;
}

function readValues(path: string, raw: unknown, fault: Fault): ReadonlySet<string> {
  const values = new Set<string>();
  if (raw === undefined || raw === null) return values;
  if (!Array.isArray(raw)) {
    fault(path, raw, `invalid label selector: values is ${printValue(raw)}, not a list`, 'write values as a list');
    return values;
  }
  raw.forEach((value: unknown, index) => {
    if (!checkValue(`${path}[${index}]`, value, fault)) return;
    if (values.has(value)) fault(`${path}[${index}]`, value, 'duplicate definition of values', 'remove it; it is in the list already');
    values.add(value);
  });
  return values;
}

function checkKey(path: string, key: unknown, fault: Fault): boolean {
  if (typeof key === 'string') {
    const [prefix, name] = key.includes('/') ? [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)] : [undefined, key];
    if (LABEL_PART.test(name) && (prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix)))) return true;
  }
  fault(path, key, `invalid label selector: invalid label key ${printValue(key) || 'nothing'}`, KEY_FIX);
  return false;
}

function checkValue(path: string, value: unknown, fault: Fault): value is string {
  if (typeof value === 'string' && (value === '' || LABEL_PART.test(value))) return true;
  fault(path, value, `invalid label selector: invalid label value ${printValue(value) || 'nothing'}`, VALUE_FIX);
  return false;
}

/** Compiles a field; what is wrong goes to its report. */
export function labelSelectorOf(field: Field): LabelSelector | undefined {
  const result = readLabelSelector(field.value);
  if ('selector' in result) return result.selector;
  for (const { code, path, value, message, fix } of result.faults) field.report.add(code, field.path + path, value, message, fix);
  return undefined;
}

/** Compiles a list of selectors, in which none may be there twice. */
export function labelSelectorsOf(field: Field, name: string): LabelSelector[] {
  const seen = new Set<string>();
  return field.items().flatMap((item) => {
    const selector = labelSelectorOf(item);
    if (!selector) return [];
    if (seen.has(selector.text)) item.problem('DuplicateEntry', `duplicate definition of ${name}`, 'remove it; a selector that says the same is in the list already');
    seen.add(selector.text);
    return [selector];
  });
}
